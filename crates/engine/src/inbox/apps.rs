//! Channels of a provider's apps.

use moments_domain::{AppKind, AuditActor, ChannelId, ChannelKind, NoticedBy, PushKind, UserId};
use moments_platforms::{CallFailure, ChannelReport};
use moments_store::{Channel, INSTALL_CREDENTIAL, NewChannel};
use secrecy::SecretString;

use super::Setback;
use super::auth::setback;
use crate::app::Engine;
use crate::callbacks::{CallbackRefusal, Work};
use crate::failure::failure_of_call;
use crate::problem::Problem;

impl Engine {
    /// Binds a corp with its permanent code. A channel that works keeps its old code until the new one has worked; a new channel is bound even when
    /// the app lacks a right, since its code cannot be had again, and shows what is missing.
    pub(super) async fn bind_app(
        &self,
        user: UserId,
        (suite_id, corp_id): (&str, &str),
        name: String,
        bound: Option<Channel>,
        code: SecretString,
    ) -> Result<ChannelId, Setback> {
        let provider = self.provider()?;
        let app = provider.suite(suite_id).map_or(AppKind::ThirdParty, |suite| suite.app);
        let info = provider
            .calls
            .auth_info(suite_id, corp_id, &code)
            .await
            .map_err(|failure| setback("读取授权信息失败", &failure))?;
        let known = bound.as_ref().map(|channel| channel.name.clone()).unwrap_or_default();
        let names = [name, known, info.corp_name, corp_id.to_owned()];
        let new = NewChannel {
            user_id: user,
            kind: ChannelKind::Wecom,
            app,
            suite_id: Some(suite_id.to_owned()),
            name: names.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
            handle: corp_id.to_owned(),
            agent_id: Some(info.agent_id),
            wxid: None,
            base_url: None,
        };
        let works = bound.is_some_and(|channel| channel.broken_reason.is_none());
        self.bind_or_note(new, code, works).await
    }

    async fn bind_or_note(&self, new: NewChannel, code: SecretString, works: bool) -> Result<ChannelId, Setback> {
        let kind = new.kind;
        let access = self.trial(&new, code).await.map_err(never_on_conflict)?;
        let (report, trouble) = match self.platform(kind)?.check(&access).await {
            Ok(report) => (report, None),
            Err(failure @ CallFailure::Refused(_)) if !works => (ChannelReport { members: Vec::new() }, Some(failure)),
            Err(failure) => return Err(Setback::Later(failure.to_string())),
        };
        let channel = self
            .keep_channel(&access, new, &report, AuditActor::Platform)
            .await
            .map_err(never_on_conflict)?;
        if let Some(failure) = trouble {
            let why = failure_of_call(kind, &failure).message;
            let (version, now) = (access.credential_version, self.clock.now());
            self.store
                .break_channel(channel.id, version, &why, NoticedBy::Bind, now)
                .await?;
            self.channels_cache.forget(channel.id);
        }
        Ok(channel.id)
    }

    /// Lets installs that nobody began here go to whom the settings name by now.
    pub(super) async fn adopt_unclaimed(&self) -> Result<(), CallbackRefusal> {
        let Some(provider) = self
            .provider
            .as_ref()
            .filter(|provider| provider.marketplace_user.is_some())
        else {
            return Ok(());
        };
        for install in self.store.unclaimed_installs().await? {
            let (Some(sealed), Some(corp_id)) = (&install.credential, install.corp_id) else {
                continue;
            };
            let opened = self.keys.open(&INSTALL_CREDENTIAL.bound_to(&install.state), sealed);
            let code = opened.map_err(|error| CallbackRefusal::NotKept(Box::new(error)))?;
            if provider.suite(&install.suite_id).is_some() {
                let mut bind = Work::new(PushKind::Bind, &install.suite_id, install.create_time).with(code);
                bind.corp_id = Some(corp_id);
                bind.state = Some(install.state);
                self.add_work(bind).await?;
            }
        }
        Ok(())
    }
}

fn never_on_conflict(problem: Problem) -> Setback {
    match problem {
        Problem::Conflict(why) => Setback::Never(why),
        other => other.into(),
    }
}
