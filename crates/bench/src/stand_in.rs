//! The stand-in for WeCom: no delays, no limits, every member confirms at once.

use std::io;

use moments_sandbox::{Confirm, CorpSeed, CorpSettings, MemberSeed, Sandbox, SandboxClock};
use tokio::net::TcpListener;

use crate::cli::Seed;

/// The app of every corp.
pub(crate) const AGENT_ID: u64 = 1_000_002;

/// Serves until the standard input closes, which it does when the benchmark ends, however it ends.
pub(crate) async fn run(seed: Seed) -> anyhow::Result<()> {
    let sandbox = Sandbox::new(SandboxClock::real());
    for corp in 0..seed.corps {
        sandbox.add_corp(corp_seed(corp, seed.members))?;
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}", listener.local_addr()?);
    let closed = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin().lock(), &mut io::sink()));
    tokio::select! {
        served = sandbox.serve(listener, std::future::pending()) => served?,
        ended = closed => drop(ended?),
    }
    Ok(())
}

/// The corpid of a corp.
pub(crate) fn corpid(corp: usize) -> String {
    format!("wwbench{corp:011}")
}

/// The secret of a corp's app.
pub(crate) fn secret(corp: usize) -> String {
    format!("bench-secret-of-corp-{corp:022}")
}

/// The userid of a member.
pub(crate) fn userid(member: usize) -> String {
    format!("member{member:05}")
}

fn corp_seed(corp: usize, members: usize) -> CorpSeed {
    CorpSeed {
        corpid: corpid(corp),
        name: format!("Corp {corp}"),
        agentid: AGENT_ID,
        secret: secret(corp),
        members: (0..members)
            .map(|member| MemberSeed::new(&userid(member), ""))
            .collect(),
        tags: Vec::new(),
        settings: CorpSettings {
            creates_per_minute: 0,
            creates_per_month: 0,
            running_jobs: 0,
            calls_per_minute: 0,
            calls_per_hour: 0,
            job_delay_ms: 0,
            dispatch_delay_ms: 0,
            confirm: Confirm::Immediately,
            ..CorpSettings::default()
        },
    }
}
