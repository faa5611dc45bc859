//! What joins log lines and traces about one piece of work, over all processes.
//!
//! A task's trace id follows from its row: its id and when it is due. So every look at one of its publications, by whichever worker and whether or
//! not a broker stood between, belongs to the same trace, and no column or message has to carry a trace context. The request that created the
//! task has the caller's own trace, which links to the task's.

use moments_domain::{Publication, TaskId, Timestamp};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The span of one look at a publication.
pub(crate) fn look(publication: &Publication) -> Span {
    let span = tracing::info_span!(
        "publication",
        publication.id = %publication.id,
        task.id = %publication.task_id,
        channel.id = %publication.channel_id,
        state = publication.state.name(),
        attempt = publication.attempt,
    );
    let parent = Context::new().with_remote_span_context(of_task(publication.task_id, publication.due_time));
    // Refused only for a span that has begun, which this one has not.
    drop(span.set_parent(parent));
    span
}

/// Tells the request's span, and the log, which task it created.
pub(crate) fn created(task: TaskId, due: Timestamp, publications: usize) {
    let request = Span::current();
    request.record("task.id", tracing::field::display(task));
    request.add_link(of_task(task, due));
    tracing::info!(task.id = %task, publications, "a task was created");
}

fn of_task(task: TaskId, due: Timestamp) -> SpanContext {
    let (task, due) = (task.0.cast_unsigned(), due.0.cast_unsigned());
    let (high, low) = (mixed(task), mixed(due ^ mixed(task)));
    let trace = TraceId::from_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes());
    let span = SpanId::from_bytes(mixed(low).to_be_bytes());
    SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::default())
}

/// Spreads a number over 64 bits, because sampling goes by the trace id's low half (the finaliser of SplitMix64). Never 0 for what is used here.
const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_follows_from_the_row_and_from_nothing_else() {
        let trace = |task, secs| of_task(TaskId(task), Timestamp::from_secs(secs)).trace_id();
        assert_eq!(trace(1, 2), trace(1, 2));
        let others = [trace(1, 3), trace(2, 2), trace(2, 1)];
        assert!(others.iter().all(|other| *other != trace(1, 2)), "{others:?}");
        assert!(of_task(TaskId(1), Timestamp::from_secs(2)).is_valid());
    }
}
