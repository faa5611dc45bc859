//! What WeCom sends us, and an administrator who comes back from it (reference wecom 3.2 and 4). No token opens these: a signature does, or a state.
//!
//! Answers are the bare texts that the platform wants; a refusal has no body, so that nobody learns what was wrong.

mod page;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use moments_domain::ChannelId;
use moments_engine::{CallbackAddress, CallbackError, CallbackRefusal, Problem, PushQuery, UrlQuery};
use secrecy::SecretString;
use serde::Deserialize;

use crate::app::App;
use crate::envelope::as_it_is;

/// Far above any push: the largest ticket has 512 bytes.
const MOST_BYTES: usize = 64 << 10;

/// Where an administrator comes back to.
#[derive(Deserialize)]
pub(crate) struct InstalledQuery {
    auth_code: Option<SecretString>,
    state: Option<String>,
}

pub(crate) async fn check_suite_url(
    State(app): State<App>,
    Path((suite, address)): Path<(String, String)>,
    Query(query): Query<UrlQuery>,
) -> Response {
    check(&app, of_suite(suite, &address), &query).await
}

pub(crate) async fn suite_push(
    State(app): State<App>,
    Path((suite, address)): Path<(String, String)>,
    Query(query): Query<PushQuery>,
    body: Body,
) -> Response {
    push(&app, of_suite(suite, &address), &query, body).await
}

pub(crate) async fn check_channel_url(
    State(app): State<App>,
    Path(id): Path<i64>,
    Query(query): Query<UrlQuery>,
) -> Response {
    check(&app, Some(CallbackAddress::Channel(ChannelId(id))), &query).await
}

pub(crate) async fn channel_push(
    State(app): State<App>,
    Path(id): Path<i64>,
    Query(query): Query<PushQuery>,
    body: Body,
) -> Response {
    push(&app, Some(CallbackAddress::Channel(ChannelId(id))), &query, body).await
}

/// The end of an install in the administrator's browser.
pub(crate) async fn installed(State(app): State<App>, Query(query): Query<InstalledQuery>) -> Response {
    let (Some(code), Some(state)) = (query.auth_code, query.state) else {
        return told(StatusCode::BAD_REQUEST, page::incomplete());
    };
    match app.engine.install_arrived(&state, code).await {
        Ok(arrival) => match &arrival.go_to {
            Some(url) => Redirect::to(url).into_response(),
            None => told(StatusCode::OK, page::of(&arrival)),
        },
        Err(Problem::NotFound(_)) => told(StatusCode::NOT_FOUND, page::unknown()),
        Err(error) => {
            tracing::error!(%error, source = ?std::error::Error::source(&error), "an install could not be finished");
            told(StatusCode::SERVICE_UNAVAILABLE, page::busy())
        }
    }
}

fn told(status: StatusCode, html: String) -> Response {
    as_it_is((status, page::HEADERS, Html(html)).into_response())
}

fn of_suite(suite: String, address: &str) -> Option<CallbackAddress> {
    match address {
        "instruction" => Some(CallbackAddress::Instruction(suite)),
        "data" => Some(CallbackAddress::Data(suite)),
        _ => None,
    }
}

async fn check(app: &App, address: Option<CallbackAddress>, query: &UrlQuery) -> Response {
    let Some(address) = address else {
        return bare(StatusCode::NOT_FOUND);
    };
    match app.engine.check_callback_url(&address, query).await {
        Ok(text) => text.into_response(),
        Err(refusal) => bare(status_of(&refusal)),
    }
}

async fn push(app: &App, address: Option<CallbackAddress>, query: &PushQuery, body: Body) -> Response {
    let Some(address) = address else {
        return bare(StatusCode::NOT_FOUND);
    };
    let Ok(bytes) = to_bytes(body, MOST_BYTES).await else {
        return bare(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return bare(StatusCode::BAD_REQUEST);
    };
    match app.engine.take_push(&address, query, text).await {
        Ok(()) => "success".into_response(),
        Err(refusal) => bare(status_of(&refusal)),
    }
}

fn bare(status: StatusCode) -> Response {
    as_it_is(status.into_response())
}

const fn status_of(refusal: &CallbackRefusal) -> StatusCode {
    match refusal {
        CallbackRefusal::Unknown => StatusCode::NOT_FOUND,
        CallbackRefusal::NotBelieved(CallbackError::Malformed | CallbackError::Base64 | CallbackError::BadBuffer) => {
            StatusCode::BAD_REQUEST
        }
        CallbackRefusal::NotBelieved(_) => StatusCode::FORBIDDEN,
        CallbackRefusal::NotKept(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
