//! The sandbox itself: both worlds, one clock. What a test does with them is in `script`, what it reads in `facts`.

mod facts;
mod script;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::any;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use crate::blobs::Blobs;
use crate::clock::SandboxClock;
use crate::fault::Faults;
use crate::gewe::Gewe;
use crate::pictures::Pictures;
use crate::record::Ledger;
use crate::wecom::Wecom;
use crate::{control, gewe, library, page, pictures, wecom};

/// How often devices look at the clock when no call makes them.
const SWEEP: Duration = Duration::from_secs(1);

/// Both worlds with their clock. Clones are the same sandbox.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    clock: SandboxClock,
    faults: Faults,
    ledger: Ledger,
    blobs: Blobs,
    pictures: Pictures,
    wecom: Wecom,
    gewe: Gewe,
}

impl Sandbox {
    /// An empty sandbox. Ids and tokens differ from every other sandbox.
    pub fn new(clock: SandboxClock) -> Self {
        let inner = Inner {
            clock,
            faults: Faults::default(),
            ledger: Ledger::new(),
            blobs: Blobs::default(),
            pictures: Pictures::default(),
            wecom: Wecom::new(rand::random()),
            gewe: Gewe::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Everything the sandbox answers: `/cgi-bin`, `/3rdapp`, `/pictures`, `/workbench`, `/sandbox`, and the gateway below its prefix; else an empty 404.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/cgi-bin/{*call}", any(wecom::handle))
            .merge(pictures::routes())
            .merge(library::routes())
            .merge(control::routes())
            .merge(page::routes())
            .merge(wecom::suite::pages::routes())
            .fallback(gewe::handle)
            .layer(DefaultBodyLimit::disable())
            .with_state(self.clone())
    }

    /// Serves until `shutdown` is ready and the open calls are answered.
    pub async fn serve<S>(&self, listener: TcpListener, shutdown: S) -> io::Result<()>
    where
        S: Future<Output = ()> + Send + 'static,
    {
        let sandbox = self.clone();
        let sweeper = tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                sandbox.sweep();
            }
        });
        let listener = listener.tap_io(|stream| {
            // Small answers must not wait for more: without this a poll costs 40 ms.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "sandbox: no TCP_NODELAY");
            }
        });
        let served = axum::serve(listener, self.router())
            .with_graceful_shutdown(shutdown)
            .await;
        sweeper.abort();
        served
    }

    /// The sandbox's clock.
    pub fn clock(&self) -> &SandboxClock {
        &self.inner.clock
    }

    /// Lets time move on, and what is due by then happen.
    pub fn advance(&self, by: Duration) {
        self.inner.clock.advance(by);
        self.sweep();
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }

    pub(crate) fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    pub(crate) fn pictures(&self) -> &Pictures {
        &self.inner.pictures
    }

    pub(crate) fn wecom(&self) -> &Wecom {
        &self.inner.wecom
    }

    pub(crate) fn gewe(&self) -> &Gewe {
        &self.inner.gewe
    }

    /// Lets happen what is due by the clock without a call: devices that drop at four in the morning, tickets of suites.
    pub(crate) fn sweep(&self) {
        self.inner.gewe.sweep(self.inner.clock.now_ms());
        self.sweep_suites();
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").finish_non_exhaustive()
    }
}
