//! What a test does with suites, besides installing them.

use std::sync::Arc;

use crate::Sandbox;
use crate::error::SandboxError;
use crate::sync::{lock, read};
use crate::wecom::corp::Corp;
use crate::wecom::push::{Addressee, CorpEvent, Event, PushRecord, UrlCheck, event};
use crate::wecom::seed::TokenEvent;
use crate::wecom::suite::{Suite, SuiteSeed, SuiteUrl, SuiteView, TICKET_EVERY_MS, TICKET_RETRY_MS, Ticket, fresh};

const TICKET_CHARS: usize = 64;

impl Sandbox {
    /// Creates a suite. Refused when the id exists, or the provider is known with another secret.
    pub fn add_suite(&self, seed: SuiteSeed) -> Result<(), SandboxError> {
        self.wecom().add_suite(seed)
    }

    /// Every suite without its secrets, in the order seeded, with the corps that installed it.
    pub fn suites(&self) -> Vec<SuiteView> {
        read(&self.wecom().suites)
            .all()
            .iter()
            .map(|suite| suite.view())
            .collect()
    }

    /// Registers the callback addresses of a suite; empty: nothing is pushed. A ticket follows within a second.
    pub fn set_suite_urls(&self, suite_id: &str, instruction: &str, data: &str) -> Result<(), SandboxError> {
        let suite = self.suite(suite_id)?;
        let mut state = suite.state();
        instruction.clone_into(&mut state.instruction_url);
        data.clone_into(&mut state.data_url);
        state.next_ticket_ms = 0;
        Ok(())
    }

    /// The provider console's check of an address, sealed for the provider's corpid (reference wecom 4.1).
    pub async fn check_suite_url(&self, suite_id: &str, which: SuiteUrl) -> Result<UrlCheck, SandboxError> {
        let suite = self.suite(suite_id)?;
        let to = match which {
            SuiteUrl::Instruction => suite.instructions(),
            SuiteUrl::Data => suite.data(&suite.provider.corpid),
        };
        let to = to.ok_or(SandboxError::NotNow("the suite has no such address"))?;
        Ok(self.check_url(&to, &suite.provider.corpid).await)
    }

    /// Makes a new ticket and pushes it, as the provider's console does by hand.
    pub async fn push_ticket(&self, suite_id: &str) -> Result<PushRecord, SandboxError> {
        let suite = self.suite(suite_id)?;
        self.next_ticket(&suite).await
    }

    /// Something happens to a suite's secret or token: 40082, 42009, or 40080 for the old secret.
    pub fn suite_token_event(&self, suite_id: &str, event: TokenEvent) -> Result<(), SandboxError> {
        lock(&self.suite(suite_id)?.keys).happen(event);
        Ok(())
    }

    /// Something happens to the token of an installed app, or to the app.
    pub fn grant_token_event(&self, suite_id: &str, corpid: &str, event: TokenEvent) -> Result<(), SandboxError> {
        let corp = self.wecom().get(corpid)?;
        let grant = self.suite(suite_id)?.grant_of(&corp);
        let grant = grant.ok_or(SandboxError::NotNow("the corp never installed this app"))?;
        lock(&grant.keys).happen(event);
        Ok(())
    }

    /// Sends tickets that are due by the clock, without waiting.
    pub(crate) fn sweep_suites(&self) {
        let now_ms = self.clock().now_ms();
        let suites = read(&self.wecom().suites).all().to_vec();
        for suite in suites.into_iter().filter(|suite| suite.takes_ticket(now_ms)) {
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                let sandbox = self.clone();
                runtime.spawn(async move { sandbox.next_ticket(&suite).await });
            }
        }
    }

    async fn next_ticket(&self, suite: &Suite) -> Result<PushRecord, SandboxError> {
        let now_ms = self.clock().now_ms();
        let text = fresh(TICKET_CHARS);
        let place = {
            let mut state = suite.state();
            let place = state.tickets.next();
            state.tickets.push(Ticket {
                text: text.clone(),
                made_ms: now_ms,
                taken_ms: None,
            });
            place
        };
        let record = self.instruct(suite, "suite_ticket", &[("SuiteTicket", text)]).await?;
        suite.ticket_was_sent(place, record.is_taken(), self.clock().now_ms());
        Ok(record)
    }

    /// What the installed apps of a corp are told of an event.
    pub(crate) fn told_suites(&self, corp: &Corp, what: &CorpEvent) -> Vec<(Addressee, Event)> {
        let seconds = self.clock().now_ms() / 1000;
        let suites = read(&self.wecom().suites);
        let told = suites.all().iter().map(|suite| suite.told(corp, what, seconds));
        told.flatten().collect()
    }
}

impl Suite {
    fn view(&self) -> SuiteView {
        let state = self.state();
        SuiteView {
            suite_id: self.id.clone(),
            kind: self.kind,
            name: self.name.clone(),
            instruction_url: state.instruction_url.clone(),
            data_url: state.data_url.clone(),
            tickets: state.tickets.next(),
            grants: state.grants.iter().map(|grant| grant.view()).collect(),
        }
    }

    /// Whether a ticket is due; if so, the next one is due ten minutes later.
    fn takes_ticket(self: &Arc<Self>, now_ms: i64) -> bool {
        let mut state = self.state();
        let due = !state.instruction_url.is_empty() && now_ms >= state.next_ticket_ms;
        if due {
            state.next_ticket_ms = now_ms + TICKET_EVERY_MS;
        }
        due
    }

    fn ticket_was_sent(&self, place: u64, taken: bool, now_ms: i64) {
        let mut state = self.state();
        if !taken {
            state.next_ticket_ms = now_ms + TICKET_RETRY_MS;
        } else if let Some(ticket) = state.tickets.get_mut(place) {
            ticket.taken_ms = Some(now_ms);
        }
    }

    fn told(&self, corp: &Corp, what: &CorpEvent, seconds: i64) -> Option<(Addressee, Event)> {
        let grant = self.grant_of(corp).filter(|grant| grant.is_alive())?;
        let fields = what.fields(&grant.open_userid(what.userid()));
        match what {
            CorpEvent::Contact { .. } => {
                let mut all = vec![("AuthCorpId", grant.open_corpid.clone())];
                all.extend(fields);
                let event = event::instruction(&self.id, what.name(), seconds, &all);
                self.instructions().map(|to| (to, event))
            }
            CorpEvent::Customer { .. } => {
                let event = event::of_corp(&grant.open_corpid, what.name(), seconds, &fields);
                self.data(&grant.open_corpid).map(|to| (to, event))
            }
        }
    }
}
