//! Controls of suites.
//!
//! | path | does |
//! | --- | --- |
//! | `GET`, `POST /sandbox/suites` | lists with the corps that installed each; creates from a [`SuiteSeed`] |
//! | `POST /sandbox/suites/{suite_id}/urls` | `{"instruction_url":…,"data_url":…}`; a ticket follows |
//! | `POST /sandbox/suites/{suite_id}/check` | `{"which":"instruction"}`: the console's check, answers a [`UrlCheck`] |
//! | `POST /sandbox/suites/{suite_id}/ticket` | pushes a new ticket, answers the [`PushRecord`] |
//! | `POST /sandbox/suites/{suite_id}/token` | a [`TokenEvent`] for the suite's secret and token |
//! | `POST /sandbox/install` | `{"url":…,"corpid":…}`: the corp agrees, answers `{"redirect":…}`, null for templates |
//! | `POST /sandbox/suites/{suite_id}/grants` | `{"corpid":…}`: taken from the marketplace |
//! | `POST`, `DELETE /sandbox/suites/{suite_id}/grants/{corpid}` | changes fields of `GrantSettings` and tells; cancels |
//! | `POST /sandbox/suites/{suite_id}/grants/{corpid}/reset` | 重新获取secret |
//! | `POST /sandbox/suites/{suite_id}/grants/{corpid}/token` | a [`TokenEvent`] for the app in this corp |

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use super::{Body, overlay};
use crate::Sandbox;
use crate::error::SandboxError;
use crate::wecom::{GrantSettings, Installed, PushRecord, SuiteSeed, SuiteUrl, SuiteView, TokenEvent, UrlCheck};

pub(super) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/sandbox/suites", get(list).post(create))
        .route("/sandbox/suites/{suite_id}/urls", post(set_urls))
        .route("/sandbox/suites/{suite_id}/check", post(check))
        .route("/sandbox/suites/{suite_id}/ticket", post(ticket))
        .route("/sandbox/suites/{suite_id}/token", post(token_event))
        .route("/sandbox/suites/{suite_id}/grants", post(from_market))
        .route(
            "/sandbox/suites/{suite_id}/grants/{corpid}",
            post(change).delete(cancel),
        )
        .route("/sandbox/suites/{suite_id}/grants/{corpid}/reset", post(reset))
        .route(
            "/sandbox/suites/{suite_id}/grants/{corpid}/token",
            post(grant_token_event),
        )
        .route("/sandbox/install", post(install))
}

async fn list(State(sandbox): State<Sandbox>) -> Json<Vec<SuiteView>> {
    Json(sandbox.suites())
}

async fn create(State(sandbox): State<Sandbox>, Body(seed): Body<SuiteSeed>) -> Result<StatusCode, SandboxError> {
    sandbox.add_suite(seed).map(|()| StatusCode::CREATED)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Urls {
    instruction_url: String,
    data_url: String,
}

async fn set_urls(
    State(sandbox): State<Sandbox>,
    Path(suite_id): Path<String>,
    Body(urls): Body<Urls>,
) -> Result<StatusCode, SandboxError> {
    sandbox
        .set_suite_urls(&suite_id, &urls.instruction_url, &urls.data_url)
        .map(|()| StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    which: SuiteUrl,
}

async fn check(
    State(sandbox): State<Sandbox>,
    Path(suite_id): Path<String>,
    Body(wish): Body<Which>,
) -> Result<Json<UrlCheck>, SandboxError> {
    sandbox.check_suite_url(&suite_id, wish.which).await.map(Json)
}

async fn ticket(
    State(sandbox): State<Sandbox>,
    Path(suite_id): Path<String>,
) -> Result<Json<PushRecord>, SandboxError> {
    sandbox.push_ticket(&suite_id).await.map(Json)
}

async fn token_event(
    State(sandbox): State<Sandbox>,
    Path(suite_id): Path<String>,
    Body(event): Body<TokenEvent>,
) -> Result<StatusCode, SandboxError> {
    sandbox
        .suite_token_event(&suite_id, event)
        .map(|()| StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Installation {
    url: String,
    corpid: String,
}

async fn install(
    State(sandbox): State<Sandbox>,
    Body(wish): Body<Installation>,
) -> Result<Json<Installed>, SandboxError> {
    sandbox.install(&wish.url, &wish.corpid).await.map(Json)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Taker {
    corpid: String,
}

async fn from_market(
    State(sandbox): State<Sandbox>,
    Path(suite_id): Path<String>,
    Body(taker): Body<Taker>,
) -> Result<Json<PushRecord>, SandboxError> {
    sandbox.install_from_market(&suite_id, &taker.corpid).await.map(Json)
}

async fn change(
    State(sandbox): State<Sandbox>,
    Path((suite_id, corpid)): Path<(String, String)>,
    Body(changes): Body<Value>,
) -> Result<Json<PushRecord>, SandboxError> {
    let changed: GrantSettings = overlay(&sandbox.grant(&suite_id, &corpid)?.settings, changes)?;
    sandbox
        .change_grant(&suite_id, &corpid, |settings| *settings = changed)
        .await
        .map(Json)
}

async fn cancel(
    State(sandbox): State<Sandbox>,
    Path((suite_id, corpid)): Path<(String, String)>,
) -> Result<Json<PushRecord>, SandboxError> {
    sandbox.cancel_grant(&suite_id, &corpid).await.map(Json)
}

async fn reset(
    State(sandbox): State<Sandbox>,
    Path((suite_id, corpid)): Path<(String, String)>,
) -> Result<Json<PushRecord>, SandboxError> {
    sandbox.reset_grant(&suite_id, &corpid).await.map(Json)
}

async fn grant_token_event(
    State(sandbox): State<Sandbox>,
    Path((suite_id, corpid)): Path<(String, String)>,
    Body(event): Body<TokenEvent>,
) -> Result<StatusCode, SandboxError> {
    sandbox
        .grant_token_event(&suite_id, &corpid, event)
        .map(|()| StatusCode::NO_CONTENT)
}
