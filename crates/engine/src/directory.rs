//! Departments and tags to choose targets by, as the platform tells them, kept for a few minutes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moments_domain::{ChannelId, Timestamp, UserId};
use moments_platforms::Directory;

use crate::app::Engine;
use crate::failure::failure_of_call;
use crate::problem::Problem;

/// How old a directory in memory may be: a form that is opened again and again asks the platform once.
const FRESH: Duration = Duration::from_mins(5);

/// A channel's directory, and when the platform told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryView {
    /// When it was read from the platform, at most a few minutes ago.
    pub read_time: Timestamp,
    /// Departments and tags.
    pub directory: Arc<Directory>,
}

/// Directories read within the last minutes, each with the number of the credential that read it.
#[derive(Debug, Default)]
pub(crate) struct DirectoryCache(Mutex<HashMap<ChannelId, (i64, DirectoryView)>>);

impl DirectoryCache {
    fn get(&self, id: ChannelId, credential_version: i64, now: Timestamp) -> Option<DirectoryView> {
        let directories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, view) = directories.get(&id)?;
        (*version == credential_version && is_fresh(view, now)).then(|| view.clone())
    }

    fn put(&self, id: ChannelId, credential_version: i64, view: &DirectoryView) {
        let mut directories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        directories.retain(|_, (_, kept)| is_fresh(kept, view.read_time));
        directories.insert(id, (credential_version, view.clone()));
    }
}

fn is_fresh(view: &DirectoryView, now: Timestamp) -> bool {
    now.since(view.read_time) < FRESH
}

impl Engine {
    /// Departments and tags behind the user's channel. A platform that does not tell is [`moments_domain::MomentError::WechatApi`], with the reason;
    /// what the refusal says of the credential is heeded, as after any call.
    pub async fn directory(&self, user: UserId, id: ChannelId) -> Result<DirectoryView, Problem> {
        let channel = self.own_channel(user, id).await?;
        let platform = self.platform(channel.kind)?;
        let version = channel.credential_version;
        let _one_at_a_time = self.locks.lock(format!("directory {id}")).await;
        if let Some(view) = self.directories.get(id, version, self.clock.now()) {
            return Ok(view);
        }
        let access = self.access(&channel)?;
        match platform.directory(&access).await {
            Ok(directory) => {
                let view = DirectoryView {
                    read_time: self.clock.now(),
                    directory: Arc::new(directory),
                };
                self.directories.put(id, version, &view);
                Ok(view)
            }
            Err(failure) => {
                self.heed_failure(&access, &failure).await?;
                let failure = failure_of_call(channel.kind, &failure);
                Err(Problem::Moment(moments_domain::MomentError::WechatApi(failure)))
            }
        }
    }
}
