//! Who may publish through a channel (reference wecom 5).

use futures::{StreamExt as _, TryStreamExt as _, stream};
use moments_domain::{AccountStatus, ErrorClass};
use moments_wecom::{Member, MemberStatus, WecomClient};

use crate::{CallFailure, ChannelAccess, ChannelReport, MemberReport};

use super::keeper::TokenKeeper;

/// Members asked after at the same time: far below the vendor's limits, and a corp of a thousand is done in half a minute.
const AT_ONCE: usize = 8;

/// The standing of each member. One that cannot be asked after fails the whole check: half a list would look like members who left.
pub(super) async fn look_up(
    client: &WecomClient,
    tokens: &TokenKeeper,
    channel: &ChannelAccess,
    userids: Vec<String>,
) -> Result<ChannelReport, CallFailure> {
    let reports = userids.into_iter().map(|userid| one(client, tokens, channel, userid));
    let members = stream::iter(reports).buffered(AT_ONCE).try_collect().await?;
    Ok(ChannelReport { members })
}

async fn one(
    client: &WecomClient,
    tokens: &TokenKeeper,
    channel: &ChannelAccess,
    userid: String,
) -> Result<MemberReport, CallFailure> {
    let name = userid.as_str();
    match tokens
        .with_token(channel, |token| async move { client.user_get(&token, name).await })
        .await
    {
        Ok(member) => Ok(report(userid, &member)),
        Err(CallFailure::Refused(refusal)) => match refusal.class {
            ErrorClass::Target => Ok(unnamed(userid, AccountStatus::Expired)),
            // The app may list the member but not read it; that does not keep the member from publishing.
            ErrorClass::Configuration if tokens.is_working(channel) => Ok(unnamed(userid, AccountStatus::Active)),
            _ => Err(CallFailure::Refused(refusal)),
        },
        Err(failure) => Err(failure),
    }
}

fn report(userid: String, member: &Member) -> MemberReport {
    let status = match member.status() {
        MemberStatus::Activated | MemberStatus::Unknown => AccountStatus::Active,
        MemberStatus::NotActivated => AccountStatus::Offline,
        MemberStatus::Disabled | MemberStatus::Left => AccountStatus::Expired,
    };
    let name = if member.name.is_empty() { &userid } else { &member.name };
    MemberReport {
        display_name: name.clone(),
        departments: member.department.clone(),
        name: userid,
        status,
    }
}

fn unnamed(userid: String, status: AccountStatus) -> MemberReport {
    MemberReport {
        display_name: userid.clone(),
        departments: Vec::new(),
        name: userid,
        status,
    }
}
