//! Controls of corps.
//!
//! | path | does |
//! | --- | --- |
//! | `GET`, `POST /sandbox/corps` | lists; creates from a [`CorpSeed`] |
//! | `POST /sandbox/corps/{corpid}/settings` | changes the fields of `CorpSettings` that the body names |
//! | `POST /sandbox/corps/{corpid}/members` | adds or replaces one [`MemberSeed`] |
//! | `POST /sandbox/corps/{corpid}/members/{userid}` | a [`MemberChange`]: `{"change":"disable"}` |
//! | `POST /sandbox/corps/{corpid}/departments` | adds or moves one [`DepartmentSeed`]: `{"id":7,"parent":2}` |
//! | `POST /sandbox/corps/{corpid}/token` | a [`TokenEvent`] |
//! | `POST /sandbox/corps/{corpid}/confirm` | `{"moment_id":…,"userids":[…]}`: they publish now; nobody named: all |
//! | `POST /sandbox/corps/{corpid}/personal` | `{"userid":…,"text":…}`: a post written on the phone |
//! | `GET /sandbox/corps/{corpid}/messages` | app messages sent |

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Body, overlay};
use crate::Sandbox;
use crate::error::SandboxError;
use crate::wecom::{
    AppMessage, CorpSeed, CorpSettings, CorpView, DepartmentSeed, MemberChange, MemberSeed, TokenEvent,
};

pub(super) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/sandbox/corps", get(list).post(create))
        .route("/sandbox/corps/{corpid}/settings", post(change_settings))
        .route("/sandbox/corps/{corpid}/members", post(put_member))
        .route("/sandbox/corps/{corpid}/members/{userid}", post(change_member))
        .route("/sandbox/corps/{corpid}/departments", post(put_department))
        .route("/sandbox/corps/{corpid}/token", post(token_event))
        .route("/sandbox/corps/{corpid}/confirm", post(confirm))
        .route("/sandbox/corps/{corpid}/personal", post(personal))
        .route("/sandbox/corps/{corpid}/messages", get(messages))
}

async fn list(State(sandbox): State<Sandbox>) -> Json<Vec<CorpView>> {
    Json(sandbox.corps())
}

async fn create(State(sandbox): State<Sandbox>, Body(seed): Body<CorpSeed>) -> Result<StatusCode, SandboxError> {
    sandbox.add_corp(seed).map(|()| StatusCode::CREATED)
}

async fn change_settings(
    State(sandbox): State<Sandbox>,
    Path(corpid): Path<String>,
    Body(changes): Body<Value>,
) -> Result<Json<CorpSettings>, SandboxError> {
    let present = sandbox.wecom().get(&corpid)?.view().settings;
    let changed = overlay(&present, changes)?;
    sandbox.change_settings(&corpid, |settings| settings.clone_from(&changed))?;
    Ok(Json(changed))
}

async fn put_member(
    State(sandbox): State<Sandbox>,
    Path(corpid): Path<String>,
    Body(member): Body<MemberSeed>,
) -> Result<StatusCode, SandboxError> {
    sandbox.put_member(&corpid, member).map(|()| StatusCode::NO_CONTENT)
}

async fn change_member(
    State(sandbox): State<Sandbox>,
    Path((corpid, userid)): Path<(String, String)>,
    Body(change): Body<MemberChange>,
) -> Result<StatusCode, SandboxError> {
    sandbox
        .change_member(&corpid, &userid, &change)
        .map(|()| StatusCode::NO_CONTENT)
}

async fn put_department(
    State(sandbox): State<Sandbox>,
    Path(corpid): Path<String>,
    Body(department): Body<DepartmentSeed>,
) -> Result<StatusCode, SandboxError> {
    sandbox
        .put_department(&corpid, &department)
        .map(|()| StatusCode::NO_CONTENT)
}

async fn token_event(
    State(sandbox): State<Sandbox>,
    Path(corpid): Path<String>,
    Body(event): Body<TokenEvent>,
) -> Result<StatusCode, SandboxError> {
    sandbox.token_event(&corpid, event).map(|()| StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
struct Confirmation {
    moment_id: String,
    #[serde(default)]
    userids: Vec<String>,
}

async fn confirm(
    State(sandbox): State<Sandbox>,
    Path(corpid): Path<String>,
    Body(wish): Body<Confirmation>,
) -> Result<Json<Value>, SandboxError> {
    let published = sandbox.confirm(&corpid, &wish.moment_id, &wish.userids)?;
    Ok(Json(json!({ "published": published })))
}

#[derive(Debug, Deserialize)]
struct PersonalPost {
    userid: String,
    text: String,
}

async fn personal(
    State(sandbox): State<Sandbox>,
    Path(corpid): Path<String>,
    Body(post): Body<PersonalPost>,
) -> Result<Json<Value>, SandboxError> {
    let moment_id = sandbox.add_personal_post(&corpid, &post.userid, &post.text)?;
    Ok(Json(json!({ "moment_id": moment_id })))
}

async fn messages(
    State(sandbox): State<Sandbox>,
    Path(corpid): Path<String>,
) -> Result<Json<Vec<AppMessage>>, SandboxError> {
    sandbox.messages(&corpid).map(Json)
}
