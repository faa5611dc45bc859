//! Whether each bound channel's credential works from this machine, trusted IP included.

use std::sync::Arc;

use moments_domain::ChannelKind;
use moments_engine::{ChannelCheck, NoProbe, check_channels, untrusted_address};
use moments_platforms::{CallFailure, Refusal};
use moments_store::Store;

use super::finding::Finding;
use crate::roles::Roles;
use crate::settings::Settings;
use crate::setup::{self, Secrets, secrets_beside};

const CHECK: &str = "channel";

/// Asks the platform of every channel once. Changes nothing: what is broken is noted when a post or a refresh meets it.
pub(crate) async fn look(settings: &Settings, store: Store) -> Vec<Finding> {
    let checked = async {
        let secrets = Secrets::read(settings, secrets_beside(settings).exists())?;
        let engine = setup::engine(settings, &secrets, store, Arc::new(NoProbe), Roles::default())?;
        anyhow::Ok(check_channels(&engine).await?)
    };
    let checks = match checked.await {
        Ok(checks) => checks,
        Err(error) => {
            let action = "Repair what is wrong above first";
            return vec![Finding::warn(
                CHECK,
                format!("channels could not be checked: {error:#}"),
                action,
            )];
        }
    };
    let well = checks.iter().filter(|check| check.outcome.is_ok()).count();
    let mut findings = vec![Finding::ok(
        CHECK,
        format!("{well} of {} bound channels work", checks.len()),
    )];
    findings.extend(checks.iter().filter_map(trouble));
    findings
}

fn trouble(check: &ChannelCheck) -> Option<Finding> {
    let failure = check.outcome.as_ref().err()?;
    let detail = format!("channel {} ({}, {}): {failure}", check.id, check.name, check.kind);
    Some(match failure {
        CallFailure::Refused(refusal) if refusal.code == "60020" => {
            let seen = untrusted_address(refusal).map_or_else(String::new, |ip| format!(" {ip}"));
            let action = format!(
                "Add this machine's outgoing address{seen} to the app's trusted IPs (企业可信IP) in the WeCom administration, app settings"
            );
            Finding::fail("trusted ip", detail, action)
        }
        CallFailure::Refused(Refusal { .. }) => Finding::fail(CHECK, detail, refused(check.kind)),
        CallFailure::NotSent(_) | CallFailure::NoAnswer(_) => {
            Finding::fail(CHECK, detail, "Check the network; try again")
        }
    })
}

fn refused(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Wecom => {
            "Check the app's secret, visible range and permission 客户朋友圈 in the WeCom administration, then bind the channel again"
        }
        ChannelKind::Gewe => "Log the device in at the gateway, check its token, then bind the channel again",
    }
}
