//! The calls of the self-built-app world, with what their error answers still carry.

use axum::http::Method;

/// One call. The order is that of [`Api::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Gettoken,
    FollowUserList,
    UserGet,
    UserSimplelist,
    DepartmentSimplelist,
    CorpTagList,
    CustomerList,
    AgentGet,
    UploadAttachment,
    MediaGet,
    AddMomentTask,
    MomentTaskResult,
    MomentList,
    MomentTask,
    MomentCustomerList,
    MomentSendResult,
    MomentComments,
    CancelMomentTask,
    MessageSend,
}

/// Path below `/cgi-bin/`, name in counters and faults, whether it is a POST call.
type Row = (Api, &'static str, &'static str, bool);

impl Api {
    pub(crate) const COUNT: usize = 19;

    const ALL: [Row; Self::COUNT] = [
        (Self::Gettoken, "gettoken", "gettoken", false),
        (
            Self::FollowUserList,
            "externalcontact/get_follow_user_list",
            "get_follow_user_list",
            false,
        ),
        (Self::UserGet, "user/get", "user/get", false),
        (Self::UserSimplelist, "user/simplelist", "user/simplelist", false),
        (
            Self::DepartmentSimplelist,
            "department/simplelist",
            "department/simplelist",
            false,
        ),
        (
            Self::CorpTagList,
            "externalcontact/get_corp_tag_list",
            "get_corp_tag_list",
            true,
        ),
        (
            Self::CustomerList,
            "externalcontact/list",
            "externalcontact/list",
            false,
        ),
        (Self::AgentGet, "agent/get", "agent/get", false),
        (
            Self::UploadAttachment,
            "media/upload_attachment",
            "upload_attachment",
            true,
        ),
        (Self::MediaGet, "media/get", "media/get", false),
        (
            Self::AddMomentTask,
            "externalcontact/add_moment_task",
            "add_moment_task",
            true,
        ),
        (
            Self::MomentTaskResult,
            "externalcontact/get_moment_task_result",
            "get_moment_task_result",
            false,
        ),
        (
            Self::MomentList,
            "externalcontact/get_moment_list",
            "get_moment_list",
            true,
        ),
        (
            Self::MomentTask,
            "externalcontact/get_moment_task",
            "get_moment_task",
            true,
        ),
        (
            Self::MomentCustomerList,
            "externalcontact/get_moment_customer_list",
            "get_moment_customer_list",
            true,
        ),
        (
            Self::MomentSendResult,
            "externalcontact/get_moment_send_result",
            "get_moment_send_result",
            true,
        ),
        (
            Self::MomentComments,
            "externalcontact/get_moment_comments",
            "get_moment_comments",
            true,
        ),
        (
            Self::CancelMomentTask,
            "externalcontact/cancel_moment_task",
            "cancel_moment_task",
            true,
        ),
        (Self::MessageSend, "message/send", "message/send", true),
    ];

    /// The call at this path; `None` is answered with an empty 404 (reference wecom 1).
    pub(crate) fn of(path: &str) -> Option<Self> {
        let tail = path.strip_prefix("/cgi-bin/")?;
        Self::ALL.iter().find(|row| row.1 == tail).map(|row| row.0)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL[self as usize].2
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|row| row.2)
    }

    /// Whether a body is expected. A GET on such a call is an error of parameters; a POST on a GET call passes.
    pub(crate) fn wants_post(self) -> bool {
        Self::ALL[self as usize].3
    }

    pub(crate) fn accepts(self, method: &Method) -> bool {
        !self.wants_post() || method == Method::POST
    }

    /// List fields that an error answer still carries, empty (reference wecom 1, "Error bodies").
    pub(crate) fn lists(self) -> &'static [&'static str] {
        match self {
            Self::FollowUserList => &["follow_user"],
            Self::UserGet => &["department"],
            Self::UserSimplelist => &["userlist"],
            Self::DepartmentSimplelist => &["department_id"],
            Self::CorpTagList => &["tag_group"],
            Self::CustomerList => &["external_userid"],
            Self::MomentList => &["moment_list"],
            Self::MomentTask => &["task_list"],
            Self::MomentCustomerList | Self::MomentSendResult => &["customer_list"],
            Self::MomentComments => &["comment_list", "like_list"],
            _ => &[],
        }
    }
}
