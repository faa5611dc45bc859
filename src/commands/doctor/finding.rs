//! What a check found.

use std::fmt::Write as _;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// Well.
    Ok,
    /// Works, but deserves a look.
    Warn,
    /// Does not work.
    Fail,
}

/// One line of the report.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// What was looked at; stable, for programs.
    pub(crate) check: &'static str,
    pub(crate) status: Status,
    /// What was found. Holds no secret.
    pub(crate) detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<String>,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self {
            check,
            status: Status::Ok,
            detail: detail.into(),
            action: None,
        }
    }

    pub(crate) fn warn(check: &'static str, detail: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            status: Status::Warn,
            action: Some(action.into()),
            ..Self::ok(check, detail)
        }
    }

    pub(crate) fn fail(check: &'static str, detail: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            status: Status::Fail,
            ..Self::warn(check, detail, action)
        }
    }
}

/// Whether nothing fails; a warning is no failure.
pub(crate) fn is_well(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.status != Status::Fail)
}

/// A line each, with what to do below it.
pub(crate) fn as_text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let word = match finding.status {
            Status::Ok => "ok  ",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
        };
        let _ = writeln!(text, "{word}  {}: {}", finding.check, finding.detail);
        if let Some(action) = &finding.action {
            let _ = writeln!(text, "      → {action}");
        }
    }
    text
}

/// `{"ok": true, "findings": [{"check", "status", "detail", "action"}]}`.
pub(crate) fn as_json(findings: &[Finding]) -> serde_json::Result<String> {
    let report = serde_json::json!({ "ok": is_well(findings), "findings": findings });
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}
