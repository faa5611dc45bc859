//! Where the tokens of a suite and of its provider come from.

use std::time::Duration;

use async_trait::async_trait;
use moments_domain::{Clock, Timestamp};
use moments_wecom::{IssuedToken, WecomClient};
use moments_wire::CallError;
use secrecy::SecretString;

use crate::wecom::keeper::refresher::{FetchError, Source};
use crate::{CachedToken, CallFailure, ShelfError, SuiteShelf};

use super::{ProviderConfig, SuiteConfig};

/// A ticket's life; three are pushed in that time (reference wecom 3.1).
const TICKET_LIFE: Duration = Duration::from_mins(30);
/// The platform does not know the ticket, or no longer.
const BAD_TICKET: &str = "40085";

pub(super) struct SuiteSource<'a> {
    pub(super) client: &'a WecomClient,
    pub(super) shelf: &'a dyn SuiteShelf,
    pub(super) clock: &'a dyn Clock,
    pub(super) config: &'a SuiteConfig,
}

impl SuiteSource<'_> {
    async fn ticket(&self) -> Result<SecretString, CallFailure> {
        let found = self.shelf.ticket(&self.config.id).await;
        match found.map_err(|error| CallFailure::NotSent(format!("未能读取 suite_ticket：{error}")))? {
            None => Err(waiting("尚未收到 suite_ticket")),
            Some((_, came)) if self.clock.now().since(came) > TICKET_LIFE => {
                Err(waiting("最近收到的 suite_ticket 已过期"))
            }
            Some((ticket, _)) => Ok(ticket),
        }
    }
}

fn waiting(what: &str) -> CallFailure {
    CallFailure::NotSent(format!(
        "{what}：企业微信约每 10 分钟向指令回调推送一次，请确认服务商后台的指令回调 URL 可用，也可在那里手动重推"
    ))
}

#[async_trait]
impl Source for SuiteSource<'_> {
    fn owner(&self) -> String {
        format!("suite {}", self.config.id)
    }

    fn token_name(&self) -> &'static str {
        "suite_access_token"
    }

    async fn read(&self) -> Result<Option<CachedToken>, ShelfError> {
        self.shelf.read(&self.config.id).await
    }

    async fn begin_refresh(&self, now: Timestamp, until: Timestamp) -> Result<Option<i64>, ShelfError> {
        self.shelf.begin_refresh(&self.config.id, now, until).await
    }

    async fn finish_refresh(&self, fence: i64, token: Option<&CachedToken>) -> Result<bool, ShelfError> {
        self.shelf.finish_refresh(&self.config.id, fence, token).await
    }

    async fn fetch(&self) -> Result<IssuedToken, FetchError> {
        let ticket = self.ticket().await.map_err(FetchError::Below)?;
        let SuiteConfig { id, secret } = self.config;
        self.client
            .get_suite_token(id, secret, &ticket)
            .await
            .map_err(|error| match error.code() {
                Some(BAD_TICKET) => FetchError::Below(waiting("企业微信不接受最近收到的 suite_ticket（40085）")),
                _ => FetchError::Asked(error),
            })
    }

    fn rejects_token(&self, code: &str) -> bool {
        matches!(code, "40082" | "42009")
    }

    fn ends_credential(&self, code: &str) -> bool {
        matches!(code, "40001" | "40080" | "40083")
    }
}

/// The provider's token is asked for so seldom, and stays the same while it is valid, that no shelf holds it.
pub(super) struct ProviderSource<'a> {
    pub(super) client: &'a WecomClient,
    pub(super) config: &'a ProviderConfig,
}

#[async_trait]
impl Source for ProviderSource<'_> {
    fn owner(&self) -> String {
        format!("provider {}", self.config.corp_id)
    }

    fn token_name(&self) -> &'static str {
        "provider_access_token"
    }

    async fn read(&self) -> Result<Option<CachedToken>, ShelfError> {
        Ok(None)
    }

    async fn begin_refresh(&self, _: Timestamp, _: Timestamp) -> Result<Option<i64>, ShelfError> {
        Ok(Some(0))
    }

    async fn finish_refresh(&self, _: i64, _: Option<&CachedToken>) -> Result<bool, ShelfError> {
        Ok(true)
    }

    async fn fetch(&self) -> Result<IssuedToken, FetchError> {
        let ProviderConfig { corp_id, secret } = self.config;
        let asked: Result<_, CallError> = self.client.get_provider_token(corp_id, secret).await;
        asked.map_err(FetchError::Asked)
    }

    fn rejects_token(&self, code: &str) -> bool {
        matches!(code, "40014" | "42001")
    }

    fn ends_credential(&self, code: &str) -> bool {
        matches!(code, "40001" | "40013" | "40091")
    }
}
