//! Departments and tags, to choose targets by.

use axum::extract::State;
use moments_domain::ChannelId;
use moments_engine::{Department, DirectoryView, Tag, TagGroup};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{AccountsView, Caller};
use crate::envelope::{Envelope, Reply};
use crate::error::ApiError;
use crate::extract::PathId;
use crate::openapi::{ErrorBody, UnprocessableBody};
use crate::wire::{self, WireTime};

/// 渠道的部门与标签
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Directory)]
pub(crate) struct DirectoryBody {
    /// 从平台读取的时间（UTC），最多早几分钟
    #[schema(schema_with = wire::date_time)]
    read_time: WireTime,
    /// 应用可见的部门；企业微信不向应用提供部门名称，个人微信没有部门
    departments: Vec<DepartmentBody>,
    /// 企业微信的客户标签组；个人微信的标签归入一组
    tag_groups: Vec<TagGroupBody>,
}

/// 部门
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Department)]
struct DepartmentBody {
    /// 部门ID，1 为整个企业
    #[schema(example = 2)]
    id: i64,
    /// 上级部门ID，没有时为 null
    #[schema(example = 1, required)]
    parent_id: Option<i64>,
}

/// 标签组
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TagGroup)]
struct TagGroupBody {
    /// 标签组ID
    #[schema(example = "etbFrQBgAAcQa2zq5Yk3Jm8oOa1m3kRw")]
    id: String,
    /// 名称
    #[schema(example = "客户等级")]
    name: String,
    /// 标签
    tags: Vec<TagBody>,
}

/// 标签
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tag)]
struct TagBody {
    /// 标签ID
    #[schema(example = "etbFrQBgAAn1TfYyJ0p6l7ZcK8mE5xQg")]
    id: String,
    /// 名称
    #[schema(example = "重要客户")]
    name: String,
}

impl From<DirectoryView> for DirectoryBody {
    fn from(view: DirectoryView) -> Self {
        let department = |department: &Department| DepartmentBody {
            id: department.id,
            parent_id: department.parent,
        };
        Self {
            read_time: WireTime(view.read_time),
            departments: view.directory.departments.iter().map(department).collect(),
            tag_groups: view.directory.tag_groups.iter().map(TagGroupBody::from).collect(),
        }
    }
}

impl From<&TagGroup> for TagGroupBody {
    fn from(group: &TagGroup) -> Self {
        let tag = |tag: &Tag| TagBody {
            id: tag.id.clone(),
            name: tag.name.clone(),
        };
        Self {
            id: group.id.clone(),
            name: group.name.clone(),
            tags: group.tags.iter().map(tag).collect(),
        }
    }
}

/// 渠道的部门与标签
///
/// 企业的部门树与客户标签，或个人微信的标签，供选择发布对象时使用。结果缓存几分钟。
#[utoipa::path(
    get, path = "/channels/{id}/directory", tag = "channels",
    params(("id" = i64, Path, minimum = 1, maximum = 9_007_199_254_740_991_i64, description = "渠道ID")),
    responses(
        (status = 200, description = "部门与标签", body = Envelope<DirectoryBody>),
        (status = 400, description = "id 不是有效的整数", body = ErrorBody),
        (status = 404, description = "渠道不存在或不属于当前用户", body = ErrorBody),
        (status = 409, description = "网关未启用", body = ErrorBody),
        (status = 422, description = "应用无权读取、账号离线或平台无法调用（`WechatApiException`）", body = UnprocessableBody),
    ),
    security(("bearer" = ["workbench:wechat:moments:accounts:view"])),
)]
pub(crate) async fn channel_directory(
    caller: Caller<AccountsView>,
    State(app): State<App>,
    PathId(id): PathId,
) -> Result<Reply<DirectoryBody>, ApiError> {
    let directory = app.engine.directory(caller.user, ChannelId(id)).await?;
    Ok(Reply::ok(directory.into()))
}
