//! A log-in's first step: the device, and a code for it.

use std::time::Duration;

use moments_domain::{
    AuditAction, AuditActor, AuditObject, ChannelId, ChannelKind, DeviceType, LoginStatus, NewAudit, UserId,
};
use moments_platforms::{Begun, Gateway, LoginCode};
use moments_store::{Login, StoreError};
use serde_json::json;

use super::secrets::LoginSecrets;
use super::{HELD, line};
use crate::app::Engine;
use crate::events::gateway_key;
use crate::failure::failure_of_call;
use crate::problem::Problem;

/// The least time that a vendor gives a code (reference personal-gateway 4.2); the first poll tells the true one.
const CODE_LIVES: Duration = Duration::from_mins(2);

/// What a log-in begins with.
pub(crate) struct Wish {
    pub(crate) user: UserId,
    pub(crate) base_url: Option<String>,
    pub(crate) app_id: Option<String>,
    pub(crate) device_type: DeviceType,
    pub(crate) region_id: String,
    pub(crate) name: Option<String>,
    pub(crate) channel: Option<ChannelId>,
    pub(crate) secrets: LoginSecrets,
}

impl Engine {
    /// Stores a new log-in and asks for its code.
    pub(crate) async fn begin_login(&self, wish: Wish) -> Result<Login, Problem> {
        let gateway = self.gateway()?;
        let (id, now) = (self.store.new_login_id().await?, self.clock.now());
        let new = Login {
            id,
            user_id: wish.user,
            status: LoginStatus::Waiting,
            gateway: gateway_key(wish.base_url.as_deref(), &wish.secrets.token),
            base_url: wish.base_url,
            app_id: wish.app_id,
            device_time: None,
            device_type: wish.device_type,
            region_id: wish.region_id,
            name: wish.name,
            channel_id: wish.channel,
            wxid: None,
            nick_name: None,
            avatar_url: None,
            secrets: Some(wish.secrets.seal(&self.keys, id)?),
            number: None,
            message: None,
            expire_time: now + CODE_LIVES,
            look_time: Some(now + HELD),
            lease: 1,
        };
        let entry = self.login_entry(&new);
        let login = self.store.begin_login(&new, &entry).await.map_err(one_at_a_time)?;
        self.ask_for_code(gateway, login, wish.secrets, wish.channel.is_some())
            .await
    }

    /// Asks for a code and keeps what comes. Goes on to its end when the one who asked has gone: a device that the gateway has just made must
    /// not be lost with a connection.
    pub(crate) async fn ask_for_code(
        &self,
        gateway: std::sync::Arc<dyn Gateway>,
        login: Login,
        secrets: LoginSecrets,
        reconnect: bool,
    ) -> Result<Login, Problem> {
        let engine = self.clone();
        let asked = tokio::spawn(async move {
            let mut asking = Asking { engine, login, secrets };
            asking.code(gateway.as_ref(), reconnect).await.map(|()| asking.login)
        });
        asked.await.map_err(|error| Problem::Internal(Box::new(error)))?
    }

    /// What the audit is told of a log-in that is begun, or goes on with a fresh code.
    pub(crate) fn login_entry(&self, login: &Login) -> NewAudit {
        let detail = json!({
            "channelId": login.channel_id.map(|id| id.0),
            "appId": login.app_id,
            "deviceType": login.device_type.name(),
            "regionId": login.region_id,
        });
        self.entry(
            login.user_id,
            AuditAction::Login,
            (AuditObject::Login, login.id),
            detail,
        )
    }

    /// The gateway's own business, where it is switched on.
    pub(crate) fn gateway(&self) -> Result<std::sync::Arc<dyn Gateway>, Problem> {
        self.platform(ChannelKind::Gewe)?;
        let gateway = self.platforms.gateway.clone();
        gateway.ok_or(Problem::NotFound("网关"))
    }
}

/// A log-in that is asking for its code.
struct Asking {
    engine: Engine,
    login: Login,
    secrets: LoginSecrets,
}

impl Asking {
    async fn code(&mut self, gateway: &dyn Gateway, reconnect: bool) -> Result<(), Problem> {
        let mut begun = gateway.begin(&line(&self.login, &self.secrets), reconnect).await;
        if let (Ok(Begun::DeviceGone), None, Some(app_id)) = (&begun, self.login.channel_id, self.login.app_id.take()) {
            // Nobody has ever logged in on it: another one does as well.
            self.engine.store.forget_device(self.login.user_id, &app_id).await?;
            begun = gateway.begin(&line(&self.login, &self.secrets), false).await;
        }
        match begun {
            Ok(Begun::Code(code)) => self.keep(code).await,
            Ok(Begun::LoggedIn(member)) => self.engine.finish_login(&mut self.login, &self.secrets, member).await,
            Ok(Begun::DeviceGone) => {
                let why = "网关已不认识该设备；请解绑后重新登录，新设备需要重新养号";
                self.fail(why).await?;
                Err(Problem::Conflict(why.to_owned()))
            }
            Err(failure) => {
                let failure = failure_of_call(ChannelKind::Gewe, &failure);
                self.fail(&failure.message).await?;
                Err(Problem::Moment(moments_domain::MomentError::WechatApi(failure)))
            }
        }
    }

    async fn fail(&mut self, why: &str) -> Result<(), Problem> {
        let end = (LoginStatus::Failed, AuditActor::System);
        self.engine.end_login(&mut self.login, &self.secrets, end, why).await
    }

    /// The device first, whoever holds the log-in by now.
    async fn keep(&mut self, code: LoginCode) -> Result<(), Problem> {
        let (store, now) = (&self.engine.store, self.engine.clock.now());
        let login = &mut self.login;
        if login.app_id.is_none() {
            store.keep_device(login.id, &code.app_id, now).await?;
            login.app_id = Some(code.app_id);
            login.device_time = Some(now);
        }
        self.secrets = LoginSecrets {
            uuid: Some(code.uuid),
            // The picture is drawn from the text where that is known.
            picture: code.picture.filter(|_| code.text.is_none()),
            text: code.text,
            ..self.secrets.without_code()
        };
        login.status = LoginStatus::Waiting;
        (login.nick_name, login.avatar_url, login.message) = (None, None, None);
        login.secrets = Some(self.secrets.seal(&self.engine.keys, login.id)?);
        login.expire_time = now + CODE_LIVES;
        login.look_time = Some(now + self.engine.settings.login_poll);
        if store.save_login(login, now).await.map_err(one_at_a_time)? {
            Ok(())
        } else {
            Err(Problem::Conflict("登录已被取消或由新的登录取代".to_owned()))
        }
    }
}

fn one_at_a_time(error: StoreError) -> Problem {
    match error {
        StoreError::Conflict(_) => Problem::Conflict("同一网关令牌的另一次登录正在获取二维码，请稍后重试".to_owned()),
        other => other.into(),
    }
}
