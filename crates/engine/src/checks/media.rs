//! Media whose bytes are known, against what the platforms of the post take.

use moments_domain::{ChannelKind, Finding, FindingCode, FindingLevel};
use moments_media::KeptMedia;

use crate::app::Engine;
use crate::checks::Proposal;

/// A video that a platform will not take is refused; one that will be cut, and an animation of which one frame will be seen, is told.
pub(super) fn check(engine: &Engine, proposal: &Proposal) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (media, n) in proposal.known_media.iter().zip(1..) {
        let Some(media) = media else {
            continue;
        };
        for kind in kinds(proposal) {
            findings.extend(unfit(engine, media, (proposal, n), kind));
        }
        findings.extend(stilled(media, (proposal, n)));
    }
    findings
}

/// The platforms that the post goes to.
fn kinds(proposal: &Proposal) -> impl Iterator<Item = ChannelKind> {
    let goes_to = |kind: &ChannelKind| {
        let wanted = kind.account_type();
        proposal.accounts.iter().any(|account| account.account_type == wanted)
    };
    ChannelKind::ALL.iter().copied().filter(goes_to)
}

fn unfit(engine: &Engine, media: &KeptMedia, (proposal, n): (&Proposal, usize), kind: ChannelKind) -> Option<Finding> {
    let limits = engine.platforms.of(kind)?.media_limits();
    let Err(error) = engine.media.judge(media, &limits, proposal.content.video_cut) else {
        return limits
            .is_too_long(media)
            .then(|| shortened(media, (proposal, n), kind, limits.video_max_secs));
    };
    Some(Finding {
        level: FindingLevel::Blocked,
        code: FindingCode::MediaUnfit,
        field: proposal.media_field(),
        message: format!("{}不符合{}的要求", proposal.content.file_name(n), kind.label()),
        advice: error.operator_message(),
        account_id: None,
    })
}

fn shortened(media: &KeptMedia, (proposal, n): (&Proposal, usize), kind: ChannelKind, secs: u32) -> Finding {
    Finding {
        level: FindingLevel::Warning,
        code: FindingCode::MediaChanged,
        field: proposal.media_field(),
        message: format!(
            "{}时长 {} 秒，发布到{}时视频将截取前 {secs} 秒",
            proposal.content.file_name(n),
            media.duration_ms.div_ceil(1000),
            kind.label()
        ),
        advice: "如需发布其他片段，请剪辑后再上传".to_owned(),
        account_id: None,
    }
}

fn stilled(media: &KeptMedia, (proposal, n): (&Proposal, usize)) -> Option<Finding> {
    media.animated.then(|| Finding {
        level: FindingLevel::Warning,
        code: FindingCode::MediaChanged,
        field: proposal.media_field(),
        message: format!("{}是动图，发布后只显示第一帧", proposal.content.file_name(n)),
        advice: "如需动态效果请改用视频".to_owned(),
        account_id: None,
    })
}
