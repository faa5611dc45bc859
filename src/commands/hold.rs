//! Stops the world at a named step, for the crash test: the process is then killed from outside.

use anyhow::Context as _;
use async_trait::async_trait;
use moments_domain::PublicationId;
use moments_engine::{Probe, Step};

use crate::commands::print;

/// Holds every publication that reaches a step, and says so.
pub(crate) struct Hold(Step);

impl Hold {
    /// By the step's name, such as `IntentCommitted`.
    pub(crate) fn at(name: &str) -> anyhow::Result<Self> {
        let step = Step::ALL.iter().find(|step| format!("{step:?}") == name);
        step.copied()
            .map(Self)
            .with_context(|| format!("--hold-at: {name} is no step of a publication"))
    }
}

#[async_trait]
impl Probe for Hold {
    async fn reached(&self, step: Step, publication: PublicationId) {
        if step == self.0 {
            print(&format!("held publication {publication} at {step:?}\n"));
            std::future::pending::<()>().await;
        }
    }
}
