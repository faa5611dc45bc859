//! The OpenAPI 3.1 document. Paths and schemas come from the handlers; what holds for all of them is added here.

use std::borrow::Cow;

use moments_domain::FieldError;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{OneOfBuilder, Schema};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder, SecurityRequirement};
use utoipa::{OpenApi as _, PartialSchema, ToSchema};

use crate::routes;

/// 错误响应；`data.error` 是供程序判断的稳定代码
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorBody {
    /// 与 HTTP 状态码一致
    #[schema(example = 404)]
    code: u16,
    /// 中文说明
    #[schema(example = "任务不存在")]
    message: String,
    /// 错误详情：`error` 为代码，其余字段因错误而异
    #[schema(example = json!({ "error": "NOT_FOUND" }), value_type = Object)]
    data: Value,
    /// 服务器时间，毫秒
    #[schema(example = 1_698_336_000_000_i64)]
    timestamp: i64,
}

/// 违反规则（422）；一次列出全部
#[derive(Serialize, ToSchema)]
#[schema(as = FieldErrors)]
pub(crate) struct FieldErrorsBody {
    /// 固定为 422
    #[schema(example = 422)]
    code: u16,
    /// 中文说明
    #[schema(example = "请求内容不符合规则")]
    message: String,
    /// 每条对应一个字段
    #[schema(value_type = Vec<FieldErrorBody>)]
    data: Vec<FieldError>,
    /// 服务器时间，毫秒
    #[schema(example = 1_698_336_000_000_i64)]
    timestamp: i64,
}

/// 一个字段的问题
#[derive(Serialize, ToSchema)]
#[schema(as = FieldError)]
pub(crate) struct FieldErrorBody {
    /// 字段名，必要时带序号
    #[schema(example = "accountIds")]
    field: String,
    /// 问题与要求
    #[schema(example = "请至少选择一个微信账号")]
    message: String,
}

/// A 422 that lists fields, or says why a platform refused. Only for the document.
pub(crate) enum UnprocessableBody {}

impl PartialSchema for UnprocessableBody {
    fn schema() -> RefOr<Schema> {
        let one = |name| Ref::from_schema_name(name);
        RefOr::T(Schema::OneOf(
            OneOfBuilder::new().item(one("FieldErrors")).item(one("Error")).build(),
        ))
    }
}

impl ToSchema for UnprocessableBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Unprocessable")
    }
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "朋友圈同步", description = "将内容一键同步或定时发布到多个微信账号的朋友圈。所有响应均为统一格式 `{code, message, data, timestamp}`。"),
    tags(
        (name = "accounts", description = "可发布的微信账号"),
        (name = "sync", description = "同步任务"),
        (name = "media", description = "上传图片与视频"),
        (name = "channels", description = "发布渠道"),
        (name = "limits", description = "发布限制：每日条数、间隔、安静时段等"),
        (name = "logins", description = "个人微信扫码登录"),
        (name = "compliance", description = "内容合规：词库与链接名单"),
        (name = "audit", description = "审计记录"),
        (name = "health", description = "运行状态"),
    ),
    components(schemas(ErrorBody, FieldErrorsBody)),
)]
struct Document;

/// What every route with a token may also answer.
const USUAL: &[(&str, &str)] = &[
    ("401", "未登录，或令牌无效、已过期"),
    ("403", "令牌没有所需的权限"),
    ("429", "请求过于频繁，见响应头 Retry-After"),
    ("500", "服务内部错误"),
    ("503", "服务暂时不可用或处理超时，可稍后重试"),
];

/// The document as JSON, the same text as `/openapi.json`. Empty only if the document cannot be written, which its test rules out.
pub fn openapi_json() -> String {
    document().to_json().unwrap_or_default()
}

pub(crate) fn document() -> OpenApi {
    let mut document = Document::openapi();
    document.merge(routes::documented().into_openapi());
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    for item in document.paths.paths.values_mut() {
        for operation in [
            &mut item.get,
            &mut item.post,
            &mut item.patch,
            &mut item.put,
            &mut item.delete,
        ]
        .into_iter()
        .flatten()
        {
            add_usual(operation);
        }
    }
    document
}

fn add_usual(operation: &mut Operation) {
    if !needs_token(operation) {
        return;
    }
    for (status, description) in USUAL {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Error")))
            .build();
        let response = ResponseBuilder::new()
            .description(*description)
            .content("application/json", content)
            .build();
        operation
            .responses
            .responses
            .entry((*status).to_owned())
            .or_insert_with(|| response.into());
    }
}

fn needs_token(operation: &Operation) -> bool {
    operation
        .security
        .as_ref()
        .is_some_and(|all| all.iter().any(|one| *one != SecurityRequirement::default()))
}
