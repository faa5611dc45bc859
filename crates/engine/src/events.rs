//! Events of gateways: where they are sent, and what is done about one (reference personal-gateway 4.7).
//!
//! Events carry no signature. What stands for one is their address: it ends with a signature of ours over the gateway and the token that it was
//! told to, so that nobody can guess it, nothing about it is stored, and a change of the key ring makes another. And an event is never believed:
//! it only says when to go and look.

use std::collections::HashSet;

use moments_domain::ChannelKind;
use moments_platforms::GatewayLine;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::app::Engine;
use crate::problem::Problem;

/// Which token at which gateway: a hash of both.
pub(crate) fn gateway_key(base_url: Option<&str>, token: &SecretString) -> String {
    hash(&format!("{}\n{}", base_url.unwrap_or_default(), token.expose_secret()))
}

/// Has every gateway that a channel uses send its events to the present address.
pub(crate) async fn order_all(engine: &Engine) -> Result<(), Problem> {
    let mut seen = HashSet::new();
    for channel in engine.store.channels_of_kind(ChannelKind::Gewe).await? {
        let access = engine.access(&channel)?;
        if seen.insert(gateway_key(access.base_url.as_deref(), &access.credential)) {
            engine.order_events(&GatewayLine::of(&access)).await;
        }
    }
    Ok(())
}

/// Who sends an event, as its address proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSender(String);

impl Engine {
    /// Has the gateway send the events of a token here, if it does not already. An account works without: only, that it dropped is then noticed
    /// later. So trouble is told and no more.
    pub(crate) async fn order_events(&self, line: &GatewayLine) {
        if let Err(error) = self.try_order_events(line).await {
            tracing::warn!(%error, "a gateway's events could not be ordered; this is tried again");
        }
    }

    /// The same, without anybody waiting for the gateway.
    pub(crate) fn order_events_soon(&self, line: GatewayLine) {
        let engine = self.clone();
        tokio::spawn(async move { engine.order_events(&line).await });
    }

    async fn try_order_events(&self, line: &GatewayLine) -> Result<(), Problem> {
        let Some(base) = &self.settings.events_url else {
            tracing::info!("http.public_url is not set: gateways cannot tell when an account drops");
            return Ok(());
        };
        let gateway = gateway_key(line.base_url.as_deref(), &line.token);
        let address = SecretString::from(format!("{base}/{gateway}.{}", self.keys.sign(&signed(&gateway))));
        let address_hash = hash(address.expose_secret());
        if self.store.has_callback(&gateway, &address_hash).await? {
            return Ok(());
        }
        let told = self.gateway()?.send_events_to(line, &address).await;
        told.map_err(|failure| Problem::Internal(Box::new(failure)))?;
        self.store
            .put_callback(&gateway, &address_hash, self.clock.now())
            .await?;
        Ok(())
    }

    /// Whose address ends with `secret`; `None`: nobody was ever told it.
    pub fn event_sender(&self, secret: &str) -> Option<EventSender> {
        let (gateway, signature) = secret.split_once('.')?;
        let good = self.keys.verify(&signed(gateway), signature);
        good.then(|| EventSender(gateway.to_owned()))
    }

    /// Has somebody go and look whether the account on a device is on line, because its gateway says that it dropped; said again, it is one look.
    /// Nothing happens for a device that is no channel's, another account, or another token's device.
    pub async fn heed_offline(&self, sender: &EventSender, app_id: &str, wxid: &str) -> Result<(), Problem> {
        let found = self.store.find_channel_by_handle(ChannelKind::Gewe, app_id).await?;
        let Some(channel) = found.filter(|channel| channel.wxid.as_deref() == Some(wxid)) else {
            return Ok(());
        };
        let access = self.access(&channel)?;
        if gateway_key(access.base_url.as_deref(), &access.credential) != sender.0 {
            return Ok(());
        }
        self.store.check_soon(channel.id, self.clock.now()).await?;
        Ok(())
    }
}

fn signed(gateway: &str) -> String {
    format!("callbacks/gewe/{gateway}")
}

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}
