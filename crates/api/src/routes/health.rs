//! Whether the process lives, whether it can work, and how it fares.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use moments_engine::Check;
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

/// 就绪状态
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Readiness)]
pub(crate) struct ReadinessBody {
    /// 固定为 UP；未就绪时响应为 503
    #[schema(example = "UP")]
    status: &'static str,
    /// 本进程的各项检查
    checks: Vec<CheckBody>,
}

/// 一项检查
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReadinessCheck)]
pub(crate) struct CheckBody {
    /// database、broker、scheduler、worker 或 oldest_due；只列出本进程的角色所涉及的
    #[schema(example = "database")]
    pub(crate) name: &'static str,
    /// UP 或 DOWN
    #[schema(example = "UP")]
    pub(crate) status: &'static str,
    /// 不正常的原因；正常时为 null
    #[schema(example = json!(null), required)]
    pub(crate) reason: Option<String>,
}

impl From<&Check> for CheckBody {
    fn from(check: &Check) -> Self {
        Self {
            name: check.name,
            status: if check.trouble.is_none() { "UP" } else { "DOWN" },
            reason: check.trouble.clone(),
        }
    }
}

/// 就绪检查
///
/// 检查本进程的工作是否在推进：数据库、消息队列、调度、取任务，以及是否有到期的发布无人处理。结果最多缓存 1 秒。
#[utoipa::path(
    get, path = "/readyz", tag = "health", security(()),
    responses(
        (status = 200, description = "各项检查正常", body = Envelope<ReadinessBody>),
        (status = 503, description = "至少一项检查不正常，`message` 说明原因，`data.checks` 为各项检查", body = ErrorBody),
    ),
)]
pub(crate) async fn readyz(State(app): State<App>) -> Result<Reply<ReadinessBody>, ApiError> {
    let health = app.engine.health().await;
    let checks = health.checks.iter().map(CheckBody::from).collect();
    if health.is_ready() {
        Ok(Reply::ok(ReadinessBody { status: "UP", checks }))
    } else {
        Err(ApiError::NotReady(checks))
    }
}

/// The text that Prometheus scrapes.
pub(crate) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        app.metrics.render(),
    )
}
