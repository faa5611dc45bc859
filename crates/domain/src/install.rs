//! How a provider's app comes to a corp, and what the platform pushes about it (reference wecom 3.2 and 4.7).

use crate::account::named;

/// What became of an installation that was begun here or came from the platform's marketplace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallStatus {
    /// The administrator has not come back yet.
    Waiting,
    /// A channel is bound.
    Done,
    /// It came to nothing; why stands beside it.
    Failed,
    /// Nobody began it here, and the installation's settings name nobody who owns such installs: its permanent code is kept.
    Unclaimed,
    /// The administrator did not come back in time.
    Expired,
}
named!(InstallStatus {
    Waiting = "WAITING",
    Done = "DONE",
    Failed = "FAILED",
    Unclaimed = "UNCLAIMED",
    Expired = "EXPIRED",
});

/// The work that a push asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushKind {
    /// Keep the suite's newest ticket.
    SuiteTicket,
    /// Exchange the code of an install for the permanent code.
    CreateAuth,
    /// The same for a secret that was reset.
    ResetPermanentCode,
    /// Bind the corp with its permanent code: what an exchange leads to.
    Bind,
    /// The corp took the authorisation back.
    CancelAuth,
}
named!(PushKind {
    SuiteTicket = "SUITE_TICKET",
    CreateAuth = "CREATE_AUTH",
    ResetPermanentCode = "RESET_PERMANENT_CODE",
    Bind = "BIND",
    CancelAuth = "CANCEL_AUTH",
});
