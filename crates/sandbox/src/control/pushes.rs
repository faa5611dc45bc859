//! Controls of pushes to callback addresses.
//!
//! | path | does |
//! | --- | --- |
//! | `GET /sandbox/pushes` | every push as it was made, and what came of it |
//! | `POST /sandbox/pushes/style` | a [`PushStyle`]: `{"wrong_signature":true}`; `{}` spoils nothing |
//! | `POST /sandbox/pushes/release` | `{"reverse":true}`: sends what was held |
//! | `POST /sandbox/pushes/{id}/replay` | sends an old push again, byte by byte |
//! | `POST /sandbox/corps/{corpid}/callback` | a [`CallbackSeed`] of the corp's own app |
//! | `POST /sandbox/corps/{corpid}/callback/check` | the console's check, answers a [`UrlCheck`] |
//! | `POST /sandbox/corps/{corpid}/events` | a [`CorpEvent`] to every app of the corp that has an address |

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::Body;
use crate::Sandbox;
use crate::error::SandboxError;
use crate::wecom::{CallbackSeed, CorpEvent, PushRecord, PushStyle, UrlCheck};

pub(super) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/sandbox/pushes", get(list))
        .route("/sandbox/pushes/style", post(set_style))
        .route("/sandbox/pushes/release", post(release))
        .route("/sandbox/pushes/{id}/replay", post(replay))
        .route("/sandbox/corps/{corpid}/callback", post(set_callback))
        .route("/sandbox/corps/{corpid}/callback/check", post(check))
        .route("/sandbox/corps/{corpid}/events", post(push_event))
}

async fn list(State(sandbox): State<Sandbox>) -> Json<Vec<PushRecord>> {
    Json(sandbox.pushes())
}

async fn set_style(State(sandbox): State<Sandbox>, Body(style): Body<PushStyle>) -> StatusCode {
    sandbox.set_push_style(style);
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    #[serde(default)]
    reverse: bool,
}

async fn release(State(sandbox): State<Sandbox>, Body(release): Body<Release>) -> Json<Vec<PushRecord>> {
    Json(sandbox.release_pushes(release.reverse).await)
}

async fn replay(State(sandbox): State<Sandbox>, Path(id): Path<u64>) -> Result<Json<PushRecord>, SandboxError> {
    sandbox.replay_push(id).await.map(Json)
}

async fn set_callback(
    State(sandbox): State<Sandbox>,
    Path(corpid): Path<String>,
    Body(callback): Body<CallbackSeed>,
) -> Result<StatusCode, SandboxError> {
    sandbox
        .set_callback(&corpid, &callback)
        .map(|()| StatusCode::NO_CONTENT)
}

async fn check(State(sandbox): State<Sandbox>, Path(corpid): Path<String>) -> Result<Json<UrlCheck>, SandboxError> {
    sandbox.check_callback(&corpid).await.map(Json)
}

async fn push_event(
    State(sandbox): State<Sandbox>,
    Path(corpid): Path<String>,
    Body(event): Body<CorpEvent>,
) -> Result<Json<Vec<PushRecord>>, SandboxError> {
    sandbox.push_event(&corpid, &event).await.map(Json)
}
