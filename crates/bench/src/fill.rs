//! Tasks put into the database directly, as the server would put them.

use std::time::Duration;

use anyhow::bail;
use futures::{TryStreamExt as _, stream};
use moments_domain::content::MomentContent;
use moments_domain::fingerprint::fingerprint;
use moments_domain::{AccountId, ChannelId, Timestamp};
use moments_sandbox::SandboxClock;
use moments_store::{Created, NewPublication, NewResult, NewTask, Store};

use crate::installation::USER;
use crate::stand_in::{corpid, userid};

/// Creations under way at once: enough to fill every shared commit.
const AT_ONCE: usize = 512;

/// The stand-in's clock and ours are the same: the machine's, in whole milliseconds.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(SandboxClock::real().now_ms())
}

/// As far ahead as the API allows, less a day: nothing of it is published while the benchmark runs.
pub(crate) fn far() -> Timestamp {
    now() + Duration::from_hours(365 * 24)
}

/// A text of the usual length; `name` and `number` make it unlike all others.
pub(crate) fn text(name: &str, number: usize) -> String {
    format!("{name} {number}：周末到店满 200 减 30，凭此条领小食一份，数量有限，先到先得")
}

/// A task for the first `members` members of one corp.
pub(crate) fn task(text: String, (corp, channel_id): (usize, ChannelId), members: usize, at: Timestamp) -> NewTask {
    let accounts = (0..).zip(0..members).map(|(place, member)| {
        let name = userid(member);
        NewResult {
            place,
            account_id: AccountId::of_member(&corpid(corp), &name),
            account_name: Some(name),
        }
    });
    let content = MomentContent {
        text,
        ..MomentContent::default()
    };
    NewTask {
        request_id: None,
        user_id: USER,
        content_id: None,
        content_version: None,
        fingerprint: fingerprint(&content),
        content,
        scheduled_time: Some(at),
        now: now(),
        publications: vec![NewPublication {
            channel_id,
            accounts: accounts.collect(),
        }],
        judged: moments_store::Judged::default(),
        looks_ahead: false,
        guard: None,
        idempotency: None,
    }
}

/// Stores all of them, many at once.
pub(crate) async fn store_all(store: &Store, tasks: impl Iterator<Item = NewTask>) -> anyhow::Result<()> {
    stream::iter(tasks.map(Ok))
        .try_for_each_concurrent(AT_ONCE, |task| async move {
            match store.create_task(task, |_, _| String::new()).await? {
                Created::Stored(..) => Ok(()),
                other => bail!("a task was not stored: {other:?}"),
            }
        })
        .await
}

/// The corps in turn.
pub(crate) fn turns(channels: &[ChannelId]) -> impl Iterator<Item = (usize, ChannelId)> {
    channels.iter().copied().enumerate().cycle()
}
