//! All routes with what stands around them.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::middleware;
use axum::routing::get;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::app::{Api, App};
use crate::edge::edge;
use crate::error::ApiError;
use crate::{openapi, routes};

/// What a process without the role `api` serves: `/healthz`, `/readyz` and `/metrics`.
pub fn health_router(api: Api) -> Router {
    let app = App::new(api);
    routes::health()
        .fallback(|| std::future::ready(ApiError::NoRoute))
        .method_not_allowed_fallback(|| std::future::ready(ApiError::NoMethod))
        .layer(middleware::from_fn_with_state(app.clone(), edge))
        .with_state(app)
}

/// The whole HTTP edge: the API, `/healthz`, `/readyz`, `/metrics`, `/media/…`, `/openapi.json` and `/docs`.
pub fn router(api: Api) -> Router {
    let body_bytes = api.limits.body_bytes;
    let app = App::new(api);
    let document = openapi::openapi_json();
    let json = move || std::future::ready(([(header::CONTENT_TYPE, "application/json")], document.clone()));
    Router::from(routes::documented())
        .merge(routes::undocumented())
        .route("/openapi.json", get(json))
        .merge(SwaggerUi::new("/docs").config(Config::from("/openapi.json")))
        .fallback(|| std::future::ready(ApiError::NoRoute))
        .method_not_allowed_fallback(|| std::future::ready(ApiError::NoMethod))
        .layer(DefaultBodyLimit::max(body_bytes))
        .layer(middleware::from_fn_with_state(app.clone(), edge))
        .with_state(app)
}
