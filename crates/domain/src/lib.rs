//! The words and the rules: types, state machines, limits and errors.
//!
//! Nothing here knows HTTP, SQL or the time of day; time comes in as an argument.
//! Start with [`publication`], the life of one platform call.

pub mod account;
pub mod audit;
pub mod backoff;
pub mod cadence;
pub mod clock;
pub mod content;
pub mod error;
pub mod finding;
pub mod fingerprint;
pub mod ids;
pub mod install;
pub mod library;
pub mod limits;
pub mod link;
pub mod login;
pub mod publication;
pub mod request;
pub mod standing;
pub mod status;
pub mod time;
pub mod visibility;

pub use account::{AccountStatus, AccountType, AppKind, ChannelKind};
pub use audit::{AuditAction, AuditActor, AuditEntry, AuditObject, NewAudit};
pub use clock::Clock;
pub use error::{ErrorClass, FailReason, Failure, FieldError, MomentError};
pub use finding::{Finding, FindingCode, FindingLevel, Verdict};
pub use ids::{AccountId, ChannelId, LoginId, PublicationId, TaskId, UserId};
pub use install::{InstallStatus, PushKind};
pub use limits::{LimitChoice, LimitKind, Limits};
pub use link::MomentLink;
pub use login::{DeviceType, LoginStatus};
pub use publication::{Move, Publication, PublicationState, Ready, WaitReason};
pub use standing::{NoticedBy, Standing, StatusCode, StatusReason};
pub use status::{Outcome, ResultStatus, Stage, TaskStatus};
pub use time::Timestamp;
pub use visibility::{Friends, Visibility};
