//! Who may publish through a channel (reference wecom 5).

use futures::{StreamExt as _, TryStreamExt as _, stream};
use moments_domain::{ErrorClass, Standing, StatusCode};
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

/// Why members are not among those who may use customer contact.
pub(super) async fn look_for(
    client: &WecomClient,
    tokens: &TokenKeeper,
    channel: &ChannelAccess,
    userids: Vec<String>,
) -> Result<Vec<MemberReport>, CallFailure> {
    let reports = userids
        .into_iter()
        .map(|userid| absent(client, tokens, channel, userid));
    stream::iter(reports).buffered(AT_ONCE).try_collect().await
}

async fn one(
    client: &WecomClient,
    tokens: &TokenKeeper,
    channel: &ChannelAccess,
    userid: String,
) -> Result<MemberReport, CallFailure> {
    match ask(client, tokens, channel, &userid).await? {
        Asked::Told(member) => Ok(report(&userid, &member)),
        Asked::Unknown => Ok(unnamed(&userid, Standing::of(StatusCode::MemberNotFound))),
        // The app may list the member but not read it; that does not keep the member from publishing.
        Asked::Hidden => Ok(unnamed(&userid, Standing::Active)),
    }
}

async fn absent(
    client: &WecomClient,
    tokens: &TokenKeeper,
    channel: &ChannelAccess,
    userid: String,
) -> Result<MemberReport, CallFailure> {
    match ask(client, tokens, channel, &userid).await? {
        Asked::Told(member) => {
            let report = report(&userid, &member);
            Ok(match report.standing {
                Standing::Active => MemberReport {
                    standing: Standing::of(StatusCode::NoCustomerContact),
                    ..report
                },
                Standing::Not(_) => report,
            })
        }
        Asked::Unknown | Asked::Hidden => Ok(unnamed(&userid, Standing::of(StatusCode::MemberNotFound))),
    }
}

/// What the platform says of one member.
enum Asked {
    Told(Member),
    /// There is no such member, or not for this app.
    Unknown,
    /// The app may not read the member.
    Hidden,
}

async fn ask(
    client: &WecomClient,
    tokens: &TokenKeeper,
    channel: &ChannelAccess,
    userid: &str,
) -> Result<Asked, CallFailure> {
    let get = |token| async move { client.user_get(&token, userid).await };
    match tokens.with_token(channel, get).await {
        Ok(member) => Ok(Asked::Told(member)),
        Err(CallFailure::Refused(refusal)) => match refusal.class {
            ErrorClass::Target => Ok(Asked::Unknown),
            ErrorClass::Configuration if tokens.is_working(channel) => Ok(Asked::Hidden),
            _ => Err(CallFailure::Refused(refusal)),
        },
        Err(failure) => Err(failure),
    }
}

fn report(userid: &str, member: &Member) -> MemberReport {
    let standing = match member.status() {
        MemberStatus::Activated | MemberStatus::Unknown => Standing::Active,
        MemberStatus::NotActivated => Standing::of(StatusCode::MemberNotActivated),
        MemberStatus::Disabled => Standing::of(StatusCode::MemberDisabled),
        MemberStatus::Left => Standing::of(StatusCode::MemberLeft),
    };
    let name = if member.name.is_empty() { userid } else { &member.name };
    MemberReport {
        name: userid.to_owned(),
        display_name: name.to_owned(),
        standing,
        departments: member.department.clone(),
    }
}

fn unnamed(userid: &str, standing: Standing) -> MemberReport {
    MemberReport {
        name: userid.to_owned(),
        display_name: userid.to_owned(),
        standing,
        departments: Vec::new(),
    }
}
