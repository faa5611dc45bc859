//! A corp gives its authorisation, renews it, or takes it back (reference wecom 3.2 to 3.4).

use moments_domain::{
    AuditAction, AuditActor, AuditObject, ChannelKind, ErrorClass, InstallStatus, NewAudit, PushKind,
};
use moments_platforms::CallFailure;
use moments_store::{CHANNEL_CREDENTIAL, Channel, ClaimedPush, INSTALL_CREDENTIAL, Install, PUSH_BODY, StoreError};
use secrecy::SecretString;
use serde_json::json;

use super::{MOST_TRIES, Setback};
use crate::app::Engine;
use crate::use_cases::STATE_GRACE;

const REVOKED: &str = "企业管理员已取消对本应用的授权，请重新安装应用";

impl Engine {
    /// Exchanges a code for the permanent code, which is kept at once: the code is spent by now.
    pub(super) async fn exchange(&self, claimed: &mut ClaimedPush) -> Result<(), Setback> {
        let provider = self.provider()?;
        if let Some(state) = &claimed.push.state {
            self.store
                .take_install(state, &claimed.push.dedupe, claimed.push.arrived - STATE_GRACE)
                .await?;
        }
        let code = self.secret_of(claimed)?;
        let new = provider
            .calls
            .exchange(&claimed.push.suite_id, &code)
            .await
            .map_err(|failure| setback("换取永久授权码失败", &failure))?;
        let sealed = self.keys.seal(&PUSH_BODY.bound_to(claimed.id), &new.permanent_code);
        claimed.push.body = Some(sealed.map_err(|error| Setback::Never(error.to_string()))?);
        claimed.push.kind = PushKind::Bind;
        claimed.push.corp_id = Some(new.corp_id);
        claimed.push.state = claimed.push.state.take().or(new.state);
        self.store.advance_push(claimed).await?;
        claimed.tries = 1;
        self.bind_corp(claimed).await
    }

    /// Makes a channel of a corp and its permanent code, or renews the channel that the corp has.
    pub(super) async fn bind_corp(&self, claimed: &ClaimedPush) -> Result<(), Setback> {
        let (push, corp_id) = (&claimed.push, claimed.push.corp_id.as_deref().unwrap_or_default());
        let code = self.secret_of(claimed)?;
        let install = self.install_of(claimed).await?;
        let bound = self.store.find_channel_by_handle(ChannelKind::Wecom, corp_id).await?;
        let of_suite = bound.filter(|channel| channel.suite_id.as_deref() == Some(&push.suite_id));
        let owner = install.as_ref().and_then(|install| install.user_id);
        let owner = owner.or(of_suite.as_ref().map(|channel| channel.user_id));
        let Some(user) = owner.or(self.provider()?.marketplace_user) else {
            return self.keep_unclaimed(claimed, corp_id, &code).await;
        };
        let name = install.as_ref().map(|install| install.name.clone()).unwrap_or_default();
        let channel = self
            .bind_app(user, (&push.suite_id, corp_id), name, of_suite, code)
            .await?;
        if let Some(state) = &push.state {
            self.store.finish_install(state, Ok(channel)).await?;
        }
        tracing::info!(channel.id = %channel, suite.id = push.suite_id, "a corp has authorised the app");
        Ok(())
    }

    /// The install that the push has the right to finish.
    async fn install_of(&self, claimed: &ClaimedPush) -> Result<Option<Install>, StoreError> {
        let (Some(state), push) = (&claimed.push.state, &claimed.push) else {
            return Ok(None);
        };
        self.store
            .take_install(state, &push.dedupe, push.arrived - STATE_GRACE)
            .await
    }

    /// Nobody began this install, and no setting names an owner: its permanent code is all that can never be had again.
    async fn keep_unclaimed(&self, claimed: &ClaimedPush, corp_id: &str, code: &SecretString) -> Result<(), Setback> {
        let (push, provider, now) = (&claimed.push, self.provider()?, self.clock.now());
        let Some(suite) = provider.suite(&push.suite_id) else {
            return Err(Setback::Never("the suite is not configured any more".to_owned()));
        };
        let state = push.dedupe.clone();
        if self.store.find_install(&state).await?.is_some() {
            return Ok(());
        }
        let sealed = self.keys.seal(&INSTALL_CREDENTIAL.bound_to(&state), code);
        let install = Install {
            state,
            user_id: None,
            app: suite.app,
            suite_id: suite.id.clone(),
            name: String::new(),
            status: InstallStatus::Unclaimed,
            expires: now,
            channel_id: None,
            message: None,
            corp_id: Some(corp_id.to_owned()),
            credential: Some(sealed.map_err(|error| Setback::Later(error.to_string()))?),
            create_time: now,
        };
        self.store.add_install(&install, None).await?;
        tracing::warn!(
            suite.id = push.suite_id,
            "an install that nobody began here waits for an owner: set wecom.marketplace_user"
        );
        Ok(())
    }

    /// Tells whoever waits for the install that it came to nothing.
    pub(super) async fn fail_install(&self, claimed: &ClaimedPush, why: &str) -> Result<(), StoreError> {
        match self.install_of(claimed).await? {
            Some(install) => self.store.finish_install(&install.state, Err(why)).await,
            None => Ok(()),
        }
    }

    /// Ends the corp's channel, once the platform confirms that the authorisation is gone: an old push that is sent again ends nothing.
    pub(super) async fn cancel_corp(&self, claimed: &ClaimedPush) -> Result<(), Setback> {
        let (push, corp_id) = (&claimed.push, claimed.push.corp_id.as_deref().unwrap_or_default());
        let found = self.store.find_channel_by_handle(ChannelKind::Wecom, corp_id).await?;
        let Some(channel) = found.filter(|channel| channel.suite_id.as_deref() == Some(&push.suite_id)) else {
            return Ok(());
        };
        let access = self.access(&channel)?;
        let calls = &self.provider()?.calls;
        match calls.auth_info(&push.suite_id, corp_id, &access.credential).await {
            Ok(_) => {
                tracing::info!(channel.id = %channel.id, "cancel_auth was pushed, but the authorisation stands");
                return Ok(());
            }
            Err(failure) if !is_verdict(&failure) && claimed.tries < MOST_TRIES => {
                return Err(setback("无法确认授权是否已取消", &failure));
            }
            Err(_) => (),
        }
        self.revoke(&channel).await
    }

    async fn revoke(&self, channel: &Channel) -> Result<(), Setback> {
        let emptied = self
            .keys
            .seal(&CHANNEL_CREDENTIAL.bound_to(channel.id), &SecretString::from(""))
            .map_err(|error| Setback::Later(error.to_string()))?;
        let ended = (AuditObject::Channel, channel.id);
        let entry = NewAudit {
            actor: AuditActor::Platform,
            ..self.entry(
                channel.user_id,
                AuditAction::Revoke,
                ended,
                json!({ "handle": channel.handle }),
            )
        };
        let removal = self.store.revoke_channel(channel, &emptied, REVOKED, &entry).await?;
        self.channels_cache.forget(channel.id);
        let failed = removal.failed_publications;
        tracing::warn!(channel.id = %channel.id, failed, "the corp has taken its authorisation back");
        Ok(())
    }
}

/// Whether the platform has judged the authorisation, rather than been busy or out of reach.
fn is_verdict(failure: &CallFailure) -> bool {
    matches!(failure, CallFailure::Refused(refusal) if !matches!(refusal.class, ErrorClass::BackOff | ErrorClass::Window))
}

/// What a failed call means for the work.
pub(super) fn setback(what: &str, failure: &CallFailure) -> Setback {
    let why = format!("{what}：{failure}");
    if is_verdict(failure) {
        Setback::Never(why)
    } else {
        Setback::Later(why)
    }
}
