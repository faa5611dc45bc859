//! What a corp must let an installed app do (reference wecom 3.5).

use moments_domain::AppKind;
use moments_wecom::WecomClient;

use crate::{CallFailure, ChannelAccess};

use super::keeper::TokenKeeper;
use super::suites::configuration;

/// The platform's name for a right, and where an administrator finds it in the console.
const NEEDED: [(&str, &str); 3] = [
    ("externalcontact:moment:post", "客户朋友圈 → 发表到成员客户的朋友圈"),
    ("externalcontact:moment:list", "客户朋友圈 → 获取企业全部的发表记录"),
    ("externalcontact:base:base", "客户基础信息"),
];

/// Refuses an app of a suite that lacks a right, naming what to tick. A self-built app is given its rights elsewhere in the console, where
/// no call can see them.
pub(super) async fn check(
    client: &WecomClient,
    tokens: &TokenKeeper,
    channel: &ChannelAccess,
) -> Result<(), CallFailure> {
    if channel.app == AppKind::SelfBuilt {
        return Ok(());
    }
    let held = tokens
        .with_token(channel, |token| async move { client.get_permissions(&token).await })
        .await?;
    let is_missing = |right: &str| !held.iter().any(|one| one == right);
    let missing: Vec<_> = NEEDED
        .into_iter()
        .filter(|(right, _)| is_missing(right))
        .map(|(right, place)| format!("「{place}」({right})"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(configuration(
        "APP_PERMISSIONS_MISSING",
        &format!(
            "应用缺少权限：{}。请企业管理员在企业微信管理后台的应用详情中勾选并确认；第三方应用新增的权限还需服务商重新上线",
            missing.join("、")
        ),
    ))
}
