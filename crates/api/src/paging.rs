//! Lists in pages (workbench conventions, "The unified response").

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::error::{ApiError, Malformed};

/// Entries on a page when nothing else is asked for.
const SIZE: u64 = 10;
/// Most entries on a page.
const MAX_SIZE: u64 = 100;

/// Which page is asked for: `page` from 1, and `size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paging {
    page: u64,
    pub(crate) size: u64,
}

impl Paging {
    /// How many entries come before the page.
    pub(crate) fn skip(self) -> u64 {
        (self.page - 1).saturating_mul(self.size)
    }
}

/// The parameters as they are sent.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// 页码，从 1 开始，默认 1
    #[param(value_type = Option<u64>, minimum = 1)]
    page: Option<String>,
    /// 每页条数，1 到 100，默认 10
    #[param(value_type = Option<u64>, minimum = 1, maximum = 100)]
    size: Option<String>,
}

impl FromRequestParts<App> for Paging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let params = Query::<PageParams>::from_request_parts(parts, app).await;
        let Query(params) = params.map_err(|_| malformed("page", "查询参数格式错误或重复"))?;
        let page = number(params.page.as_deref(), 1, u64::from(u32::MAX));
        let size = number(params.size.as_deref(), SIZE, MAX_SIZE);
        Ok(Self {
            page: page.ok_or_else(|| malformed("page", "查询参数 page 应为从 1 开始的整数"))?,
            size: size.ok_or_else(|| malformed("size", format!("查询参数 size 应为 1 到 {MAX_SIZE} 的整数")))?,
        })
    }
}

fn number(text: Option<&str>, default: u64, most: u64) -> Option<u64> {
    match text {
        None => Some(default),
        Some(text) => text.parse().ok().filter(|n| (1..=most).contains(n)),
    }
}

fn malformed(parameter: &str, message: impl Into<String>) -> ApiError {
    ApiError::Malformed(Malformed {
        field: Some(parameter.to_owned()),
        message: message.into(),
    })
}

/// 分页结果
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<T> {
    /// 本页内容
    records: Vec<T>,
    /// 总条数
    #[schema(example = 125)]
    total: u64,
    /// 每页条数
    #[schema(example = 10)]
    size: u64,
    /// 当前页码
    #[schema(example = 1)]
    current: u64,
    /// 总页数
    #[schema(example = 13)]
    pages: u64,
}

impl<T> Page<T> {
    pub(crate) fn new(paging: Paging, total: u64, records: Vec<T>) -> Self {
        Self {
            records,
            total,
            size: paging.size,
            current: paging.page,
            pages: total.div_ceil(paging.size),
        }
    }
}
