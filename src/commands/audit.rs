//! `audit`: the record of who did what.

use std::process::ExitCode;

use moments_engine::audit::{self, Verdict};

use crate::commands::print;
use crate::settings::Settings;
use crate::setup;

/// Beside whoever uses the database.
pub(crate) async fn verify(settings: Settings) -> anyhow::Result<ExitCode> {
    let store = setup::store_beside(&settings).await?;
    let verdict = audit::verify(&store).await?;
    print(&told(&verdict));
    Ok(if verdict.broken.is_none() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The end of the chain is told too: compared with an earlier one, or with the log, it shows a chain that was written anew as a whole.
pub(crate) fn told(verdict: &Verdict) -> String {
    let Verdict { head, waiting, broken } = verdict;
    match broken {
        Some(broken) => format!("the audit's chain does not hold: {broken}\n"),
        None => format!(
            "the audit's chain holds: {} entries, the last with the hash {}; {waiting} wait for their places\n",
            head.number, head.hash
        ),
    }
}
