//! `/sandbox/`: what was published, for people. And the pictures it shows, by hash.

use std::fmt::Write;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::{Timestamp, tz};

use crate::Sandbox;
use crate::blobs::Sha;
use crate::fault::World;
use crate::record::{MomentRecord, MomentStage, SenderRecord};

/// Latest moments shown of each owner, and of all.
const SHOWN: usize = 60;

const STYLE: &str = "body{font:15px/1.6 system-ui,'PingFang SC','Microsoft YaHei',sans-serif;background:#f3f4f6;color:#1f2937;margin:0}\
main{max-width:760px;margin:0 auto;padding:24px 16px}h1{font-size:22px;margin:0 0 4px}.sum{color:#6b7280;margin-bottom:18px}\
article{background:#fff;border-radius:10px;padding:16px 18px;margin-bottom:14px;box-shadow:0 1px 2px #0001}\
.who{font-weight:600;color:#3b5b8c}.meta{color:#9ca3af;font-size:13px}.text{white-space:pre-wrap;margin:6px 0}\
.pics{display:grid;grid-template-columns:repeat(3,1fr);gap:6px;max-width:420px}.pics img,.pics video{width:100%;aspect-ratio:1;object-fit:cover;border-radius:4px}\
.tag{display:inline-block;border-radius:4px;padding:0 6px;margin:4px 6px 0 0;font-size:13px;background:#e5e7eb}\
.ok{background:#d1fae5;color:#065f46}.wait{background:#fef3c7;color:#92400e}.bad{background:#fee2e2;color:#991b1b}";

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/sandbox", get(|| async { Redirect::permanent("/sandbox/") }))
        .route("/sandbox/", get(page))
        .route("/sandbox/media/{sha}", get(medium))
}

async fn page(State(sandbox): State<Sandbox>) -> Html<String> {
    let mut html = format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"5\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>沙箱朋友圈</title><style>{STYLE}</style></head><body><main>"
    );
    push_summary(&mut html, &sandbox);
    for moment in latest(&sandbox) {
        push_moment(&mut html, &moment);
    }
    html.push_str("</main></body></html>");
    Html(html)
}

async fn medium(State(sandbox): State<Sandbox>, Path(sha): Path<String>) -> Response {
    let sha = hex::decode(sha).ok().and_then(|bytes| Sha::try_from(bytes).ok());
    match sha.and_then(|sha| sandbox.blobs().get(&sha)) {
        Some((bytes, mime)) => (
            [(header::CONTENT_TYPE, mime), (header::CACHE_CONTROL, "max-age=3600")],
            bytes,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn latest(sandbox: &Sandbox) -> Vec<MomentRecord> {
    let corps = sandbox.corps().into_iter().map(|corp| (corp.corpid, corp.moments));
    let devices = sandbox
        .devices()
        .into_iter()
        .map(|device| (device.wxid, device.moments));
    let mut moments: Vec<MomentRecord> = corps
        .chain(devices)
        .flat_map(|(owner, count)| sandbox.moments_page(Some(&owner), count.saturating_sub(SHOWN), SHOWN))
        .collect();
    moments.sort_by_key(|moment| std::cmp::Reverse(moment.create_ms));
    moments.truncate(SHOWN);
    moments
}

// Writing into a String cannot fail, so the results below are dropped.

fn push_summary(html: &mut String, sandbox: &Sandbox) {
    let violations = sandbox.violation_count();
    let class = if violations == 0 { "ok" } else { "bad" };
    let _ = write!(
        html,
        "<h1>沙箱里的朋友圈</h1><div class=\"sum\">沙箱时间 {}　·　共 {} 条　·　<span class=\"tag {class}\">违规 {violations}</span>\
         <br>这里的一切都是模拟：没有真实企业、真实成员，也不会发布到微信。</div>",
        local_time(sandbox.clock().now_ms()),
        sandbox.moment_count()
    );
    for violation in sandbox.violations().iter().rev().take(5) {
        let _ = write!(
            html,
            "<div class=\"tag bad\">{:?} {} {}</div>",
            violation.kind,
            escaped(&violation.owner),
            escaped(&violation.detail)
        );
    }
}

fn push_moment(html: &mut String, moment: &MomentRecord) {
    let world = if moment.world == World::Wecom {
        "企业微信"
    } else {
        "个人微信"
    };
    let _ = write!(
        html,
        "<article><div class=\"who\">{}</div><div class=\"meta\">{world}　{}　{}　{}</div><div class=\"text\">{}</div>",
        escaped(&moment.owner),
        local_time(moment.create_ms),
        stage_text(moment.stage),
        escaped(&moment.moment_id),
        escaped(&moment.text)
    );
    push_media(html, moment);
    push_link(html, moment);
    push_audience(html, moment);
    for sender in &moment.senders {
        push_sender(html, sender);
    }
    for invalid in &moment.invalid {
        let _ = write!(html, "<span class=\"tag bad\">{} 无效</span>", escaped(invalid));
    }
    html.push_str("</article>");
}

fn push_media(html: &mut String, moment: &MomentRecord) {
    html.push_str("<div class=\"pics\">");
    for sha in &moment.media {
        let _ = if moment.kind == "video" {
            write!(html, "<video controls src=\"/sandbox/media/{sha}\"></video>")
        } else {
            write!(html, "<img alt=\"\" loading=\"lazy\" src=\"/sandbox/media/{sha}\">")
        };
    }
    html.push_str("</div>");
}

fn push_link(html: &mut String, moment: &MomentRecord) {
    if let Some(link) = &moment.link {
        let _ = write!(
            html,
            "<div class=\"text\">🔗 {}<br><span class=\"meta\">{}</span></div>",
            escaped(&link.title),
            escaped(&link.url)
        );
    }
}

fn push_audience(html: &mut String, moment: &MomentRecord) {
    if let Some(people) = &moment.visible_to {
        let _ = write!(html, "<span class=\"tag\">仅 {} 人可见</span>", people.len());
    }
}

fn push_sender(html: &mut String, sender: &SenderRecord) {
    let (class, text) = if sender.published {
        ("ok", "已发表")
    } else {
        ("wait", "待发表")
    };
    let _ = write!(
        html,
        "<span class=\"tag {class}\">{} {text}</span>",
        escaped(&sender.userid)
    );
}

fn stage_text(stage: MomentStage) -> &'static str {
    match stage {
        MomentStage::Job => "创建中",
        MomentStage::Dispatching => "下发中",
        MomentStage::Live => "已下发",
        MomentStage::Cancelled => "已停止",
        MomentStage::Deleted => "已删除",
        MomentStage::Failed => "创建失败",
    }
}

fn local_time(ms: i64) -> String {
    let local = tz::offset(8).to_datetime(Timestamp::from_millisecond(ms).unwrap_or_default());
    local.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
