//! What lists and the moderation service say of the content.

use moments_compliance::{Hit, HitKind, Level, Place, Report};
use moments_domain::{Finding, FindingCode, FindingLevel};
use moments_store::Judged;

use crate::app::Engine;
use crate::checks::Proposal;
use crate::problem::Problem;
use crate::words::{Decision, Moderated, ModerationVerdict, WhenDown};

/// A word of a list that blocks is never shown to the moderation service: nothing it says could help.
pub(super) async fn check(engine: &Engine, proposal: &Proposal) -> Result<(Vec<Finding>, Judged), Problem> {
    let judgement = engine.judge_post(proposal.user, &proposal.content);
    let report = judgement.report;
    let mut findings: Vec<_> = report.hits.iter().map(|hit| of_hit(hit, proposal)).collect();
    let moderator = engine.settings.compliance.moderator.as_ref();
    let moderated = match moderator.filter(|_| report.level() != Some(Level::Block)) {
        Some(moderator) => {
            let moderated = moderator.ask(&proposal.content).await;
            findings.extend(of_moderation(&moderated, moderator.when_down, proposal));
            Some(moderated)
        }
        None => None,
    };
    let judged = Judged {
        word_set: judgement.set.as_deref().map(str::to_owned),
        decision: kept(report, moderated)?,
    };
    Ok((findings, judged))
}

fn kept(report: Report, moderation: Option<Moderated>) -> Result<Option<String>, Problem> {
    if report.hits.is_empty() && moderation.is_none() {
        return Ok(None);
    }
    let decision = Decision {
        lists: Vec::new(),
        hits: report.hits,
        total: report.total,
        moderation,
    };
    let text = serde_json::to_string(&decision).map_err(|error| Problem::Internal(Box::new(error)))?;
    Ok(Some(text))
}

fn of_hit(hit: &Hit, proposal: &Proposal) -> Finding {
    let code = match hit.kind {
        HitKind::Word => FindingCode::ListedWord,
        HitKind::LinkDenied => FindingCode::LinkDenied,
        HitKind::LinkNotAllowed => FindingCode::LinkNotAllowed,
    };
    let level = match hit.level {
        Level::Warn => FindingLevel::Warning,
        Level::Block => FindingLevel::Blocked,
    };
    Finding {
        level,
        code,
        field: proposal.content_field(hit.place.field()),
        message: message(hit),
        advice: hit.advice.clone(),
        account_id: None,
    }
}

/// `文本第 3 字起“微 信”命中词库“禁用词”（版本 4，引流）的“微信”`.
fn message(hit: &Hit) -> String {
    let place = match hit.place {
        Place::Text { start, .. } => format!("文本第 {} 字起", start + 1),
        Place::Title { start, .. } => format!("链接标题第 {} 字起", start + 1),
        Place::Link => "链接".to_owned(),
    };
    let category = hit.category.as_deref().map(|category| format!("，{category}"));
    let word = if hit.found == hit.word {
        String::new()
    } else {
        format!("的“{}”", hit.word)
    };
    format!(
        "{place}“{}”命中词库“{}”（版本 {}{}）{word}",
        hit.found,
        hit.list.name,
        hit.list.version,
        category.unwrap_or_default()
    )
}

fn of_moderation(moderated: &Moderated, when_down: WhenDown, proposal: &Proposal) -> Option<Finding> {
    let reason = moderated.reason.as_deref().filter(|reason| !reason.is_empty());
    let because = reason.map(|reason| format!("：{reason}")).unwrap_or_default();
    let (level, code, message, advice) = match (moderated.verdict, when_down) {
        (ModerationVerdict::Pass, _) | (ModerationVerdict::Down, WhenDown::Pass) => return None,
        (ModerationVerdict::Review, _) => {
            let message = format!("内容审核服务建议人工复核{because}");
            (
                FindingLevel::Warning,
                FindingCode::ModerationReview,
                message,
                "请复核内容，必要时取消任务",
            )
        }
        (ModerationVerdict::Block, _) => {
            let message = format!("内容审核服务拒绝了该内容{because}");
            (
                FindingLevel::Blocked,
                FindingCode::ModerationBlocked,
                message,
                "请修改内容后重试",
            )
        }
        (ModerationVerdict::Down, WhenDown::Warn) => {
            let message = "内容审核服务没有答复，内容未经审核".to_owned();
            (
                FindingLevel::Warning,
                FindingCode::ModerationDown,
                message,
                "按设置仍然接受，请自行确认内容合规",
            )
        }
        (ModerationVerdict::Down, WhenDown::Block) => {
            let message = "内容审核服务没有答复".to_owned();
            (
                FindingLevel::Blocked,
                FindingCode::ModerationDown,
                message,
                "按设置不予接受，请稍后重试",
            )
        }
    };
    Some(Finding {
        level,
        code,
        // The service judges the content as a whole.
        field: proposal.content_field("text"),
        message,
        advice: advice.to_owned(),
        account_id: None,
    })
}
