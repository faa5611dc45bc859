//! Why a use case says no.

use moments_domain::{FieldError, Finding, FindingLevel, MomentError, TaskId};
use moments_store::StoreError;

use crate::library::LibraryProblem;

/// What a caller of a use case must handle. The edge maps each variant to one answer.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Rules broken by the request, all of them (422).
    #[error("请求内容不符合规则")]
    Invalid(Vec<FieldError>),
    /// One of the four exceptions of requirement 4: `WechatAccountNotFound` (404), `MomentSyncCreation` (503), `WechatApi` (422).
    #[error(transparent)]
    Moment(#[from] MomentError),
    /// Findings of which at least one blocks (422).
    #[error("{}", blocked(.0))]
    Blocked(Vec<Finding>),
    /// Not there, or not this user's; the sentence names what (404).
    #[error("{0}不存在")]
    NotFound(&'static str),
    /// These tasks wait for what was to be unbound, and the caller did not say that they may fail (409).
    #[error("还有 {} 个任务未完成，未解绑。请先取消这些任务，或以 waiting=fail 解绑", .0.len())]
    TasksWait(Vec<TaskId>),
    /// The state does not allow it (409).
    #[error("{0}")]
    Conflict(String),
    /// The draft cannot be a Moment (422).
    #[error("该内容不能发布到朋友圈：{0}")]
    Unfit(String),
    /// The content library gives no draft (403, 502 or 503).
    #[error(transparent)]
    Library(#[from] LibraryProblem),
    /// A switched-off feature (409); the sentence says how to switch it on.
    #[error("{0}")]
    SwitchedOff(&'static str),
    /// The database is busy or gone (503).
    #[error("服务暂时不可用，请稍后重试")]
    Unavailable(#[source] StoreError),
    /// A defect of this program (500). Logged where it is answered.
    #[error("服务内部错误")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Doubtful(_) => Self::Unavailable(error),
            other => Self::Internal(Box::new(other)),
        }
    }
}

fn blocked(findings: &[Finding]) -> &'static str {
    let mut blocking = findings.iter().filter(|finding| finding.level == FindingLevel::Blocked);
    if blocking.all(|finding| finding.code.account_status().is_some()) {
        "部分账号当前无法发布，请重新登录或改为定时发布"
    } else {
        "发布前检查未通过，任务未创建"
    }
}
