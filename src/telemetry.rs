//! The log, and traces for a collector where one is configured.

use std::io::IsTerminal as _;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

use crate::settings::Settings;

/// How long spans wait for others to share a request with.
const GATHER: Duration = Duration::from_secs(1);
/// How long a collector may take to answer. Spans beyond the queue's 2048 are dropped meanwhile: traces never hold up a post.
const EXPORT: Duration = Duration::from_secs(5);
/// How long a stop waits for the last spans.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What must be ended before the program is.
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

/// Starts logging, and tracing if `telemetry.otlp_url` is set; once for each process.
pub(crate) fn start(settings: &Settings) -> anyhow::Result<Telemetry> {
    let filter =
        EnvFilter::try_new(&settings.log.level).with_context(|| format!("log.level = {:?}", settings.log.level))?;
    let traces = provider(settings)?;
    let tracer = traces.as_ref().map(|provider| provider.tracer("moments-sync"));
    let spans = tracer.map(|tracer| {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false);
        layer.with_filter(filter_fn(is_work).with_max_level_hint(LevelFilter::DEBUG))
    });
    tracing_subscriber::registry()
        .with(lines(settings).with_filter(filter))
        .with(spans)
        .init();
    Ok(Telemetry(traces))
}

impl Telemetry {
    /// Sends the last spans; gives up when the collector does not take them soon.
    pub(crate) async fn end(self) {
        let Some(provider) = self.0 else { return };
        // The exporter blocks its thread: it may not be this one, which the runtime needs.
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_WORDS)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("the last spans did not reach the collector");
        }
    }
}

/// The log on standard error. JSON lines have the event's fields at their top and the spans around it in `spans`.
fn lines<S: Subscriber + for<'a> LookupSpan<'a>>(settings: &Settings) -> Box<dyn Layer<S> + Send + Sync> {
    let log = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    if settings.log.format == "json" {
        log.json().flatten_event(true).with_current_span(false).boxed()
    } else {
        log.boxed()
    }
}

/// Only our own spans: those of the libraries below would say the same again, and the exporter's own would never end.
fn is_work(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target().starts_with("moments_") && *metadata.level() <= tracing::Level::DEBUG
}

fn provider(settings: &Settings) -> anyhow::Result<Option<SdkTracerProvider>> {
    let telemetry = &settings.telemetry;
    if telemetry.otlp_url.is_empty() {
        return Ok(None);
    }
    let batch = BatchConfigBuilder::default().with_scheduled_delay(GATHER).build();
    let processor = BatchSpanProcessor::builder(exporter(&telemetry.otlp_url)?)
        .with_batch_config(batch)
        .build();
    let resource = Resource::builder()
        .with_service_name(telemetry.service_name.clone())
        .build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(processor)
        // By the trace id alone, so that all processes keep the same tasks.
        .with_sampler(Sampler::TraceIdRatioBased(telemetry.sampling_ratio))
        .with_resource(resource)
        .build();
    Ok(Some(provider))
}

/// Its HTTP client brings a runtime of its own, which must be made outside of ours.
fn exporter(url: &str) -> anyhow::Result<SpanExporter> {
    let url = url.to_owned();
    let build = move || {
        SpanExporter::builder()
            .with_http()
            .with_endpoint(url)
            .with_timeout(EXPORT)
            .build()
    };
    let built = thread::spawn(build).join();
    built
        .map_err(|_| anyhow!("the exporter of traces could not be made"))?
        .context("telemetry.otlp_url")
}
