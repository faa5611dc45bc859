//! Links and audiences as requests and answers have them.

use moments_domain::{MomentLink, Visibility};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// 链接：与图片、视频互斥，可同时带文本
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MomentLink)]
pub(crate) struct LinkBody {
    /// 标题，一行，最多 64 字且不超过 128 字节（约 42 个汉字）
    #[serde(default)]
    #[schema(example = "秋季新品上架", required, max_length = 64)]
    title: Option<String>,
    /// 链接地址（http 或 https），最多 1024 字节
    #[serde(default)]
    #[schema(example = "https://shop.example.com/autumn", required, max_length = 1024)]
    url: Option<String>,
    /// 封面图片地址，要求与 `mediaUrls` 相同；不传则使用默认封面
    #[serde(default)]
    #[schema(example = "https://cdn.example.com/autumn/cover.jpg")]
    cover_url: Option<String>,
}

/// 可见范围。不传表示对所有能看到该账号朋友圈的人可见；传了就不能全部为空。
///
/// 企业微信账号只看 `customerTags`；个人微信账号只看 `labels`、`denyLabels`、`allow`、`deny` 之一。
/// 每个所选账号都必须有适用的范围，否则整个请求被拒绝，不会变成对所有人可见。
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[schema(as = Visibility)]
pub(crate) struct VisibilityBody {
    /// 企业微信：只对带有其中任一企业客户标签的客户可见；标签ID只在一个企业（渠道）内有效
    #[schema(example = json!(["etAbC0001"]), max_items = 100)]
    customer_tags: Option<Vec<String>>,
    /// 个人微信：只对带有其中任一好友标签的好友可见；标签ID只在一个账号内有效
    #[schema(example = json!(null), max_items = 100)]
    labels: Option<Vec<String>>,
    /// 个人微信：对带有其中任一好友标签的好友不可见
    #[schema(example = json!(null), max_items = 100)]
    deny_labels: Option<Vec<String>>,
    /// 个人微信：只对这些好友（wxid）可见
    #[schema(example = json!(null), max_items = 100)]
    allow: Option<Vec<String>>,
    /// 个人微信：对这些好友（wxid）不可见
    #[schema(example = json!(null), max_items = 100)]
    deny: Option<Vec<String>>,
}

impl From<LinkBody> for MomentLink {
    fn from(body: LinkBody) -> Self {
        Self {
            title: body.title.unwrap_or_default(),
            url: body.url.unwrap_or_default(),
            cover_url: body.cover_url,
        }
    }
}

impl From<MomentLink> for LinkBody {
    fn from(link: MomentLink) -> Self {
        Self {
            title: Some(link.title),
            url: Some(link.url),
            cover_url: link.cover_url,
        }
    }
}

impl From<VisibilityBody> for Visibility {
    fn from(body: VisibilityBody) -> Self {
        Self {
            customer_tags: body.customer_tags.unwrap_or_default(),
            labels: body.labels.unwrap_or_default(),
            deny_labels: body.deny_labels.unwrap_or_default(),
            allow: body.allow.unwrap_or_default(),
            deny: body.deny.unwrap_or_default(),
        }
    }
}

impl From<Visibility> for VisibilityBody {
    fn from(visibility: Visibility) -> Self {
        let filled = |ids: Vec<String>| (!ids.is_empty()).then_some(ids);
        Self {
            customer_tags: filled(visibility.customer_tags),
            labels: filled(visibility.labels),
            deny_labels: filled(visibility.deny_labels),
            allow: filled(visibility.allow),
            deny: filled(visibility.deny),
        }
    }
}
