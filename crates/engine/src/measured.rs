//! A platform whose every call is measured: one histogram, one counter of errors, one span for traces. All go in turn, but for the create call: its
//! turn is taken where its intent is judged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use moments_domain::ChannelKind;
use moments_media::MediaLimits;
use moments_platforms::{
    Answer, Begun, CallFailure, Candidate, ChannelAccess, ChannelReport, Confirmations, Directory, Gateway,
    GatewayLine, JobReport, LoginReport, MemberReport, Platform, Platforms, Post, Prepared, SearchWindow, SourceMedia,
};
use secrecy::SecretString;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::metrics::{self, NO_ANSWER, NOT_SENT};
use crate::turns::Turns;

/// The same platforms, in turn and measured.
pub(crate) fn measured(platforms: Platforms, turns: &Arc<Turns>) -> Platforms {
    let measure = |kind, inner| {
        let turns = Arc::clone(turns);
        Arc::new(Measured { kind, inner, turns }) as Arc<dyn Platform>
    };
    let gateway = |inner| {
        let (kind, turns) = (ChannelKind::Gewe, Arc::clone(turns));
        Arc::new(Measured { kind, inner, turns }) as Arc<dyn Gateway>
    };
    Platforms {
        wecom: measure(ChannelKind::Wecom, platforms.wecom),
        gewe: platforms.gewe.map(|gewe| measure(ChannelKind::Gewe, gewe)),
        gateway: platforms.gateway.map(gateway),
    }
}

struct Measured<P: ?Sized> {
    kind: ChannelKind,
    inner: Arc<P>,
    turns: Arc<Turns>,
}

impl<P: ?Sized> Measured<P> {
    async fn call<T>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, CallFailure>>,
    ) -> Result<T, CallFailure> {
        self.turns.take(self.measured(name, call)).await
    }

    async fn measured<T>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, CallFailure>>,
    ) -> Result<T, CallFailure> {
        // For traces only: at this level it costs nothing while there is no collector.
        let span = tracing::debug_span!(
            "platform_call",
            otel.kind = "client",
            platform = self.kind.name(),
            call = name,
            outcome = Empty,
            class = Empty
        );
        let mut open = OpenCall::begin(self.kind, name, span.clone());
        let answer = call.instrument(span).await;
        open.end(answer.as_ref().err());
        answer
    }
}

/// A call under way. One that is dropped, because it took too long, had no answer.
struct OpenCall {
    kind: ChannelKind,
    name: &'static str,
    began: Instant,
    span: Span,
    outcome: (&'static str, Option<&'static str>),
}

impl OpenCall {
    fn begin(kind: ChannelKind, name: &'static str, span: Span) -> Self {
        Self {
            kind,
            name,
            began: Instant::now(),
            span,
            outcome: ("no_answer", Some(NO_ANSWER)),
        }
    }

    fn end(&mut self, failure: Option<&CallFailure>) {
        self.outcome = match failure {
            None => ("ok", None),
            Some(CallFailure::NotSent(_)) => ("not_sent", Some(NOT_SENT)),
            Some(CallFailure::NoAnswer(_)) => ("no_answer", Some(NO_ANSWER)),
            Some(CallFailure::Refused(refusal)) => ("refused", Some(metrics::class_label(refusal.class))),
        };
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        let (outcome, class) = self.outcome;
        metrics::call(self.kind, self.name, outcome, self.began.elapsed());
        self.span.record("outcome", outcome);
        if let Some(class) = class {
            self.span.record("class", class);
            metrics::platform_error(self.kind, class);
        }
    }
}

#[async_trait]
impl Platform for Measured<dyn Platform> {
    fn media_limits(&self) -> MediaLimits {
        self.inner.media_limits()
    }

    fn fetches_media(&self) -> bool {
        self.inner.fetches_media()
    }

    fn write_gap(&self) -> Option<Duration> {
        self.inner.write_gap()
    }

    async fn check(&self, channel: &ChannelAccess) -> Result<ChannelReport, CallFailure> {
        self.call("check", self.inner.check(channel)).await
    }

    async fn missing(&self, channel: &ChannelAccess, names: &[String]) -> Result<Vec<MemberReport>, CallFailure> {
        self.call("missing", self.inner.missing(channel, names)).await
    }

    async fn directory(&self, channel: &ChannelAccess) -> Result<Directory, CallFailure> {
        self.call("directory", self.inner.directory(channel)).await
    }

    async fn prepare(&self, channel: &ChannelAccess, media: &SourceMedia) -> Result<Prepared, CallFailure> {
        self.call("prepare", self.inner.prepare(channel, media)).await
    }

    async fn create(&self, channel: &ChannelAccess, post: &Post) -> Result<Answer, CallFailure> {
        self.measured("create", self.inner.create(channel, post)).await
    }

    async fn job(&self, channel: &ChannelAccess, job_id: &str) -> Result<JobReport, CallFailure> {
        let report = self.call("job", self.inner.job(channel, job_id)).await;
        if let Ok(JobReport::Refused(refusal)) = &report {
            // A refusal that comes inside an answer.
            metrics::platform_error(self.kind, metrics::class_label(refusal.class));
        }
        report
    }

    async fn confirmations(&self, channel: &ChannelAccess, moment_id: &str) -> Result<Confirmations, CallFailure> {
        self.call("confirmations", self.inner.confirmations(channel, moment_id))
            .await
    }

    async fn find(
        &self,
        channel: &ChannelAccess,
        post: &Post,
        window: &SearchWindow,
    ) -> Result<Vec<Candidate>, CallFailure> {
        self.call("find", self.inner.find(channel, post, window)).await
    }

    async fn cancel(&self, channel: &ChannelAccess, moment_id: &str) -> Result<(), CallFailure> {
        self.call("cancel", self.inner.cancel(channel, moment_id)).await
    }
}

#[async_trait]
impl Gateway for Measured<dyn Gateway> {
    async fn begin(&self, line: &GatewayLine, reconnect: bool) -> Result<Begun, CallFailure> {
        self.call("login_begin", self.inner.begin(line, reconnect)).await
    }

    async fn poll(
        &self,
        line: &GatewayLine,
        uuid: &SecretString,
        code: Option<&SecretString>,
    ) -> Result<LoginReport, CallFailure> {
        self.call("login_poll", self.inner.poll(line, uuid, code)).await
    }

    async fn log_out(&self, line: &GatewayLine) -> Result<(), CallFailure> {
        self.call("log_out", self.inner.log_out(line)).await
    }

    async fn send_events_to(&self, line: &GatewayLine, address: &SecretString) -> Result<(), CallFailure> {
        self.call("send_events_to", self.inner.send_events_to(line, address))
            .await
    }
}
