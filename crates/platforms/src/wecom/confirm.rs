//! Who has confirmed (reference wecom 7.4).

use moments_wecom::{AccessToken, MemberTask, WecomClient};
use moments_wire::CallError;

use crate::Confirmations;

use super::pages;

/// Every member that has the task, and whether it is published.
pub(super) async fn confirmations(
    client: &WecomClient,
    token: &AccessToken,
    moment_id: &str,
) -> Result<Confirmations, CallError> {
    Ok(match member_tasks(client, token, moment_id).await? {
        None => Confirmations::Dispatching,
        Some(tasks) => Confirmations::Listed(
            tasks
                .into_iter()
                .map(|task| (task.userid.clone(), task.is_published()))
                .collect(),
        ),
    })
}

/// All pages of a moment's senders; `None` while the tasks are being handed out.
pub(super) async fn member_tasks(
    client: &WecomClient,
    token: &AccessToken,
    moment_id: &str,
) -> Result<Option<Vec<MemberTask>>, CallError> {
    match pages::all(|cursor| async move { client.get_moment_task(token, moment_id, cursor.as_deref()).await }).await {
        Ok(tasks) => Ok(Some(tasks)),
        Err(error) if is_dispatching(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_dispatching(error: &CallError) -> bool {
    error
        .code()
        .and_then(|code| code.parse().ok())
        .is_some_and(|code: i64| moments_wecom::DISPATCHING.contains(&code))
}
