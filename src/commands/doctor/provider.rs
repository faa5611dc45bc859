//! The provider's apps: whether WeCom's pushes arrive, and what waits for somebody.

use std::time::Duration;

use moments_domain::{Clock as _, Timestamp};
use moments_store::{Store, StoreError};

use super::causes;
use super::finding::Finding;
use crate::clock::SystemClock;
use crate::settings::Settings;
use crate::setup::public_url;

const CHECK: &str = "provider";
/// A ticket is good for so long; three are pushed in that time (reference wecom 3.1).
const TICKET_LIFE: Duration = Duration::from_mins(30);

/// One line for each app that is set, and one for what waits; none where the installation has no provider.
pub(super) async fn look(settings: &Settings, store: &Store) -> Vec<Finding> {
    let wecom = &settings.wecom;
    let ids = [&wecom.suite_id, &wecom.template_id];
    let ids: Vec<_> = ids.into_iter().filter(|id| !id.is_empty()).collect();
    if ids.is_empty() {
        return Vec::new();
    }
    let looked = async {
        let mut findings = vec![addresses(settings)];
        for id in ids {
            findings.push(suite(store, id).await?);
        }
        findings.extend(waiting(store).await?);
        Ok::<_, StoreError>(findings)
    };
    looked.await.unwrap_or_else(|error| {
        let detail = format!("the provider's apps could not be looked at: {}", causes(&error));
        vec![Finding::warn(CHECK, detail, "Repair the database first")]
    })
}

/// What belongs into the provider's console.
fn addresses(settings: &Settings) -> Finding {
    let url = public_url(settings).unwrap_or_default();
    let detail = format!("callbacks are at {url}/callbacks/wecom/suite/{{id}}/instruction and …/data");
    if url.starts_with("https://") {
        Finding::ok(CHECK, detail)
    } else {
        Finding::warn(
            CHECK,
            detail,
            "Set http.public_url to the https address at which WeCom reaches this server",
        )
    }
}

async fn suite(store: &Store, id: &str) -> Result<Finding, StoreError> {
    let suite = store.suite(id).await?;
    let now = SystemClock.now();
    let action =
        "Check the instruction callback (指令回调) in the provider's console, and have the ticket pushed again there";
    let Some((_, came)) = suite.ticket else {
        let detail = format!("{id}: no suite_ticket has come yet");
        return Ok(Finding::fail(CHECK, detail, action));
    };
    let minutes = now.since(came).as_secs() / 60;
    let token = match suite.token.map(|token| token.expires) {
        Some(expires) if expires > now => "an access token is held",
        _ => "no access token is held; it is fetched when it is needed",
    };
    let detail = format!("{id}: the last suite_ticket came {minutes} min ago; {token}");
    Ok(if is_stale(came, now) {
        Finding::fail(CHECK, detail, action)
    } else {
        Finding::ok(CHECK, detail)
    })
}

fn is_stale(came: Timestamp, now: Timestamp) -> bool {
    now.since(came) > TICKET_LIFE
}

async fn waiting(store: &Store) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    let unclaimed = store.unclaimed_installs().await?.len();
    if unclaimed > 0 {
        findings.push(Finding::warn(
            CHECK,
            format!("{unclaimed} installs that nobody began here wait for an owner"),
            "Set wecom.marketplace_user to the user who shall own them, and restart",
        ));
    }
    let pushes = store.push_counts().await?;
    if pushes.failing + pushes.given_up > 0 {
        findings.push(Finding::warn(
            CHECK,
            format!(
                "of the pushes of the last week {} are being tried again, {} were given up",
                pushes.failing, pushes.given_up
            ),
            "The log names each with the reason; a given-up install must be made again",
        ));
    }
    Ok(findings)
}
