//! A log-in's last step: the channel, or why there is none.

use moments_domain::{AccountId, AppKind, ChannelId, ChannelKind, LoginStatus};
use moments_platforms::MemberReport;
use moments_store::{CHANNEL_CREDENTIAL, LoggedIn, Login, NewAccount, NewChannel, StoreError};

use super::line;
use super::secrets::LoginSecrets;
use crate::app::Engine;
use crate::problem::Problem;

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
        match self.store.finish_login(&done, &end, now).await {
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

    /// Ends a log-in without a channel. Nothing happens when somebody else holds it by now.
    pub(crate) async fn end_login(
        &self,
        login: &mut Login,
        secrets: &LoginSecrets,
        status: LoginStatus,
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
        self.store.save_login(login, self.clock.now()).await?;
        Ok(())
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
        self.end_login(login, secrets, LoginStatus::Failed, why).await
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
    }
}
