//! What the edge is made of.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use moments_domain::Clock;
use moments_engine::Engine;

use crate::auth::Verifier;
use crate::limits::UserLimiter;
use crate::metrics::MetricsHandle;
use crate::uploads::Uploads;

/// The parts of the HTTP edge, put together once at start.
pub struct Api {
    /// Whose use cases are offered.
    pub engine: Engine,
    /// Who may call.
    pub verifier: Verifier,
    /// The time, for tokens, rate limits and the envelope's `timestamp`.
    pub clock: Arc<dyn Clock>,
    /// What a caller may ask for.
    pub limits: Limits,
    /// What `/metrics` shows.
    pub metrics: MetricsHandle,
}

/// Bounds of the HTTP edge. All hold for one process.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests of one user in a minute, over all routes that need a token; 0: no limit. Default 300 (workbench conventions, 429).
    pub requests_per_minute: u32,
    /// How long a request may take before it is answered with 503. Default 30 s.
    pub timeout: Duration,
    /// The same for an upload. Default 15 minutes.
    pub upload_timeout: Duration,
    /// Largest request body, save for uploads. Default 1 MiB.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_minute: 300,
            timeout: Duration::from_secs(30),
            upload_timeout: Duration::from_mins(15),
            body_bytes: 1 << 20,
        }
    }
}

/// The state of every handler. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) api: Api,
    pub(crate) limiter: UserLimiter,
    pub(crate) uploads: Uploads,
}

impl App {
    pub(crate) fn new(api: Api) -> Self {
        let limiter = UserLimiter::new(api.limits.requests_per_minute, Arc::clone(&api.clock));
        let uploads = Uploads::default();
        Self(Arc::new(Parts { api, limiter, uploads }))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Deref for Parts {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}
