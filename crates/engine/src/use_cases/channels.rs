//! Binding, checking and removing channels (issue of secrets: they come in once, are sealed, and never go out).

use moments_domain::{
    AppKind, AuditAction, AuditActor, AuditObject, ChannelId, ChannelKind, FieldError, NewAudit, NoticedBy, Timestamp,
    UserId,
};
use moments_platforms::{CallFailure, ChannelAccess, ChannelReport, GatewayLine};
use moments_store::{CHANNEL_CREDENTIAL, Channel, NewChannel, StoreError};
use secrecy::SecretString;
use serde_json::{Value as Json, json};

use crate::app::Engine;
use crate::checkup::{Checkup, reported, tell};
use crate::failure::failure_of_call;
use crate::problem::Problem;

/// A self-built app of a WeCom corp.
#[derive(Clone, Debug)]
pub struct BindWecom {
    /// The corp.
    pub corp_id: String,
    /// The app.
    pub agent_id: i64,
    /// The app's secret.
    pub secret: SecretString,
    /// What its owner calls it.
    pub name: String,
}

/// A device at a personal-account gateway.
#[derive(Clone, Debug)]
pub struct BindGewe {
    /// The device.
    pub app_id: String,
    /// The gateway's token.
    pub token: SecretString,
    /// The gateway's base address; `None`: the installation's.
    pub base_url: Option<String>,
    /// What its owner calls it; `None`: the account's nickname.
    pub name: Option<String>,
}

/// A channel as its owner sees it: without any secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelView {
    /// Its id.
    pub id: ChannelId,
    /// Its platform.
    pub kind: ChannelKind,
    /// Whose app it is; `None` for other platforms.
    pub app: Option<AppKind>,
    /// What its owner calls it.
    pub name: String,
    /// The corpid, or the device's `appId`.
    pub handle: String,
    /// The app (WeCom).
    pub agent_id: Option<i64>,
    /// Why the credential does not work, in Chinese; `None`: it does, as far as anybody knows.
    pub broken_reason: Option<String>,
    /// What keeps posts from going out although no account is at fault, in Chinese; `None`: nothing that is known.
    pub notice: Option<String>,
    /// When the platform was last asked after it.
    pub checked_time: Timestamp,
    /// Creations pause until then, if that is ahead.
    pub pause_until: Option<Timestamp>,
    /// How many accounts it reaches.
    pub accounts: u64,
    /// When it was bound.
    pub create_time: Timestamp,
}

impl Engine {
    /// Checks the app's credential against WeCom, imports the members who may send, and keeps the secret sealed.
    ///
    /// The same corp bound again by its owner gets the new credential.
    pub async fn bind_wecom(&self, user: UserId, bind: BindWecom) -> Result<ChannelView, Problem> {
        let new = NewChannel {
            user_id: user,
            kind: ChannelKind::Wecom,
            app: AppKind::SelfBuilt,
            suite_id: None,
            name: bind.name,
            handle: bind.corp_id,
            agent_id: Some(bind.agent_id),
            wxid: None,
            base_url: None,
        };
        self.bind(new, bind.secret).await
    }

    /// The same for a personal account; only where the installation has switched the gateway on.
    pub async fn bind_gewe(&self, user: UserId, bind: BindGewe) -> Result<ChannelView, Problem> {
        let base_url = gateway_address(bind.base_url)?;
        let new = NewChannel {
            user_id: user,
            kind: ChannelKind::Gewe,
            app: AppKind::SelfBuilt,
            suite_id: None,
            name: bind.name.unwrap_or_default(),
            handle: bind.app_id,
            agent_id: None,
            wxid: None,
            base_url,
        };
        let view = self.bind(new, bind.token).await?;
        let channel = self.own_channel(user, view.id).await?;
        self.order_events_soon(GatewayLine::of(&self.access(&channel)?));
        Ok(view)
    }

    /// The user's channels.
    pub async fn channels(&self, user: UserId) -> Result<Vec<ChannelView>, Problem> {
        let channels = self.store.channels(user).await?;
        let accounts = self.store.accounts(user).await?;
        let now = self.clock.now();
        let count = |id| accounts.iter().filter(|account| account.channel_id == id).count();
        Ok(channels
            .iter()
            .map(|channel| view(channel, count(channel.id), now))
            .collect())
    }

    /// Asks the platform again: whether the credential works, and who may send.
    pub async fn refresh_channel(&self, user: UserId, id: ChannelId) -> Result<ChannelView, Problem> {
        let channel = self.own_channel(user, id).await?;
        let checkup = self.check_up(&channel).await?;
        self.heed(&channel, &checkup, NoticedBy::User).await?;
        match checkup {
            Checkup::Works(_) => {
                let channel = self.own_channel(user, id).await?;
                let accounts = self.store.accounts_of(id).await?.len();
                let detail = json!({ "accounts": accounts });
                let entry = self.entry(user, AuditAction::Refresh, (AuditObject::Channel, id), detail);
                self.store.audit(&entry).await?;
                Ok(view(&channel, accounts, self.clock.now()))
            }
            Checkup::CannotTell(failure) | Checkup::Refused(failure) => Err(refused(channel.kind, &failure)),
        }
    }

    pub(crate) async fn own_channel(&self, user: UserId, id: ChannelId) -> Result<Channel, Problem> {
        let channel = self
            .store
            .find_channel(id)
            .await?
            .filter(|channel| channel.user_id == user);
        channel.ok_or(Problem::NotFound("渠道"))
    }

    async fn bind(&self, new: NewChannel, credential: SecretString) -> Result<ChannelView, Problem> {
        let kind = new.kind;
        let platform = self.platform(kind)?;
        let access = self.trial(&new, credential).await?;
        let report = platform
            .check(&access)
            .await
            .map_err(|failure| refused(kind, &failure))?;
        self.keep_channel(&access, new, &report, AuditActor::User).await
    }

    /// A channel as it would be, to check its credential before anything is stored. [`Problem::Conflict`] when the handle is another's.
    pub(crate) async fn trial(&self, new: &NewChannel, credential: SecretString) -> Result<ChannelAccess, Problem> {
        let bound = self.store.find_channel_by_handle(new.kind, &new.handle).await?;
        if bound
            .as_ref()
            .is_some_and(|channel| channel.user_id != new.user_id || is_another_app(channel, new))
        {
            return Err(already_bound());
        }
        let id = match &bound {
            Some(channel) => channel.id,
            None => self.store.new_channel_id().await?,
        };
        let version = bound.as_ref().map_or(0, |channel| channel.credential_version) + 1;
        Ok(ChannelAccess {
            id,
            kind: new.kind,
            app: new.app,
            handle: new.handle.clone(),
            agent_id: new.agent_id,
            // A known device must still be the same account's.
            wxid: bound.and_then(|channel| channel.wxid),
            base_url: new.base_url.clone(),
            credential,
            credential_version: version,
        })
    }

    /// Stores what [`Self::trial`] tried, with the accounts that the check reported; `actor` is who had it bound.
    pub(crate) async fn keep_channel(
        &self,
        access: &ChannelAccess,
        mut new: NewChannel,
        report: &ChannelReport,
        actor: AuditActor,
    ) -> Result<ChannelView, Problem> {
        let id = access.id;
        complete(&mut new, report);
        let sealed = self
            .keys
            .seal(&CHANNEL_CREDENTIAL.bound_to(id), &access.credential)
            .map_err(|e| Problem::Internal(Box::new(e)))?;
        let now = self.clock.now();
        let accounts = reported(&new.handle, new.kind, report);
        let bound = (AuditObject::Channel, id);
        let entry = NewAudit {
            actor,
            ..self.entry(new.user_id, AuditAction::Bind, bound, bound_as(&new, accounts.len()))
        };
        let put = self.store.put_channel(id, &new, &sealed, &accounts, now, &entry).await;
        tell(&put.map_err(conflict)?);
        self.channels_cache.forget(id);
        let channel = self.own_channel(new.user_id, id).await?;
        let accounts = self.store.accounts_of(id).await?.len();
        Ok(view(&channel, accounts, now))
    }
}

/// A gateway's base address as it is kept; `None`: the installation's.
pub(crate) fn gateway_address(base_url: Option<String>) -> Result<Option<String>, Problem> {
    let Some(url) = base_url else { return Ok(None) };
    moments_media::check_url(&url, true)
        .map_err(|problem| Problem::Invalid(vec![FieldError::new("baseUrl", problem.operator_message())]))?;
    Ok(Some(url.trim_end_matches('/').to_owned()))
}

/// Whether the same corp is bound by another app: tokens, members and media of the two have nothing to do with each other.
fn is_another_app(bound: &Channel, new: &NewChannel) -> bool {
    let is_renewed = bound.suite_id.is_some() && bound.suite_id == new.suite_id;
    !is_renewed && (bound.suite_id != new.suite_id || bound.agent_id != new.agent_id)
}

/// What only the platform knows of a new channel.
fn complete(new: &mut NewChannel, report: &ChannelReport) {
    if new.kind == ChannelKind::Gewe
        && let [member] = report.members.as_slice()
    {
        new.wxid = Some(member.name.clone());
        if new.name.is_empty() {
            new.name.clone_from(&member.display_name);
        }
    }
}

/// What the audit is told of a channel.
pub(crate) fn bound_as(new: &NewChannel, accounts: usize) -> Json {
    json!({
        "kind": new.kind.name(),
        "name": new.name,
        "handle": new.handle,
        "agentId": new.agent_id,
        "accounts": accounts,
    })
}

pub(crate) fn view(channel: &Channel, accounts: usize, now: Timestamp) -> ChannelView {
    ChannelView {
        id: channel.id,
        kind: channel.kind,
        app: Some(channel.app).filter(|_| channel.kind == ChannelKind::Wecom),
        name: channel.name.clone(),
        handle: channel.handle.clone(),
        agent_id: channel.agent_id,
        broken_reason: channel.broken_reason.clone(),
        notice: channel.notice.as_ref().map(|notice| notice.message.clone()),
        checked_time: channel.checked_time,
        pause_until: Some(channel.pause_until).filter(|until| *until > now),
        accounts: accounts as u64,
        create_time: channel.create_time,
    }
}

pub(super) fn refused(kind: ChannelKind, failure: &CallFailure) -> Problem {
    Problem::Moment(moments_domain::MomentError::WechatApi(failure_of_call(kind, failure)))
}

fn already_bound() -> Problem {
    Problem::Conflict("该企业或设备已被绑定；如需更换应用，请先解绑原渠道".to_owned())
}

fn conflict(error: StoreError) -> Problem {
    match error {
        StoreError::Conflict(_) => already_bound(),
        other => other.into(),
    }
}
