//! Whether a server on the network answers, and whether its clock agrees with ours.

use std::time::Duration;

use moments_domain::{Clock as _, Timestamp};
use reqwest::header::DATE;

use super::causes;
use super::finding::Finding;
use crate::clock::SystemClock;

const TIMEOUT: Duration = Duration::from_secs(10);
/// A `Date` header tells whole seconds, and the way takes time.
const DRIFT_SEEN: Duration = Duration::from_secs(5);
/// Beyond this, tokens are judged wrongly and posts leave visibly early or late.
const DRIFT_HARMFUL: Duration = Duration::from_mins(1);

/// Asks once. Any answer, a refusal too, is an answer.
pub(crate) async fn reach(check: &'static str, address: &str) -> Vec<Finding> {
    let asked = async {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()?;
        http.get(address).send().await
    };
    match asked.await {
        Ok(response) => {
            let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
            let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
            let theirs = date.map(|date| Timestamp(date.timestamp().as_microsecond()));
            let mut findings = vec![Finding::ok(check, "answers")];
            findings.extend(theirs.map(|theirs| drift("clock", check, SystemClock.now(), theirs)));
            findings
        }
        Err(error) => vec![Finding::fail(
            check,
            format!("not reachable: {}", causes(&error.without_url())),
            "Check the address, the network, DNS and the proxy (HTTPS_PROXY, NO_PROXY)",
        )],
    }
}

/// Compares a clock with this machine's.
pub(crate) fn drift(check: &'static str, whose: &str, ours: Timestamp, theirs: Timestamp) -> Finding {
    let (apart, word) = if ours > theirs {
        (ours.since(theirs), "ahead of")
    } else {
        (theirs.since(ours), "behind")
    };
    let detail = format!("this machine is {} s {word} {whose}", apart.as_secs());
    let action =
        "Synchronise the clocks with NTP (chrony or systemd-timesyncd): schedules, tokens and leases depend on them";
    if apart <= DRIFT_SEEN {
        Finding::ok(check, format!("agrees with {whose} within {} s", DRIFT_SEEN.as_secs()))
    } else if apart <= DRIFT_HARMFUL {
        Finding::warn(check, detail, action)
    } else {
        Finding::fail(check, detail, action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Status;

    #[test]
    fn a_clock_is_judged_by_how_far_it_is_off_either_way() {
        let now = Timestamp::from_secs(1_760_000_000);
        for (secs, status) in [
            (0, Status::Ok),
            (5, Status::Ok),
            (6, Status::Warn),
            (60, Status::Warn),
            (61, Status::Fail),
        ] {
            let off = Duration::from_secs(secs);
            for theirs in [now + off, now - off] {
                assert_eq!(drift("clock", "x", now, theirs).status, status, "{secs}");
            }
        }
    }
}
