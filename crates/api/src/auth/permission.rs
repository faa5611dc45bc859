//! The permissions that this module knows.

/// A permission as a type, so that a handler's signature says what its caller must hold.
pub(crate) trait Permission: Send + Sync + 'static {
    /// The permission as the token has it.
    const NAME: &'static str;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub(crate) enum $name {}

            impl Permission for $name {
                const NAME: &'static str = $text;
            }
        )+

        /// Every permission that a route asks for (requirement 2; `accounts:manage` and `compliance:manage` are ours).
        pub const PERMISSIONS: &[&str] = &[$($text),+];
    };
}

permissions! {
    /// To see one's own accounts (requirement 2.1).
    AccountsView = "workbench:wechat:moments:accounts:view",
    /// To bind, refresh and remove channels.
    AccountsManage = "workbench:wechat:moments:accounts:manage",
    /// To create sync tasks (requirement 2.2).
    SyncCreate = "workbench:wechat:moments:sync:create",
    /// To see one's own tasks (requirement 2.3).
    TaskView = "workbench:wechat:moments:task:view",
    /// To keep the lists that everybody's posts are judged by.
    ComplianceManage = "workbench:wechat:moments:compliance:manage",
    /// To see what was done to one's own things.
    AuditView = "workbench:wechat:moments:audit:view",
    /// To see what was done by everybody.
    AuditAll = "workbench:wechat:moments:audit:all",
}
