//! Controls of gewe devices.
//!
//! | path | does |
//! | --- | --- |
//! | `GET`, `POST /sandbox/gateway` | the [`GatewayStyle`]; changes the fields that the body names |
//! | `GET`, `POST /sandbox/devices` | lists; creates from a [`DeviceSeed`], answers `{"appId":…}` |
//! | `POST /sandbox/devices/{appId}/switches` | changes the fields of `Switches` that the body names |
//! | `POST /sandbox/devices/{appId}/login` | a [`LoginStep`] of the person with the phone |
//! | `POST /sandbox/devices/{appId}/online` | `{"online":false}`: drops with an `Offline` event; `true`: is back |

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Body, overlay};
use crate::Sandbox;
use crate::error::SandboxError;
use crate::gewe::{DeviceSeed, DeviceView, GatewayStyle, LoginStep, Switches};

pub(super) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/sandbox/gateway", get(show_style).post(change_style))
        .route("/sandbox/devices", get(list).post(create))
        .route("/sandbox/devices/{app_id}/switches", post(change_switches))
        .route("/sandbox/devices/{app_id}/login", post(login_step))
        .route("/sandbox/devices/{app_id}/online", post(set_online))
}

async fn show_style(State(sandbox): State<Sandbox>) -> Json<GatewayStyle> {
    Json(GatewayStyle::clone(&sandbox.gewe().style()))
}

async fn change_style(
    State(sandbox): State<Sandbox>,
    Body(changes): Body<Value>,
) -> Result<Json<GatewayStyle>, SandboxError> {
    let changed = overlay(&*sandbox.gewe().style(), changes)?;
    sandbox.set_gateway_style(changed);
    Ok(show_style(State(sandbox)).await)
}

async fn list(State(sandbox): State<Sandbox>) -> Json<Vec<DeviceView>> {
    Json(sandbox.devices())
}

async fn create(
    State(sandbox): State<Sandbox>,
    Body(seed): Body<DeviceSeed>,
) -> Result<(StatusCode, Json<Value>), SandboxError> {
    let app_id = sandbox.add_device(seed)?;
    Ok((StatusCode::CREATED, Json(json!({ "appId": app_id }))))
}

async fn change_switches(
    State(sandbox): State<Sandbox>,
    Path(app_id): Path<String>,
    Body(changes): Body<Value>,
) -> Result<Json<Switches>, SandboxError> {
    let present = sandbox.gewe().get(&app_id)?.view().switches;
    let changed = overlay(&present, changes)?;
    sandbox.change_switches(&app_id, |switches| switches.clone_from(&changed))?;
    Ok(Json(changed))
}

async fn login_step(
    State(sandbox): State<Sandbox>,
    Path(app_id): Path<String>,
    Body(step): Body<LoginStep>,
) -> Result<StatusCode, SandboxError> {
    sandbox.login_step(&app_id, step).map(|()| StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
struct Online {
    online: bool,
}

async fn set_online(
    State(sandbox): State<Sandbox>,
    Path(app_id): Path<String>,
    Body(wish): Body<Online>,
) -> Result<StatusCode, SandboxError> {
    sandbox
        .set_online(&app_id, wish.online)
        .map(|()| StatusCode::NO_CONTENT)
}
