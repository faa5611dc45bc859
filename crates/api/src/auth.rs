//! Who calls, and what the caller may do (workbench conventions, "Who calls").
//!
//! The workbench's login service issues the tokens; they are only verified here. The algorithm comes from the configured
//! key, never from the token, and `exp` is required.

mod caller;
mod claims;
mod development;
mod jwks;
mod keys;
mod permission;
mod token_cache;
mod verifier;

pub(crate) use caller::{Bearer, Caller};
pub use claims::ClaimNames;
pub use development::development_token;
pub use keys::KeyError;
pub use permission::PERMISSIONS;
pub(crate) use permission::{
    AccountsManage, AccountsView, AuditAll, AuditView, ComplianceManage, SyncCreate, TaskView,
};
pub use verifier::Verifier;

/// Why a token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenProblem {
    /// There is none.
    Missing,
    /// Not a token, a bad signature, another algorithm, or claims that make no sense.
    Invalid,
    /// It was good once.
    Expired,
    /// It cannot be judged: the keys could not be fetched.
    NoKeys,
}
