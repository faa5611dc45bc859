//! What every request passes on its way in and out: an id, a span, a time limit, a net for panics, the envelope, one line
//! in the log and one count in the metrics.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::app::App;
use crate::envelope;
use crate::error::ApiError;
use crate::metrics::count_request;
use crate::request_id::{X_REQUEST_ID, request_id};
use crate::routes::UPLOADS;

/// Shown as the route of a request that no route matches: a caller's path is nobody's label.
const NO_ROUTE: &str = "-";

/// The outermost middleware.
pub(crate) async fn edge(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let span = tracing::info_span!(
        "request", request.id = id.to_str().unwrap_or_default(), %method, route, user.id = Empty, task.id = Empty
    );
    async move {
        let work = guarded(request, next, patience(&app, route));
        let response = moments_engine::audit::in_request(id.to_str().unwrap_or_default(), work).await;
        let mut response = envelope::close(response, app.clock.now());
        response.headers_mut().insert(X_REQUEST_ID, id);
        let took = began.elapsed();
        count_request(&method, route, response.status(), took);
        log(&method, route, response.status(), took.as_secs_f64() * 1000.0);
        response
    }
    .instrument(span)
    .await
}

/// Tells the request's span whose request it is.
pub(crate) fn note_user(user: moments_domain::UserId) {
    Span::current().record("user.id", user.0);
}

/// How long a request may take.
fn patience(app: &App, route: &str) -> Duration {
    if route == UPLOADS {
        app.limits.upload_timeout
    } else {
        app.limits.timeout
    }
}

/// The answer of the inner service, or a 503 when it takes too long, or a 500 when it panics.
async fn guarded(request: Request, next: Next, patience: Duration) -> Response {
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(patience, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!("a handler panicked");
            ApiError::Defect.into_response()
        }
        Err(_) => ApiError::TimedOut.into_response(),
    }
}

/// One line for each request; no path, query, body or header. Those that went well are for debugging only.
fn log(method: &Method, route: &str, status: StatusCode, ms: f64) {
    let status = status.as_u16();
    if status < 400 {
        tracing::debug!(%method, route, status, ms, "answered");
    } else {
        tracing::info!(%method, route, status, ms, "answered");
    }
}
