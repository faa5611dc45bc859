//! A log-in's last step: the channel, or why there is none.

use moments_domain::{
    AccountId, AppKind, AuditAction, AuditActor, AuditObject, ChannelId, ChannelKind, LoginStatus, NewAudit,
};
use moments_platforms::MemberReport;
use moments_store::{CHANNEL_CREDENTIAL, LoggedIn, Login, NewAccount, NewChannel, StoreError};
use serde_json::json;

use super::line;
use super::secrets::LoginSecrets;
use crate::app::Engine;
use crate::problem::Problem;
use crate::use_cases::bound_as;

impl Engine {
    /// Ends a log-in on whose device `member` is on line now: binds it, or finds its channel on line again. An account that does not belong there
    /// is logged out, and nothing else changes.
    pub(crate) async fn finish_login(
        &self,
        login: &mut Login,
        secrets: &LoginSecrets,
        member: MemberReport,
    ) -> Result<(), Problem> {
        let end = match self.end_of(login, secrets, &member).await? {
            Ok(end) => end,
            Err(why) => return self.turn_away(login, secrets, member.name, why).await,
        };
        let now = self.clock.now();
        let done = Login {
            status: LoginStatus::Done,
            channel_id: Some(end.channel_id),
            wxid: Some(member.name.clone()),
            nick_name: Some(member.display_name),
            secrets: kept(self, login, secrets)?,
            look_time: None,
            ..login.clone()
        };
        let entries = self.end_entries(&done, &end);
        match self.store.finish_login(&done, &end, now, &entries).await {
            Ok(true) => {
                *login = done;
                self.channels_cache.forget(end.channel_id);
                tracing::info!(login.id = %login.id, channel.id = %end.channel_id, "a personal account is logged in");
                self.order_events_soon(line(login, secrets));
                Ok(())
            }
            // Somebody has ended it meanwhile: the account waits on its device for the next log-in.
            Ok(false) => Ok(()),
            Err(StoreError::Conflict(_)) => {
                let why = "该微信号已通过其他设备或渠道绑定；同一微信号不能在两个虚拟设备上登录，已退出本次登录";
                self.turn_away(login, secrets, member.name, why).await
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Ends a log-in without a channel, and says whose doing that is. Nothing happens when somebody else holds it by now.
    pub(crate) async fn end_login(
        &self,
        login: &mut Login,
        secrets: &LoginSecrets,
        (status, by): (LoginStatus, AuditActor),
        why: &str,
    ) -> Result<(), Problem> {
        login.status = status;
        login.message = Some(why.to_owned());
        login.look_time = None;
        // A fresh code may go on with it: the token stays.
        login.secrets = if status.may_go_on() {
            Some(secrets.without_code().seal(&self.keys, login.id)?)
        } else {
            kept(self, login, secrets)?
        };
        self.store.end_login(login, &self.end_entry(login, by)).await?;
        Ok(())
    }

    /// What the audit is told of a log-in that is over.
    fn end_entry(&self, login: &Login, by: AuditActor) -> NewAudit {
        let detail = json!({
            "status": login.status.name(),
            "channelId": login.channel_id.map(|id| id.0),
            "wxid": login.wxid,
        });
        let ended = (AuditObject::Login, login.id);
        NewAudit {
            actor: by,
            ..self.entry(login.user_id, AuditAction::LoginEnd, ended, detail)
        }
    }

    /// What it is told of one that came to its channel: whoever holds the phone did that.
    fn end_entries(&self, done: &Login, end: &LoggedIn) -> Vec<NewAudit> {
        let bound = end.bind.as_ref().map(|(new, _)| NewAudit {
            actor: AuditActor::Platform,
            ..self.entry(
                new.user_id,
                AuditAction::Bind,
                (AuditObject::Channel, end.channel_id),
                bound_as(new, 1),
            )
        });
        let over = self.end_entry(done, AuditActor::Platform);
        bound.into_iter().chain([over]).collect()
    }

    /// What is to be written, or why this account does not belong here.
    async fn end_of(
        &self,
        login: &Login,
        secrets: &LoginSecrets,
        member: &MemberReport,
    ) -> Result<Result<LoggedIn, &'static str>, Problem> {
        let Some(known) = login.channel_id else {
            return self.binding(login, secrets, member).await.map(Ok);
        };
        let Some(channel) = self.store.find_channel(known).await? else {
            return Ok(Err("渠道已被解绑"));
        };
        if channel.wxid.is_some_and(|wxid| wxid != member.name) {
            return Ok(Err("扫码的微信号与该渠道绑定的微信号不一致，渠道未作任何改动"));
        }
        Ok(Ok(LoggedIn {
            channel_id: known,
            bind: None,
            account: account(member),
        }))
    }

    async fn binding(&self, login: &Login, secrets: &LoginSecrets, member: &MemberReport) -> Result<LoggedIn, Problem> {
        let handle = login.app_id.clone().unwrap_or_default();
        let bound = self.store.find_channel_by_handle(ChannelKind::Gewe, &handle).await?;
        let own =
            bound.filter(|channel| channel.user_id == login.user_id && channel.wxid.as_ref() == Some(&member.name));
        let id: ChannelId = match own {
            Some(channel) => channel.id,
            None => self.store.new_channel_id().await?,
        };
        let name = login.name.clone();
        let new = NewChannel {
            user_id: login.user_id,
            kind: ChannelKind::Gewe,
            app: AppKind::SelfBuilt,
            suite_id: None,
            name: name.unwrap_or_else(|| member.display_name.clone()),
            handle,
            agent_id: None,
            wxid: Some(member.name.clone()),
            base_url: login.base_url.clone(),
        };
        let sealed = self.keys.seal(&CHANNEL_CREDENTIAL.bound_to(id), &secrets.token);
        Ok(LoggedIn {
            channel_id: id,
            bind: Some((new, sealed.map_err(|e| Problem::Internal(Box::new(e)))?)),
            account: account(member),
        })
    }

    /// Nobody posts as an account that was not asked for: its session ends.
    async fn turn_away(
        &self,
        login: &mut Login,
        secrets: &LoginSecrets,
        wxid: String,
        why: &str,
    ) -> Result<(), Problem> {
        if let Err(failure) = self.gateway()?.log_out(&line(login, secrets)).await {
            tracing::warn!(login.id = %login.id, %failure, "a device could not be logged out");
        }
        login.wxid = Some(wxid);
        let end = (LoginStatus::Failed, AuditActor::System);
        self.end_login(login, secrets, end, why).await
    }
}

fn kept(engine: &Engine, login: &Login, secrets: &LoginSecrets) -> Result<Option<String>, Problem> {
    match secrets.proxy {
        Some(_) => secrets.kept().seal(&engine.keys, login.id).map(Some),
        None => Ok(None),
    }
}

fn account(member: &MemberReport) -> NewAccount {
    NewAccount {
        account_id: AccountId(member.name.clone()),
        account_name: member.display_name.clone(),
        account_type: ChannelKind::Gewe.account_type(),
        standing: member.standing.clone(),
        departments: member.departments.clone(),
    }
}
