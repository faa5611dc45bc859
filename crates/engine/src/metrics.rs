//! Every metric of the program, in one list: the code, the dashboard, the alerts and their tests speak of the same names.
//!
//! A label's values come from this program's own enumerations, never from accounts, corps, users or texts: the number of series is bounded.

use std::time::Duration;

use moments_domain::{
    AccountStatus, ChannelKind, ErrorClass, FailReason, NoticedBy, PublicationState, Timestamp, WaitReason,
};

use crate::progress::Progress;

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Grows until the process ends.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Durations in buckets: its series end in `_bucket`, `_sum` and `_count`.
    Histogram,
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, unit at the end.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it counts or measures, for `# HELP`.
    pub help: &'static str,
}

macro_rules! metrics_list {
    ($($name:ident = $kind:ident $text:literal [$($label:literal),*] $help:literal;)+) => {
        $(#[doc = $help] pub const $name: Metric = Metric { name: $text, kind: Kind::$kind, labels: &[$($label),*], help: $help };)+

        /// All of them.
        pub const ALL: &[Metric] = &[$($name),+];
    };
}

metrics_list! {
    HTTP_REQUESTS = Counter "moments_http_requests_total" ["method", "route", "status"]
        "Answered requests by route template and status.";
    HTTP_DURATION = Histogram "moments_http_request_duration_seconds" ["method", "route"]
        "Time from a request's headers to its answer.";
    PUBLICATIONS = Gauge "moments_publications" ["platform", "state"]
        "Publications that are not final, in the whole installation; counted now and then, see moments_publications_counted_timestamp_seconds.";
    PUBLICATIONS_COUNTED = Gauge "moments_publications_counted_timestamp_seconds" []
        "When moments_publications was last counted.";
    OLDEST_DUE = Gauge "moments_oldest_due_seconds" []
        "How long the oldest due publication has waited without being held by a worker, in the whole installation.";
    LATENESS = Histogram "moments_lateness_seconds" ["platform"]
        "From the time a post was wanted to its create call, waits at limits included.";
    MOVES = Counter "moments_publication_moves_total" ["to"]
        "Publications that entered a state, by state.";
    FAILURES = Counter "moments_publication_failures_total" ["reason"]
        "Publications that failed for good, by reason.";
    WAITS = Counter "moments_publication_waits_total" ["reason"]
        "Publications sent back to wait without an attempt spent (QUOTA, TWIN, OFFLINE), or after a failed one (RETRY).";
    PLATFORM_CALLS = Histogram "moments_platform_call_seconds" ["platform", "call", "outcome"]
        "Calls to a platform; outcome is ok, refused, not_sent or no_answer.";
    PLATFORM_ERRORS = Counter "moments_platform_errors_total" ["platform", "class"]
        "Platform calls without a yes, by class of error.";
    TOKEN_REFRESHES = Counter "moments_token_refreshes_total" ["outcome"]
        "Access tokens asked for: ok, failed, or superseded by another process.";
    CHANNEL_CHECKS = Counter "moments_channel_checks_total" ["platform", "verdict"]
        "Platforms asked after a channel: it works, cannot_tell, or its credential was refused.";
    STATUS_CHANGES = Counter "moments_account_status_changes_total" ["to", "noticed_by"]
        "Accounts whose status changed, by the new status and by who noticed.";
    PUSHES = Counter "moments_pushes_total" ["outcome"]
        "Pushes of WeCom: accepted, duplicate or refused when they came; done, retried or given_up in the work that follows.";
    LIBRARY_CALLS = Histogram "moments_content_library_call_seconds" ["outcome"]
        "Questions to the content library; outcome is ok, not_found, refused or failed.";
    READY = Gauge "moments_ready" ["check"]
        "Whether a check of /readyz is well (1) or not (0) in this process.";
    SCHEDULER_TICK = Gauge "moments_scheduler_tick_timestamp_seconds" []
        "When this process last finished a scheduler's round.";
    WORKER_CLAIM = Gauge "moments_worker_claim_timestamp_seconds" []
        "When a worker of this process last looked for work.";
    BROKER_CONNECTED = Gauge "moments_broker_connected" []
        "Whether the connection to the broker stands (1) or not (0); absent without a broker.";
    QUEUE_DEPTH = Gauge "moments_queue_depth" []
        "Messages in the queue that no worker has been given yet.";
    BUILD_INFO = Gauge "moments_build_info" ["version"]
        "Always 1; the label is the program's version.";
    START_TIME = Gauge "process_start_time_seconds" []
        "When this process started.";
}

/// Gives every metric its help text, and starts those counters at 0 whose series are known, so that the first event already shows as an increase.
pub fn describe() {
    for metric in ALL {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, metric.help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            Kind::Histogram => metrics::describe_histogram!(metric.name, metric.help),
        }
    }
    for state in PublicationState::ALL {
        metrics::counter!(MOVES.name, "to" => state.name()).increment(0);
    }
    for reason in FailReason::ALL {
        metrics::counter!(FAILURES.name, "reason" => reason.name()).increment(0);
    }
    for reason in WaitReason::ALL {
        metrics::counter!(WAITS.name, "reason" => reason.name()).increment(0);
    }
    for outcome in [Refresh::Ok, Refresh::Failed, Refresh::Superseded] {
        metrics::counter!(TOKEN_REFRESHES.name, "outcome" => outcome.label()).increment(0);
    }
    for (kind, verdict) in ChannelKind::ALL
        .iter()
        .flat_map(|kind| CHECKS.map(|verdict| (kind, verdict)))
    {
        metrics::counter!(CHANNEL_CHECKS.name, "platform" => kind.name(), "verdict" => verdict).increment(0);
    }
    for (to, by) in AccountStatus::ALL
        .iter()
        .flat_map(|to| NoticedBy::ALL.iter().map(move |by| (to, by)))
    {
        metrics::counter!(STATUS_CHANGES.name, "to" => to.name(), "noticed_by" => by.name()).increment(0);
    }
    for outcome in Pushed::ALL {
        metrics::counter!(PUSHES.name, "outcome" => outcome.label()).increment(0);
    }
    for (kind, class) in ChannelKind::ALL
        .iter()
        .flat_map(|kind| CLASSES.map(|class| (kind, class)))
    {
        metrics::counter!(PLATFORM_ERRORS.name, "platform" => kind.name(), "class" => class).increment(0);
    }
}

/// This process: its version and its start.
pub(crate) fn process(now: Timestamp) {
    metrics::gauge!(BUILD_INFO.name, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    metrics::gauge!(START_TIME.name).set(seconds(now));
}

pub(crate) fn moved(to: PublicationState) {
    metrics::counter!(MOVES.name, "to" => to.name()).increment(1);
}

pub(crate) fn failed(reason: FailReason) {
    metrics::counter!(FAILURES.name, "reason" => reason.name()).increment(1);
}

pub(crate) fn waits(reason: WaitReason) {
    metrics::counter!(WAITS.name, "reason" => reason.name()).increment(1);
}

pub(crate) fn late(kind: ChannelKind, by: Duration) {
    metrics::histogram!(LATENESS.name, "platform" => kind.name()).record(by.as_secs_f64());
}

pub(crate) fn call(kind: ChannelKind, call: &'static str, outcome: &'static str, took: Duration) {
    metrics::histogram!(PLATFORM_CALLS.name, "platform" => kind.name(), "call" => call, "outcome" => outcome)
        .record(took.as_secs_f64());
}

pub(crate) fn platform_error(kind: ChannelKind, class: &'static str) {
    metrics::counter!(PLATFORM_ERRORS.name, "platform" => kind.name(), "class" => class).increment(1);
}

/// What came of asking for an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refresh {
    Ok,
    Failed,
    Superseded,
}

impl Refresh {
    const fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
        }
    }
}

pub(crate) fn refreshed(outcome: Refresh) {
    metrics::counter!(TOKEN_REFRESHES.name, "outcome" => outcome.label()).increment(1);
}

/// Verdicts of a check.
const CHECKS: [&str; 3] = [CHECK_WORKS, CHECK_CANNOT_TELL, CHECK_REFUSED];
/// The credential works.
pub(crate) const CHECK_WORKS: &str = "works";
/// Trouble that is no verdict.
pub(crate) const CHECK_CANNOT_TELL: &str = "cannot_tell";
/// The credential is no good.
pub(crate) const CHECK_REFUSED: &str = "refused";

pub(crate) fn checked(kind: ChannelKind, verdict: &'static str) {
    metrics::counter!(CHANNEL_CHECKS.name, "platform" => kind.name(), "verdict" => verdict).increment(1);
}

pub(crate) fn status_changed(to: AccountStatus, by: NoticedBy) {
    metrics::counter!(STATUS_CHANGES.name, "to" => to.name(), "noticed_by" => by.name()).increment(1);
}

/// What came of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Accepted,
    Duplicate,
    Refused,
    Done,
    Retried,
    GivenUp,
}

impl Pushed {
    const ALL: [Self; 6] = [
        Self::Accepted,
        Self::Duplicate,
        Self::Refused,
        Self::Done,
        Self::Retried,
        Self::GivenUp,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Refused => "refused",
            Self::Done => "done",
            Self::Retried => "retried",
            Self::GivenUp => "given_up",
        }
    }
}

pub(crate) fn pushed(outcome: Pushed) {
    metrics::counter!(PUSHES.name, "outcome" => outcome.label()).increment(1);
}

pub(crate) fn library_call(outcome: &'static str, took: Duration) {
    metrics::histogram!(LIBRARY_CALLS.name, "outcome" => outcome).record(took.as_secs_f64());
}

pub(crate) fn ready(check: &'static str, well: bool) {
    metrics::gauge!(READY.name, "check" => check).set(f64::from(u8::from(well)));
}

pub(crate) fn oldest_due(waited: Duration) {
    metrics::gauge!(OLDEST_DUE.name).set(waited.as_secs_f64());
}

pub(crate) fn progress(progress: &Progress) {
    if let Some(at) = progress.scheduler {
        metrics::gauge!(SCHEDULER_TICK.name).set(seconds(at));
    }
    if let Some(at) = progress.claim {
        metrics::gauge!(WORKER_CLAIM.name).set(seconds(at));
    }
    if let Some(link) = &progress.broker {
        metrics::gauge!(BROKER_CONNECTED.name).set(f64::from(u8::from(link.is_up())));
    }
    if let Some(depth) = progress.broker.as_ref().and_then(|link| link.depth) {
        metrics::gauge!(QUEUE_DEPTH.name).set(f64::from(depth.messages));
    }
}

pub(crate) fn publications(kind: ChannelKind, state: PublicationState, count: i64) {
    let gauge = metrics::gauge!(PUBLICATIONS.name, "platform" => kind.name(), "state" => state.name());
    gauge.set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

pub(crate) fn counted(now: Timestamp) {
    metrics::gauge!(PUBLICATIONS_COUNTED.name).set(seconds(now));
}

/// A point in time as Prometheus has it.
fn seconds(at: Timestamp) -> f64 {
    Duration::from_micros(u64::try_from(at.0).unwrap_or(0)).as_secs_f64()
}

/// Labels of [`PLATFORM_ERRORS`]: the classes of a refusal, and the two ways to get no answer.
const CLASSES: [&str; 11] = [
    "TOKEN",
    "BACK_OFF",
    "WINDOW",
    "CONFIGURATION",
    "CONTENT",
    "TARGET",
    "REQUEST",
    "LICENCE",
    "OFFLINE",
    NOT_SENT,
    NO_ANSWER,
];
/// The request never left.
pub(crate) const NOT_SENT: &str = "NOT_SENT";
/// The request may have been processed.
pub(crate) const NO_ANSWER: &str = "NO_ANSWER";

pub(crate) const fn class_label(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Token => "TOKEN",
        ErrorClass::BackOff => "BACK_OFF",
        ErrorClass::Window => "WINDOW",
        ErrorClass::Configuration => "CONFIGURATION",
        ErrorClass::Content => "CONTENT",
        ErrorClass::Target => "TARGET",
        ErrorClass::Request => "REQUEST",
        ErrorClass::Licence => "LICENCE",
        ErrorClass::Offline => "OFFLINE",
        ErrorClass::Restricted => "RESTRICTED",
    }
}
