//! Access tokens between processes.

use async_trait::async_trait;
use moments_domain::{ChannelId, Timestamp};
use secrecy::SecretString;

/// A token with its expiry.
#[derive(Clone, Debug)]
pub struct CachedToken {
    /// The token; only ever in memory in the clear.
    pub token: SecretString,
    /// When the platform said that it expires.
    pub expires: Timestamp,
}

/// The shelf cannot be reached. Nothing was changed; the caller may try again.
#[derive(Clone, Debug, thiserror::Error)]
#[error("token shelf: {0}")]
pub struct ShelfError(pub String);

/// Where tokens lie, sealed, for all processes: implemented over the database by the engine.
#[async_trait]
pub trait TokenShelf: Send + Sync {
    /// The token on the shelf, whether still good or not.
    async fn read(&self, channel: ChannelId) -> Result<Option<CachedToken>, ShelfError>;

    /// Takes the right to refresh until `until`; `None` while another process has it. The number fences [`TokenShelf::finish_refresh`].
    async fn begin_refresh(
        &self,
        channel: ChannelId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<i64>, ShelfError>;

    /// Puts a token on the shelf (`None`: the refresh failed) and gives the right back; false when the fence is an old one.
    async fn finish_refresh(
        &self,
        channel: ChannelId,
        fence: i64,
        token: Option<&CachedToken>,
    ) -> Result<bool, ShelfError>;
}

/// Where a suite's ticket and token lie, sealed, for all processes: implemented over the database by the engine. Rights and fences are
/// those of [`TokenShelf`].
#[async_trait]
pub trait SuiteShelf: Send + Sync {
    /// The newest ticket, whatever its age, with when it came; `None` before the first push.
    async fn ticket(&self, suite_id: &str) -> Result<Option<(SecretString, Timestamp)>, ShelfError>;

    /// The token on the shelf, whether still good or not.
    async fn read(&self, suite_id: &str) -> Result<Option<CachedToken>, ShelfError>;

    /// Takes the right to refresh until `until`; `None` while another process has it.
    async fn begin_refresh(&self, suite_id: &str, now: Timestamp, until: Timestamp) -> Result<Option<i64>, ShelfError>;

    /// Puts a token on the shelf (`None`: the refresh failed) and gives the right back; false when the fence is an old one.
    async fn finish_refresh(&self, suite_id: &str, fence: i64, token: Option<&CachedToken>)
    -> Result<bool, ShelfError>;
}
