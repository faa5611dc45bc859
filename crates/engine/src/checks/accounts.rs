//! Accounts that cannot publish.

use moments_domain::{AccountStatus, Finding, FindingCode, FindingLevel};
use moments_store::Account;

use crate::checks::Proposal;

/// An account that cannot publish is refused when now is wanted. Otherwise it may be back when the time comes.
pub(super) fn check(proposal: &Proposal) -> Vec<Finding> {
    let at_once = proposal.request.scheduled_time.is_none();
    let accounts = proposal.accounts.iter();
    accounts.filter_map(|account| judge(account, at_once)).collect()
}

fn judge(account: &Account, at_once: bool) -> Option<Finding> {
    let code = FindingCode::of_status(account.status)?;
    let (what, todo) = match account.status {
        AccountStatus::Expired => ("授权已失效", "重新授权"),
        AccountStatus::Offline | AccountStatus::Active => ("当前离线", "重新登录"),
    };
    let (level, advice) = if at_once {
        (FindingLevel::Blocked, format!("请{todo}后再发布"))
    } else {
        (FindingLevel::Warning, format!("请在发布时间前{todo}"))
    };
    Some(Finding {
        level,
        code,
        field: "accountIds",
        message: format!("账号 {} {what}", account.account_id),
        advice,
        account_id: Some(account.account_id.clone()),
    })
}
