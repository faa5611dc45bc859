//! Whether what narrows the audience means something to every account.
//!
//! An account whose platform finds nothing of its own in it would show the post to everybody, so the post is refused as a whole.

use moments_domain::{ChannelId, ChannelKind, Finding, FindingCode, FindingLevel, Visibility};
use moments_store::Account;

use crate::checks::Proposal;

pub(super) fn check(proposal: &Proposal) -> Vec<Finding> {
    let Some(visibility) = &proposal.content.visibility else {
        return Vec::new();
    };
    let of = |kind: &ChannelKind| of_platform(visibility, *kind, &proposal.accounts);
    ChannelKind::ALL.iter().flat_map(of).collect()
}

fn of_platform(visibility: &Visibility, kind: ChannelKind, accounts: &[Account]) -> Vec<Finding> {
    let own = |account: &&Account| account.account_type == kind.account_type();
    let Some(first) = accounts.iter().find(own) else {
        return useless(visibility, kind).into_iter().collect();
    };
    let judge = |account: &Account| {
        if visibility.speaks_of(kind) {
            foreign(visibility, kind, account, first.channel_id)
        } else {
            Some(unrestricted(kind, account))
        }
    };
    accounts.iter().filter(own).filter_map(judge).collect()
}

/// A list that no account heeds: most likely an account was forgotten, or the wrong one chosen.
fn useless(visibility: &Visibility, kind: ChannelKind) -> Option<Finding> {
    let fields = visibility.fields(kind);
    let label = kind.label();
    (!fields.is_empty()).then(|| Finding {
        account_id: None,
        ..finding(
            format!(
                "visibility 里的 {} 只对{label}有效，而所选账号里没有{label}",
                fields.join("、")
            ),
            format!("请去掉该范围，或选择{label}账号"),
        )
    })
}

fn unrestricted(kind: ChannelKind, account: &Account) -> Finding {
    let fields = match kind {
        ChannelKind::Wecom => "customerTags",
        ChannelKind::Gewe => "labels、denyLabels、allow 或 deny",
    };
    let message = format!(
        "账号 {} 属于{}，而 visibility 里没有适用于{}的范围",
        account.account_id,
        kind.label(),
        kind.label()
    );
    Finding {
        account_id: Some(account.account_id.clone()),
        ..finding(message, format!("请填写 {fields}，或将该账号分开发布"))
    }
}

/// The same id of a tag or label means something else, or nothing, behind another channel.
fn foreign(visibility: &Visibility, kind: ChannelKind, account: &Account, channel: ChannelId) -> Option<Finding> {
    if account.channel_id == channel || visibility.listed_ids(kind).is_empty() {
        return None;
    }
    let (what, whose) = match kind {
        ChannelKind::Wecom => ("客户标签", "企业"),
        ChannelKind::Gewe => ("好友标签", "账号"),
    };
    let message = format!(
        "账号 {} 属于另一个{whose}，而{what}只在一个{whose}内有效",
        account.account_id
    );
    Some(Finding {
        account_id: Some(account.account_id.clone()),
        ..finding(message, format!("请按{whose}分开发布"))
    })
}

fn finding(message: String, advice: String) -> Finding {
    Finding {
        level: FindingLevel::Blocked,
        code: FindingCode::VisibilityUnsupported,
        field: "visibility",
        message,
        advice,
        account_id: None,
    }
}
