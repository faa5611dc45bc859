//! Lists in requests and answers.

use moments_domain::FieldError;
use moments_engine::words::{Judgement, Level};
use moments_engine::{Problem, PutWordList, WordListView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{HitBody, SourceBody};
use crate::error::ApiError;
use crate::extract::JsonBody;
use crate::wire::{self, WireTime};

/// 词库，不含内容
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WordListHead)]
pub(crate) struct WordListHead {
    /// 词库ID
    #[schema(example = 7)]
    id: i64,
    /// 名称
    #[schema(example = "禁用词")]
    name: String,
    /// 适用范围：ALL 所有用户，MINE 仅自己
    #[schema(example = "ALL")]
    scope: &'static str,
    /// 类型：WORDS 词语，ALLOW 放行短语，LINK_ALLOW 允许的域名，LINK_DENY 禁止的域名
    #[schema(example = "WORDS")]
    kind: String,
    /// 未注明级别的词条的级别：WARN 提醒，BLOCK 阻止
    #[schema(example = "BLOCK")]
    level: String,
    /// 是否启用
    #[schema(example = true)]
    enabled: bool,
    /// 版本，每次修改加一
    #[schema(example = 3)]
    version: i64,
    /// 内容的 SHA-256
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    hash: String,
    /// 词条数量
    #[schema(example = 120)]
    entries: u64,
    /// 最后修改者的用户ID
    #[schema(example = 1)]
    update_by: i64,
    /// 创建时间（UTC）
    #[schema(schema_with = wire::date_time)]
    create_time: WireTime,
    /// 更新时间（UTC）
    #[schema(schema_with = wire::date_time)]
    update_time: WireTime,
}

/// 词库及其内容
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WordList)]
pub(crate) struct WordListBody {
    #[serde(flatten)]
    head: WordListHead,
    /// 内容，每行一条
    #[schema(example = "微信 | 引流 | level=BLOCK | pinyin,initials | 请勿引导站外联系")]
    content: String,
}

/// 新建或修改词库的请求
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PutWordList)]
pub(crate) struct PutBody {
    /// 修改所依据的版本；修改时必填，新建时忽略
    #[schema(example = 3)]
    version: Option<i64>,
    /// 名称，1 到 100 个字
    #[schema(example = "禁用词", value_type = String, required)]
    name: Option<String>,
    /// 适用范围：ALL 所有用户（默认），MINE 仅自己
    #[schema(value_type = String, example = "ALL")]
    scope: Option<Scope>,
    /// 类型：WORDS 词语，ALLOW 放行短语，LINK_ALLOW 允许的域名，LINK_DENY 禁止的域名
    #[schema(example = "WORDS", value_type = String, required)]
    kind: Option<String>,
    /// 未注明级别的词条的级别：WARN 提醒（默认），BLOCK 阻止
    #[schema(example = "BLOCK", value_type = String)]
    level: Option<String>,
    /// 是否启用，默认启用
    #[schema(example = true, value_type = bool)]
    enabled: Option<bool>,
    /// 内容，每行一条；默认为空
    #[schema(example = "微信 | 引流 | level=BLOCK | pinyin,initials | 请勿引导站外联系", value_type = String)]
    content: Option<String>,
}

/// 试查的文本与链接
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CheckText)]
pub(crate) struct TextBody {
    /// 文本
    #[schema(example = "全网最低价，加 V 信", value_type = String)]
    text: Option<String>,
    /// 链接
    #[schema(example = "https://example.com/a")]
    link_url: Option<String>,
}

/// 试查的结果
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CheckedText)]
pub(crate) struct VerdictBody {
    /// 最重的级别：WARN 提醒，BLOCK 阻止；没有命中时为 null
    #[schema(example = "WARN", required)]
    level: Option<&'static str>,
    /// 命中总数
    #[schema(example = 1)]
    total: usize,
    /// 命中的词语与链接，最多 20 条，超出时保留级别最重的
    hits: Vec<HitBody>,
    /// 参与检查的词库
    lists: Vec<SourceBody>,
}

/// 适用范围
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Scope {
    /// 所有用户
    All,
    /// 仅自己
    Mine,
}

impl JsonBody for PutBody {
    fn shape(field: &str) -> &'static str {
        match field {
            "version" => "整数",
            "enabled" => "布尔值",
            "scope" => " ALL 或 MINE",
            _ => "字符串",
        }
    }
}

impl JsonBody for TextBody {
    fn shape(_field: &str) -> &'static str {
        "字符串"
    }
}

impl TextBody {
    /// The text and the link.
    pub(crate) fn parts(self) -> (String, Option<String>) {
        (self.text.unwrap_or_default(), self.link_url)
    }
}

impl PutBody {
    /// The version that was seen; a change must name it.
    pub(crate) fn version(&self) -> Result<i64, ApiError> {
        let missing = || FieldError::new("version", "请填写修改所依据的版本");
        let version = self.version.ok_or_else(|| Problem::Invalid(vec![missing()]));
        Ok(version?)
    }
}

impl From<PutBody> for PutWordList {
    fn from(body: PutBody) -> Self {
        Self {
            name: body.name.unwrap_or_default(),
            everybody: !matches!(body.scope, Some(Scope::Mine)),
            kind: body.kind.unwrap_or_default(),
            level: body.level.unwrap_or_else(|| Level::Warn.name().to_owned()),
            enabled: body.enabled.unwrap_or(true),
            content: body.content.unwrap_or_default(),
        }
    }
}

impl From<WordListView> for WordListHead {
    fn from(view: WordListView) -> Self {
        let list = view.list;
        Self {
            id: view.id,
            name: list.name,
            scope: if list.owner.is_none() { "ALL" } else { "MINE" },
            kind: list.kind,
            level: list.level,
            enabled: list.enabled,
            version: view.version,
            hash: list.hash,
            entries: list.entries,
            update_by: view.update_by.0,
            create_time: WireTime(view.create_time),
            update_time: WireTime(view.update_time),
        }
    }
}

impl From<WordListView> for WordListBody {
    fn from(mut view: WordListView) -> Self {
        let content = std::mem::take(&mut view.list.content);
        Self {
            head: view.into(),
            content,
        }
    }
}

impl From<Judgement> for VerdictBody {
    fn from(judgement: Judgement) -> Self {
        Self {
            level: judgement.report.level().map(Level::name),
            total: judgement.report.total,
            hits: judgement.report.hits.into_iter().map(HitBody::from).collect(),
            lists: judgement.lists.iter().cloned().map(SourceBody::from).collect(),
        }
    }
}
