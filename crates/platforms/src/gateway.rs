//! What the engine asks of a gateway beyond publishing: bringing a personal account in, and having its events sent.

use async_trait::async_trait;
use moments_domain::DeviceType;
use moments_gewe::LoginProgress;
use secrecy::SecretString;

use crate::{CallFailure, ChannelAccess, MemberReport};

/// A device at a gateway, or the wish for one.
#[derive(Clone, Debug)]
pub struct GatewayLine {
    /// The gateway's base address; `None`: the installation's.
    pub base_url: Option<String>,
    /// The gateway's token.
    pub token: SecretString,
    /// The device; `None`: a new one is to be made.
    pub app_id: Option<String>,
    /// Province code near the phone; empty where the gateway has no regions.
    pub region_id: String,
    /// What a new device pretends to be.
    pub device_type: DeviceType,
    /// `socks5://user:pass@host:port`, the same for all calls of a log-in.
    pub proxy: Option<SecretString>,
}

impl GatewayLine {
    /// A channel's device, for what needs no log-in.
    pub fn of(channel: &ChannelAccess) -> Self {
        Self {
            base_url: channel.base_url.clone(),
            token: channel.credential.clone(),
            app_id: Some(channel.handle.clone()),
            region_id: String::new(),
            device_type: DeviceType::default(),
            proxy: None,
        }
    }
}

/// A login code. Whoever sees its secrets can log in with it.
#[derive(Clone, Debug)]
pub struct LoginCode {
    /// The device. To be kept before anybody scans.
    pub app_id: String,
    /// What [`Gateway::poll`] asks after.
    pub uuid: SecretString,
    /// What the code says, where the gateway tells.
    pub text: Option<SecretString>,
    /// The code as a data URI of a picture, where the gateway makes one.
    pub picture: Option<SecretString>,
}

/// How a log-in begins.
#[derive(Clone, Debug)]
pub enum Begun {
    /// There is a code to scan.
    Code(LoginCode),
    /// Nothing needs to be scanned: this account is on line.
    LoggedIn(MemberReport),
    /// The gateway no longer knows the device.
    DeviceGone,
}

/// What a poll of a log-in found.
#[derive(Clone, Debug)]
pub enum LoginReport {
    /// Nothing new.
    Nothing,
    /// WeChat wants a face or slider check at this address. Whoever sees it may pass for the owner.
    Verify(SecretString),
    /// The phone has this to say.
    Progress(LoginProgress),
    /// This account is logged in.
    LoggedIn(MemberReport),
}

/// A personal-account gateway's own business. Holds no state; safe to call from many tasks.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Asks for a login code. With `reconnect` it first tries, once, to bring the device's last session back.
    ///
    /// Without a device each call makes one: [`CallFailure::NoAnswer`] may then have left one behind that nobody knows.
    async fn begin(&self, line: &GatewayLine, reconnect: bool) -> Result<Begun, CallFailure>;

    /// Asks how far a log-in is. To be repeated every few seconds: the phone shows its button only after a poll. `code` is the number that
    /// WeChat showed, if somebody has typed it.
    async fn poll(
        &self,
        line: &GatewayLine,
        uuid: &SecretString,
        code: Option<&SecretString>,
    ) -> Result<LoginReport, CallFailure>;

    /// Ends the device's session and keeps the device.
    async fn log_out(&self, line: &GatewayLine) -> Result<(), CallFailure>;

    /// Has the events of all devices of the token sent to `address`. The gateway tries the address during the call.
    async fn send_events_to(&self, line: &GatewayLine, address: &SecretString) -> Result<(), CallFailure>;
}
