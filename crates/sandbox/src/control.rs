//! The controls over HTTP, for tests in another process. Bodies and answers are the public types as JSON.
//!
//! | path | does |
//! | --- | --- |
//! | `GET`, `POST /sandbox/clock` | reads; `{"set_ms":…}`, `{"advance_ms":…}`, `{"run":true}` |
//! | `POST /sandbox/demo` | seeds the demo world, answers its credentials |
//! | `GET`, `POST`, `DELETE /sandbox/faults` | waiting faults; adds one [`Fault`]; removes all, the mix too |
//! | `POST /sandbox/caller` | `{"ip":"203.0.113.7"}`: the address that errors name as the caller's |
//! | `POST /sandbox/mix` | starts a [`Mix`] |
//! | `GET /sandbox/moments?owner=&skip=&take=` | what exists (`take` defaults to 10 000); the header `x-total` counts all |
//! | `GET /sandbox/calls`, `/sandbox/violations` | counters; broken promises |
//! | `…/sandbox/corps…`, `…/gateway`, `…/devices…`, `…/suites…`, `…/pushes…` | see the submodules |

mod corps;
mod devices;
mod pushes;
mod suites;

use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::SandboxError;
use crate::fault::{Fault, Mix};
use crate::record::{CallCounts, MomentRecord, Violation};
use crate::{DemoWorld, Sandbox};

const PAGE: usize = 10_000;

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/sandbox/clock", get(show_clock).post(move_clock))
        .route("/sandbox/demo", post(seed_demo))
        .route("/sandbox/faults", get(show_faults).post(add_fault).delete(clear_faults))
        .route("/sandbox/caller", post(set_caller))
        .route("/sandbox/mix", post(set_mix))
        .route("/sandbox/moments", get(moments))
        .route("/sandbox/calls", get(calls))
        .route("/sandbox/violations", get(violations))
        .merge(corps::routes())
        .merge(devices::routes())
        .merge(pushes::routes())
        .merge(suites::routes())
}

/// A JSON body whose errors are answered as JSON too. The content type does not matter: these are tests with curl.
struct Body<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = SandboxError;

    async fn from_request(request: Request, state: &S) -> Result<Self, SandboxError> {
        let bytes = axum::body::Bytes::from_request(request, state)
            .await
            .map_err(|error| SandboxError::Malformed(error.body_text()))?;
        let body: Result<Json<T>, JsonRejection> = Json::from_bytes(&bytes);
        body.map(|Json(value)| Self(value))
            .map_err(|error| SandboxError::Malformed(error.body_text()))
    }
}

impl IntoResponse for SandboxError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::UnknownCorp(_)
            | Self::UnknownSuite(_)
            | Self::UnknownDevice(_)
            | Self::UnknownMoment(_)
            | Self::UnknownMember(_) => StatusCode::NOT_FOUND,
            Self::NotNow(_) => StatusCode::CONFLICT,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

/// Lays the given fields over the present value: a control changes what it names and leaves the rest.
fn overlay<T: Serialize + DeserializeOwned>(present: &T, changes: Value) -> Result<T, SandboxError> {
    let malformed = |error: serde_json::Error| SandboxError::Malformed(error.to_string());
    let mut whole = serde_json::to_value(present).map_err(malformed)?;
    let (Value::Object(fields), Value::Object(changes)) = (&mut whole, changes) else {
        return Err(SandboxError::Malformed(
            "an object with the fields to change is expected".to_owned(),
        ));
    };
    fields.extend(changes);
    serde_json::from_value(whole).map_err(malformed)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    set_ms: Option<i64>,
    advance_ms: Option<u64>,
    #[serde(default)]
    run: bool,
}

async fn show_clock(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({ "now_ms": sandbox.clock().now_ms(), "manual": sandbox.clock().is_manual() }))
}

async fn move_clock(State(sandbox): State<Sandbox>, Body(step): Body<ClockMove>) -> Json<Value> {
    if step.run {
        sandbox.clock().run();
    }
    if let Some(ms) = step.set_ms {
        sandbox.clock().set(ms);
    }
    sandbox.advance(Duration::from_millis(step.advance_ms.unwrap_or(0)));
    show_clock(State(sandbox)).await
}

async fn seed_demo(State(sandbox): State<Sandbox>) -> Result<Json<DemoWorld>, SandboxError> {
    sandbox.demo_world().map(Json)
}

async fn show_faults(State(sandbox): State<Sandbox>) -> Json<Value> {
    let (waiting, fired) = sandbox.faults_waiting();
    Json(json!({ "waiting": waiting, "fired": fired }))
}

async fn add_fault(State(sandbox): State<Sandbox>, Body(fault): Body<Fault>) -> StatusCode {
    sandbox.add_fault(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.clear_faults();
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Caller {
    ip: String,
}

async fn set_caller(State(sandbox): State<Sandbox>, Body(caller): Body<Caller>) -> StatusCode {
    sandbox.set_caller_ip(&caller.ip);
    StatusCode::NO_CONTENT
}

async fn set_mix(State(sandbox): State<Sandbox>, Body(mix): Body<Mix>) -> StatusCode {
    sandbox.set_mix(Some(mix));
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
struct Page {
    owner: Option<String>,
    skip: Option<usize>,
    take: Option<usize>,
}

async fn moments(
    State(sandbox): State<Sandbox>,
    Query(page): Query<Page>,
) -> ([(HeaderName, String); 1], Json<Vec<MomentRecord>>) {
    let found = sandbox.moments_page(page.owner.as_deref(), page.skip.unwrap_or(0), page.take.unwrap_or(PAGE));
    (
        [(HeaderName::from_static("x-total"), sandbox.moment_count().to_string())],
        Json(found),
    )
}

async fn calls(State(sandbox): State<Sandbox>) -> Json<CallCounts> {
    Json(sandbox.calls())
}

async fn violations(State(sandbox): State<Sandbox>) -> Json<Vec<Violation>> {
    Json(sandbox.violations())
}
