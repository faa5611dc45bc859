//! Logging personal accounts in (reference personal-gateway 4.2).

use moments_domain::{AuditActor, ChannelId, DeviceType, FieldError, LoginId, LoginStatus, Timestamp, UserId};
use moments_store::{LOGIN_NUMBER, Login};
use secrecy::{ExposeSecret as _, SecretString};

use super::channels::{self, ChannelView};
use crate::app::Engine;
use crate::login::{LoginSecrets, Wish};
use crate::problem::Problem;

/// A device at a gateway to be made and logged in.
#[derive(Clone, Debug)]
pub struct StartLogin {
    /// The gateway's token.
    pub token: SecretString,
    /// The gateway's base address; `None`: the installation's.
    pub base_url: Option<String>,
    /// A device that exists already; `None`: a new one.
    pub app_id: Option<String>,
    /// Province code near the phone.
    pub region_id: String,
    /// What a new device pretends to be.
    pub device_type: DeviceType,
    /// `socks5://user:pass@host:port`, when no region fits.
    pub proxy: Option<SecretString>,
    /// What its owner calls it; `None`: the account's nickname.
    pub name: Option<String>,
}

/// What another log-in of a device may change; `None`: as at its last log-in.
#[derive(Clone, Debug)]
pub struct LoginAgain {
    /// Province code near the phone; required for a device that was not logged in here.
    pub region_id: Option<String>,
    /// What the device pretends to be.
    pub device_type: Option<DeviceType>,
    /// `socks5://user:pass@host:port`.
    pub proxy: Option<SecretString>,
}

/// A log-in as whoever began it sees it.
#[derive(Clone, Debug)]
pub struct LoginView {
    /// Its id.
    pub id: LoginId,
    /// How far it is.
    pub status: LoginStatus,
    /// What the code says, while it waits to be scanned and where the gateway tells.
    pub code: Option<SecretString>,
    /// The code as a data URI of a picture, where its text is not known.
    pub picture: Option<SecretString>,
    /// Where WeChat's extra check is done, while it is asked for.
    pub verify_url: Option<SecretString>,
    /// When the code ends, as far as known; `None`: the log-in is over.
    pub expires: Option<Timestamp>,
    /// The present, from which that is counted.
    pub now: Timestamp,
    /// Who scans.
    pub nick_name: Option<String>,
    /// The picture of who scans.
    pub avatar_url: Option<String>,
    /// Why it is over, in Chinese.
    pub message: Option<String>,
    /// The channel, when done.
    pub channel: Option<ChannelView>,
}

impl Engine {
    /// Makes a device at a gateway and asks for its first login code. A device on which nobody has logged in yet is taken again.
    pub async fn start_login(&self, user: UserId, start: StartLogin) -> Result<LoginView, Problem> {
        let base_url = channels::gateway_address(start.base_url)?;
        if let Some(app_id) = &start.app_id {
            self.refuse_bound_device(app_id).await?;
        }
        let wish = Wish {
            user,
            base_url,
            app_id: start.app_id,
            device_type: start.device_type,
            region_id: start.region_id,
            name: start.name,
            channel: None,
            secrets: LoginSecrets {
                token: start.token,
                proxy: start.proxy,
                ..LoginSecrets::default()
            },
        };
        let login = self.begin_login(wish).await?;
        self.login_view(login).await
    }

    /// Logs a channel's device in again: its last session comes back, or there is a code for the same WeChat to scan.
    pub async fn login_again(&self, user: UserId, id: ChannelId, again: LoginAgain) -> Result<LoginView, Problem> {
        let channel = self.own_channel(user, id).await?;
        if channel.wxid.is_none() {
            return Err(Problem::Conflict("只有个人微信渠道可以扫码登录".to_owned()));
        }
        let last = self.store.last_login(id).await?;
        let kept = match &last {
            Some(last) => LoginSecrets::open(&self.keys, last)?,
            None => LoginSecrets::default(),
        };
        let region_id = again
            .region_id
            .or_else(|| last.as_ref().map(|last| last.region_id.clone()));
        let wish = Wish {
            user,
            base_url: channel.base_url.clone(),
            app_id: Some(channel.handle.clone()),
            device_type: again
                .device_type
                .or(last.map(|last| last.device_type))
                .unwrap_or_default(),
            region_id: region_id.ok_or_else(region_missing)?,
            name: None,
            channel: Some(id),
            secrets: LoginSecrets {
                token: self.access(&channel)?.credential,
                proxy: again.proxy.or(kept.proxy),
                ..LoginSecrets::default()
            },
        };
        let login = self.begin_login(wish).await?;
        self.login_view(login).await
    }

    /// How far a log-in of the user is. Asks nobody.
    pub async fn login(&self, user: UserId, id: LoginId) -> Result<LoginView, Problem> {
        let login = self.store.find_login(user, id).await?.ok_or_else(missing)?;
        self.login_view(login).await
    }

    /// Takes the number that WeChat shows on the phone, for the next poll.
    pub async fn enter_login_number(&self, user: UserId, id: LoginId, number: &SecretString) -> Result<(), Problem> {
        let sealed = self.keys.seal(&LOGIN_NUMBER.bound_to(id), number);
        let sealed = sealed.map_err(|e| Problem::Internal(Box::new(e)))?;
        if self.store.put_login_number(user, id, &sealed, self.clock.now()).await? {
            return Ok(());
        }
        self.store.find_login(user, id).await?.ok_or_else(missing)?;
        Err(over())
    }

    /// A fresh code for the same device, in place of one that ran out or was refused on the phone.
    pub async fn refresh_login(&self, user: UserId, id: LoginId) -> Result<LoginView, Problem> {
        let gateway = self.gateway()?;
        let login = self.take_login(user, id).await?;
        let secrets = LoginSecrets::open(&self.keys, &login)?;
        if secrets.token.expose_secret().is_empty() {
            return Err(over());
        }
        let login = self.ask_for_code(gateway, login, secrets, false).await?;
        self.store.audit(&self.login_entry(&login)).await?;
        self.login_view(login).await
    }

    /// Ends a log-in. Its device is kept for the next one; a log-in that is over stays as it is.
    pub async fn cancel_login(&self, user: UserId, id: LoginId) -> Result<LoginView, Problem> {
        let login = self.store.find_login(user, id).await?.ok_or_else(missing)?;
        if login.status.is_over() {
            return self.login_view(login).await;
        }
        let mut login = self.take_login(user, id).await?;
        let secrets = LoginSecrets::open(&self.keys, &login)?;
        let end = (LoginStatus::Cancelled, AuditActor::User);
        self.end_login(&mut login, &secrets.kept(), end, "已取消登录").await?;
        self.login_view(login).await
    }

    async fn take_login(&self, user: UserId, id: LoginId) -> Result<Login, Problem> {
        let until = self.clock.now() + crate::login::HELD;
        self.store.take_login(user, id, until).await?.ok_or_else(missing)
    }

    async fn refuse_bound_device(&self, app_id: &str) -> Result<(), Problem> {
        let kind = moments_domain::ChannelKind::Gewe;
        match self.store.find_channel_by_handle(kind, app_id).await? {
            Some(_) => Err(Problem::Conflict(
                "该设备已被绑定；已绑定的设备请使用渠道的重新登录".to_owned(),
            )),
            None => Ok(()),
        }
    }

    async fn login_view(&self, login: Login) -> Result<LoginView, Problem> {
        let secrets = LoginSecrets::open(&self.keys, &login)?;
        let now = self.clock.now();
        let channel = match (login.status, login.channel_id) {
            (LoginStatus::Done, Some(id)) => self.store.find_channel(id).await?,
            _ => None,
        };
        let waits = login.status == LoginStatus::Waiting;
        Ok(LoginView {
            id: login.id,
            status: login.status,
            code: secrets.text.filter(|_| waits),
            picture: secrets.picture.filter(|_| waits),
            verify_url: secrets.verify_url.filter(|_| login.status == LoginStatus::Verify),
            expires: Some(login.expire_time).filter(|_| !login.status.is_over()),
            now,
            nick_name: login.nick_name,
            avatar_url: login.avatar_url,
            message: login.message,
            channel: channel.map(|channel| channels::view(&channel, 1, now)),
        })
    }
}

fn region_missing() -> Problem {
    let message = "必填：该设备此前未在此登录过，请选择手机所在地区";
    Problem::Invalid(vec![FieldError::new("regionId", message)])
}

fn missing() -> Problem {
    Problem::NotFound("登录")
}

fn over() -> Problem {
    Problem::Conflict("登录已结束，请重新发起".to_owned())
}
