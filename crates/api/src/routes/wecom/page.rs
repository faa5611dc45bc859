//! What an administrator reads in the browser after an install. Everything that others have named is escaped.

use axum::http::{HeaderName, header};
use moments_domain::InstallStatus;
use moments_engine::Arrival;

/// The page needs nothing from anywhere, and its address holds a code: nobody else shall learn of it.
pub(super) const HEADERS: [(HeaderName, &str); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

/// How the install ended, or how far it is.
pub(super) fn of(arrival: &Arrival) -> String {
    let install = &arrival.install;
    match (install.status, &install.channel) {
        (InstallStatus::Done, Some(channel)) => done(arrival, &channel.name, channel.broken_reason.as_deref()),
        (InstallStatus::Done, None) => page(
            "授权已解除",
            "<p>该企业的渠道已被解绑。如需继续使用，请重新安装应用。</p>",
            false,
        ),
        (InstallStatus::Failed, _) => {
            let why = escaped(install.message.as_deref().unwrap_or_default());
            page(
                "安装未完成",
                &format!("<p>{why}</p><p>请联系发给您链接的人重新发起安装。</p>"),
                false,
            )
        }
        (InstallStatus::Expired, _) => page("安装链接已过期", "<p>请联系发给您链接的人重新发起安装。</p>", false),
        (InstallStatus::Waiting | InstallStatus::Unclaimed, _) => page(
            "正在完成安装",
            "<p>正在向企业微信确认授权，本页会自动刷新，请不要关闭。</p>",
            true,
        ),
    }
}

/// The platform sent the browser back without a code or a state.
pub(super) fn incomplete() -> String {
    page(
        "安装未完成",
        "<p>企业微信没有返回授权码。请重新打开安装链接并同意授权。</p>",
        false,
    )
}

/// The state was never given out here, or long ago.
pub(super) fn unknown() -> String {
    page("安装链接无效", "<p>请联系发给您链接的人重新发起安装。</p>", false)
}

/// Trouble on our side.
pub(super) fn busy() -> String {
    page("服务暂时不可用", "<p>请稍后刷新本页重试。</p>", false)
}

fn done(arrival: &Arrival, name: &str, broken: Option<&str>) -> String {
    let mut body = format!("<p>已绑定：<strong>{}</strong></p>", escaped(name));
    if let Some(why) = broken {
        body += &format!("<p>暂时不能发布：{}</p>", escaped(why));
    }
    body += "<ul>";
    for account in &arrival.accounts {
        let name = account
            .account_name
            .as_deref()
            .unwrap_or(account.account_id.platform_name());
        let reason = account
            .reason
            .as_ref()
            .map(|reason| format!("（{}）", escaped(&reason.message)));
        body += &format!("<li>{}{}</li>", escaped(name), reason.unwrap_or_default());
    }
    body += "</ul>";
    page("授权成功", &body, false)
}

fn page(title: &str, body: &str, is_refreshed: bool) -> String {
    let refresh = if is_refreshed {
        r#"<meta http-equiv="refresh" content="3">"#
    } else {
        ""
    };
    format!(
        r#"<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">{refresh}<meta name="viewport" content="width=device-width"><title>{title}</title><style>body{{font-family:system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem;line-height:1.6}}</style></head><body><h1>{title}</h1>{body}</body></html>"#
    )
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_have_named_is_no_markup() {
        assert_eq!(escaped(r#"<b a="1">&'"#), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;");
    }
}
