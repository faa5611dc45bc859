//! Whether the process lives, whether it can work, and how it fares.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::openapi::ErrorBody;

/// 服务状态
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthBody {
    /// 固定为 UP
    #[schema(example = "UP")]
    status: &'static str,
}

const UP: HealthBody = HealthBody { status: "UP" };

/// 存活检查
///
/// 进程存活即返回 200，不检查任何依赖。
#[utoipa::path(
    get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, description = "进程存活", body = Envelope<HealthBody>)),
)]
pub(crate) async fn healthz() -> Reply<HealthBody> {
    Reply::ok(UP)
}

/// 就绪检查
#[utoipa::path(
    get, path = "/readyz", tag = "health", security(()),
    responses(
        (status = 200, description = "可以处理请求", body = Envelope<HealthBody>),
        (status = 503, description = "暂时不能处理请求，`message` 说明原因", body = ErrorBody),
    ),
)]
pub(crate) async fn readyz(State(app): State<App>) -> Result<Reply<HealthBody>, ApiError> {
    app.engine.ready().await.map_err(ApiError::NotReady)?;
    Ok(Reply::ok(UP))
}

/// The text that Prometheus scrapes.
pub(crate) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        app.metrics.render(),
    )
}
