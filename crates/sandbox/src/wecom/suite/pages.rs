//! The pages an administrator sees in the browser: one question, one button.

use std::fmt::Write;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::Sandbox;
use crate::error::SandboxError;
use crate::page::escaped;
use crate::wecom::suite::install::InstallLink;

const STYLE: &str = "body{font:16px/1.6 system-ui,'PingFang SC','Microsoft YaHei',sans-serif;background:#f3f4f6;color:#1f2937}\
main{max-width:420px;margin:10vh auto;background:#fff;border-radius:12px;padding:28px}h1{font-size:20px;margin:0 0 12px}\
select,button{font:inherit;width:100%;padding:10px;margin:8px 0;border-radius:8px;border:1px solid #d1d5db}\
button{background:#2563eb;color:#fff;border:0}small{color:#6b7280}";

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/3rdapp/install", get(install_page).post(agree))
        .route("/3rdapp/scan", get(scan_page).post(agree_scan))
}

#[derive(Debug, Deserialize)]
struct Agreement {
    corpid: String,
    #[serde(flatten)]
    link: InstallLink,
}

#[derive(Debug, Deserialize)]
struct Scan {
    #[serde(default)]
    code: String,
}

#[derive(Debug, Deserialize)]
struct ScanAgreement {
    corpid: String,
    code: String,
}

async fn install_page(State(sandbox): State<Sandbox>, Query(link): Query<InstallLink>) -> Response {
    match sandbox.check_link(&link) {
        Ok((suite, _)) => {
            let hidden = [
                ("suite_id", &link.suite_id),
                ("pre_auth_code", &link.pre_auth_code),
                ("redirect_uri", &link.redirect_uri),
                ("state", &link.state),
            ];
            question(&sandbox, suite.name(), &hidden)
        }
        Err(error) => refused(&error),
    }
}

async fn agree(State(sandbox): State<Sandbox>, Form(agreement): Form<Agreement>) -> Response {
    match sandbox.agree(&agreement.link, &agreement.corpid) {
        Ok(target) => Redirect::to(&target).into_response(),
        Err(error) => refused(&error),
    }
}

async fn scan_page(State(sandbox): State<Sandbox>, Query(scan): Query<Scan>) -> Response {
    match sandbox.scanned(&scan.code) {
        Ok((suites, _)) => {
            let names: Vec<&str> = suites.iter().map(|suite| suite.name()).collect();
            question(&sandbox, &names.join("、"), &[("code", &scan.code)])
        }
        Err(error) => refused(&error),
    }
}

async fn agree_scan(State(sandbox): State<Sandbox>, Form(agreement): Form<ScanAgreement>) -> Response {
    match sandbox.scan(&agreement.code, &agreement.corpid).await {
        Ok(()) => page("已授权", "<p>可以关闭此页。</p>").into_response(),
        Err(error) => refused(&error),
    }
}

fn question(sandbox: &Sandbox, app: &str, hidden: &[(&str, &String)]) -> Response {
    // Writing into a String cannot fail, so the results below are dropped.
    let mut corps = String::new();
    for corp in sandbox.corps() {
        let (id, name) = (escaped(&corp.corpid), escaped(&corp.name));
        let _ = write!(corps, "<option value=\"{id}\">{name}</option>");
    }
    let mut fields = String::new();
    for (name, value) in hidden {
        let value = escaped(value);
        let _ = write!(fields, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
    }
    let body = format!(
        "<p>应用「{}」申请安装到企业：</p><form method=\"post\"><select name=\"corpid\">{corps}</select>{fields}\
         <button>同意安装</button></form><small>沙箱：没有真实企业，也没有真实管理员。</small>",
        escaped(app)
    );
    page("安装应用", &body).into_response()
}

fn refused(error: &SandboxError) -> Response {
    let body = format!("<p>{}</p>", escaped(&error.to_string()));
    (StatusCode::BAD_REQUEST, page("无法安装", &body)).into_response()
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    ))
}
