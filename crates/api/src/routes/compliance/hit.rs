//! Hits as they are shown: of a try, and with a task.

use moments_engine::words::{Decision, Hit, Moderated, Place, Source};
use serde::Serialize;
use utoipa::ToSchema;

/// 创建任务时的内容合规检查
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Compliance)]
pub(crate) struct ComplianceBody {
    /// 命中总数
    #[schema(example = 1)]
    total: usize,
    /// 命中的词语与链接，最多 20 条
    hits: Vec<HitBody>,
    /// 参与检查的词库及当时的版本
    lists: Vec<SourceBody>,
    /// 外部审核服务的结论，未使用时为 null
    #[schema(required)]
    moderation: Option<ModerationBody>,
}

/// 外部审核服务的结论
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Moderation)]
pub(crate) struct ModerationBody {
    /// PASS 通过，REVIEW 建议复核，BLOCK 拒绝，DOWN 没有答复
    #[schema(example = "PASS")]
    verdict: &'static str,
    /// 审核服务给出的原因，没有时为 null
    #[schema(example = json!(null), required)]
    reason: Option<String>,
}

/// 命中的一处词语或链接
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WordHit)]
pub(crate) struct HitBody {
    /// 类型：WORD 词语，LINK_DENIED 禁止的域名，LINK_NOT_ALLOWED 不在允许名单内的域名
    #[schema(example = "WORD")]
    kind: &'static str,
    /// 级别：WARN 提醒，BLOCK 阻止
    #[schema(example = "BLOCK")]
    level: &'static str,
    /// 所在字段：text、link.title 或 link.url
    #[schema(example = "text")]
    field: &'static str,
    /// 词库中的词条，或链接的域名
    #[schema(example = "微信")]
    word: String,
    /// 文本中的写法
    #[schema(example = "微 信")]
    found: String,
    /// 在该字段中的起始位置（按字符，从 0 开始）；位于 link.url 时为 null
    #[schema(example = 2, required)]
    start: Option<usize>,
    /// 在该字段中的结束位置（不含）；位于 link.url 时为 null
    #[schema(example = 5, required)]
    end: Option<usize>,
    /// 前后文
    #[schema(example = "请加微 信联系")]
    excerpt: String,
    /// 所属词库
    list: SourceBody,
    /// 类别，未注明时为 null
    #[schema(example = "引流", required)]
    category: Option<String>,
    /// 修改建议
    #[schema(example = "请勿引导站外联系")]
    advice: String,
}

/// 词库及其版本
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WordListSource)]
pub(crate) struct SourceBody {
    /// 词库ID；内置词库为 `builtin:…`，文件词库为 `file:…`
    #[schema(example = "7")]
    id: String,
    /// 名称
    #[schema(example = "禁用词")]
    name: String,
    /// 版本
    #[schema(example = "3")]
    version: String,
}

impl From<Hit> for HitBody {
    fn from(hit: Hit) -> Self {
        let (start, end) = match hit.place {
            Place::Text { start, end } | Place::Title { start, end } => (Some(start), Some(end)),
            Place::Link => (None, None),
        };
        Self {
            field: hit.place.field(),
            kind: hit.kind.name(),
            level: hit.level.name(),
            word: hit.word,
            found: hit.found,
            start,
            end,
            excerpt: hit.excerpt,
            list: hit.list.into(),
            category: hit.category,
            advice: hit.advice,
        }
    }
}

impl From<Source> for SourceBody {
    fn from(source: Source) -> Self {
        Self {
            id: source.id,
            name: source.name,
            version: source.version,
        }
    }
}

impl From<Decision> for ComplianceBody {
    fn from(decision: Decision) -> Self {
        Self {
            total: decision.total,
            hits: decision.hits.into_iter().map(HitBody::from).collect(),
            lists: decision.lists.into_iter().map(SourceBody::from).collect(),
            moderation: decision.moderation.map(ModerationBody::from),
        }
    }
}

impl From<Moderated> for ModerationBody {
    fn from(moderated: Moderated) -> Self {
        Self {
            verdict: moderated.verdict.name(),
            reason: moderated.reason,
        }
    }
}
