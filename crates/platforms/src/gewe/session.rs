//! The gateway's own business: log-ins and the address of events.

use async_trait::async_trait;
use moments_gewe::{CallbackPath, Device, LoginCheck, QrCode, QrWish, RefusalClass};
use moments_wire::CallError;
use secrecy::{ExposeSecret, SecretString};

use super::failure::failure;
use super::{GewePlatform, Line, active};
use crate::{Begun, CallFailure, Gateway, GatewayLine, LoginCode, LoginReport};

#[async_trait]
impl Gateway for GewePlatform {
    async fn begin(&self, line: &GatewayLine, reconnect: bool) -> Result<Begun, CallFailure> {
        let at = self.at(line)?;
        if reconnect && let Ok(profile) = at.profile().await {
            return Ok(Begun::LoggedIn(active(profile)));
        }
        let wish = wish(line);
        match at.client.get_login_qr_code(&at.device, &wish).await {
            Ok(code) => self::code(code),
            Err(error) => match (moments_gewe::class(&error), &line.app_id) {
                (Some(RefusalClass::AlreadyOnline), _) => at.really_online(&wish).await,
                (Some(RefusalClass::DeviceGone), Some(_)) => Ok(Begun::DeviceGone),
                _ => Err(failure(error)),
            },
        }
    }

    async fn poll(
        &self,
        line: &GatewayLine,
        uuid: &SecretString,
        code: Option<&SecretString>,
    ) -> Result<LoginReport, CallFailure> {
        let at = self.at(line)?;
        let check = at.client.check_login(&at.device, uuid, line.proxy.as_ref(), code).await;
        Ok(match check.map_err(failure)? {
            LoginCheck::Nothing => LoginReport::Nothing,
            LoginCheck::Verify(url) if is_web(url.expose_secret()) => LoginReport::Verify(url),
            LoginCheck::Verify(_) => LoginReport::Nothing,
            LoginCheck::Progress(mut progress) => {
                if !is_web(&progress.avatar_url) {
                    progress.avatar_url.clear();
                }
                LoginReport::Progress(progress)
            }
            LoginCheck::LoggedIn(profile) => LoginReport::LoggedIn(active(profile)),
        })
    }

    async fn log_out(&self, line: &GatewayLine) -> Result<(), CallFailure> {
        let at = self.at(line)?;
        at.client.logout(&at.device).await.map_err(failure)
    }

    /// Which of the two paths a gateway has is not told anywhere: whoever refuses the one is asked with the other. Asking twice does no harm.
    async fn send_events_to(&self, line: &GatewayLine, address: &SecretString) -> Result<(), CallFailure> {
        let at = self.at(line)?;
        let set = |path| at.client.set_callback(&at.device, path, address);
        match set(CallbackPath::Hosted).await {
            Ok(()) => Ok(()),
            Err(first) => set(CallbackPath::SelfHosted).await.map_err(|_| failure(first)),
        }
    }
}

impl GewePlatform {
    fn at(&self, line: &GatewayLine) -> Result<Line, CallFailure> {
        Ok(Line {
            client: self.client(line.base_url.as_deref())?,
            device: Device {
                token: line.token.clone(),
                app_id: line.app_id.clone().unwrap_or_default(),
            },
        })
    }
}

impl Line {
    /// Who is on line on a device that the gateway calls logged in. When it turns out that nobody is, ending the session that the gateway
    /// believes in makes room for a code (reference personal-gateway 4.2, `checkOnline`).
    async fn really_online(&self, wish: &QrWish) -> Result<Begun, CallFailure> {
        match self.client.get_profile(&self.device).await {
            Ok(profile) => Ok(Begun::LoggedIn(active(profile))),
            Err(error) if moments_gewe::class(&error) == Some(RefusalClass::Offline) => {
                self.fresh_code(wish).await.map_err(failure).and_then(code)
            }
            Err(error) => Err(failure(error)),
        }
    }

    async fn fresh_code(&self, wish: &QrWish) -> Result<QrCode, CallError> {
        self.client.logout(&self.device).await?;
        self.client.get_login_qr_code(&self.device, wish).await
    }
}

/// Only a data URI of a picture is passed on: it ends up in somebody's browser.
fn code(code: QrCode) -> Result<Begun, CallFailure> {
    let given = |secret: SecretString| Some(secret).filter(|secret| !secret.expose_secret().is_empty());
    let picture = given(code.picture).filter(|picture| picture.expose_secret().starts_with("data:image/"));
    let text = given(code.qr_data);
    if code.app_id.is_empty() {
        return Err(CallFailure::NoAnswer("网关没有返回设备".to_owned()));
    }
    Ok(Begun::Code(LoginCode {
        app_id: code.app_id,
        uuid: code.uuid,
        text,
        picture,
    }))
}

fn wish(line: &GatewayLine) -> QrWish {
    QrWish {
        region_id: line.region_id.clone(),
        device_type: line.device_type,
        proxy: line.proxy.clone(),
    }
}

/// Whether an address may be shown as a link or a picture.
fn is_web(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://")
}

#[cfg(test)]
mod tests;
