//! What Prometheus reads.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};
use moments_engine::metrics::{HTTP_DURATION, HTTP_REQUESTS, LATENESS, describe};

pub use metrics_exporter_prometheus::PrometheusHandle as MetricsHandle;

const SECONDS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
/// A post may be late by hours, after downtime or at a limit.
const LATENESS_SECONDS: &[f64] = &[
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0,
];

/// Makes this process keep metrics, and says where to read them. Once for each process: a second call is an error.
///
/// The caller must call [`MetricsHandle::run_upkeep`] every few seconds, or measured durations pile up in memory
/// while nobody reads `/metrics`.
pub fn install_metrics() -> Result<MetricsHandle, BuildError> {
    let handle = builder()?.install_recorder()?;
    describe();
    Ok(handle)
}

/// Counts an answered request. `route` is the template, so that the number of series stays small.
pub(crate) fn count_request(method: &Method, route: &str, status: StatusCode, took: Duration) {
    let method = method_label(method);
    let route = route.to_owned();
    metrics::histogram!(HTTP_DURATION.name, "method" => method, "route" => route.clone()).record(took.as_secs_f64());
    metrics::counter!(HTTP_REQUESTS.name, "method" => method, "route" => route, "status" => status_label(status))
        .increment(1);
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(LATENESS.name.to_owned()), LATENESS_SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
}

/// A caller may invent methods; they share one series.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// The status as text without an allocation, for those that this program answers.
fn status_label(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200 => "200",
        201 => "201",
        202 => "202",
        304 => "304",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        409 => "409",
        413 => "413",
        415 => "415",
        422 => "422",
        429 => "429",
        500 => "500",
        503 => "503",
        code if code < 300 => "2xx",
        code if code < 400 => "3xx",
        code if code < 500 => "4xx",
        _ => "5xx",
    }
}
