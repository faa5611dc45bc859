//! The HTTP edge: routes, envelope, authentication, limits and the OpenAPI document.
//!
//! A request reads in one breath: extractors decide 401, 429, 403 and 400, the handler calls one use case of the engine,
//! and its answer, whatever it is, leaves through the [`edge`] in the workbench's unified response.
//!
//! To add a route: write a handler in `routes/` that takes a [`Caller`](auth::Caller) with its permission (a line in
//! `auth/permission.rs` if it is new), annotate it with `#[utoipa::path]`, and name it in the list in `routes.rs`.
//! The document, the tests of 401 and 403, and the metrics follow from that.

mod app;
mod auth;
mod edge;
mod envelope;
mod error;
mod extract;
mod limits;
mod metrics;
mod openapi;
mod paging;
mod params;
mod qr;
mod request_id;
mod router;
mod routes;
mod uploads;
mod wire;

#[cfg(test)]
mod tests;

pub use app::{Api, Limits};
pub use auth::{ClaimNames, KeyError, PERMISSIONS, Verifier, development_token};
pub use envelope::Envelope;
pub use metrics::{MetricsHandle, install_metrics};
pub use openapi::openapi_json;
pub use router::{health_router, router};
