//! Events of platforms. Nobody shows a token here: the address is the proof (reference personal-gateway 4.7).

use axum::body::{Body, to_bytes};
use axum::extract::{RawPathParams, State};
use serde::Deserialize;

use crate::app::App;
use crate::error::ApiError;

/// Chat messages come too, as long as people write them.
const MOST_BYTES: usize = 64 << 10;
/// What a gateway reads as taken.
const TAKEN: &str = "success";

/// What counts in an event. A chat message's `Data` is never looked at, and nothing of it is kept.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GeweEvent {
    type_name: String,
    appid: String,
    wxid: String,
}

/// An event of a gateway. Whatever comes to a good address is taken, the trial of the address included; only that an account dropped leads to
/// anything: somebody goes and looks, after the answer. Any other address is as unknown as any other path.
pub(crate) async fn gewe_event(
    State(app): State<App>,
    params: RawPathParams,
    body: Body,
) -> Result<&'static str, ApiError> {
    let (_, secret) = params.iter().next().unwrap_or_default();
    let sender = app.engine.event_sender(secret).ok_or(ApiError::NoRoute)?;
    let bytes = to_bytes(body, MOST_BYTES).await;
    let bytes = bytes.map_err(|_| ApiError::TooLarge(MOST_BYTES))?;
    let event = serde_json::from_slice::<GeweEvent>(&bytes).ok();
    if let Some(event) = event.filter(|event| event.type_name == "Offline") {
        let engine = app.engine.clone();
        tokio::spawn(async move {
            let heeded = engine.heed_offline(&sender, &event.appid, &event.wxid).await;
            if let Err(error) = heeded {
                tracing::warn!(%error, "an event of a gateway could not be followed up");
            }
        });
    }
    Ok(TAKEN)
}
