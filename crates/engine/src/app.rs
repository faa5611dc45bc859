//! The engine's parts, put together once at start.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moments_domain::backoff::{backoff, jitter};
use moments_domain::{ChannelKind, Clock};
use moments_media::MediaStore;
use moments_platforms::{Platform, Platforms};
use moments_queue::Broker;
use moments_store::Store;
use moments_vault::KeyRing;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::channel::ChannelCache;
use crate::complaints::Complaints;
use crate::directory::DirectoryCache;
use crate::health::HealthCache;
use crate::locks::KeyedLocks;
use crate::measured::measured;
use crate::probe::Probe;
use crate::problem::Problem;
use crate::progress::Marks;
use crate::provider::Provider;
use crate::publisher::GateQueue;
use crate::settings::Settings;
use crate::turns::Turns;
use crate::wake::Wake;
use crate::words::WordLists;

/// What an engine is made of.
pub struct Parts {
    /// The tables.
    pub store: Store,
    /// Seals credentials and signs media links.
    pub keys: Arc<KeyRing>,
    /// The ways out.
    pub platforms: Platforms,
    /// The provider's apps; `None`: self-built apps only.
    pub provider: Option<Provider>,
    /// Media on disk.
    pub media: MediaStore,
    /// Carries what is ready from schedulers to workers; `None`: workers look into the tables by themselves.
    pub broker: Option<Broker>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The installation's choices.
    pub settings: Settings,
    /// Told of every step of a publication; [`crate::NoProbe`] outside of tests.
    pub probe: Arc<dyn Probe>,
    /// This process among others; changes with every start.
    pub owner: String,
    /// Where jitter comes from; the same seed gives the same waits.
    pub seed: u64,
}

/// Everything that the engine does. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

/// What all clones of an engine share.
pub struct Inner {
    parts: Parts,
    pub(crate) wake: Wake,
    pub(crate) marks: Marks,
    pub(crate) health_cache: HealthCache,
    pub(crate) channels_cache: ChannelCache,
    pub(crate) directories: DirectoryCache,
    pub(crate) gates: GateQueue,
    pub(crate) locks: KeyedLocks,
    pub(crate) turns: Arc<Turns>,
    pub(crate) complaints: Complaints,
    pub(crate) words: WordLists,
    dice: Mutex<SmallRng>,
}

impl Engine {
    /// Puts the parts together. Nothing runs until [`crate::worker::run`].
    pub fn new(parts: Parts) -> Self {
        let turns = Arc::new(Turns::default());
        Self(Arc::new(Inner {
            dice: Mutex::new(SmallRng::seed_from_u64(parts.seed)),
            parts: Parts {
                platforms: measured(parts.platforms, &turns),
                ..parts
            },
            wake: Wake::default(),
            marks: Marks::default(),
            health_cache: HealthCache::default(),
            channels_cache: ChannelCache::default(),
            directories: DirectoryCache::default(),
            gates: GateQueue::default(),
            locks: KeyedLocks::default(),
            turns,
            complaints: Complaints::default(),
            words: WordLists::default(),
        }))
    }

    /// `span` ±10 %.
    pub(crate) fn jitter(&self, span: Duration) -> Duration {
        jitter(span, &mut *self.dice.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Some time within `span`.
    pub(crate) fn within(&self, span: Duration) -> Duration {
        let share: f64 = self.dice.lock().unwrap_or_else(PoisonError::into_inner).random();
        span.mul_f64(share)
    }

    /// Between two checks of a channel; `None`: its platform is asked only when there is a reason.
    pub(crate) fn check_every(&self, kind: ChannelKind) -> Option<Duration> {
        let every = match kind {
            ChannelKind::Wecom => self.settings.check_every,
            ChannelKind::Gewe => self.settings.gewe_check_every,
        };
        Some(every).filter(|every| !every.is_zero())
    }

    /// The wait after failed attempt `n`.
    pub(crate) fn backoff(&self, n: u32) -> Duration {
        backoff(n, None, &mut *self.dice.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn platform(&self, kind: ChannelKind) -> Result<&Arc<dyn Platform>, Problem> {
        self.platforms.of(kind).ok_or(Problem::SwitchedOff(
            "个人微信网关未启用。个人号自动发布违反微信使用规范，账号可能被限制；管理员确认接受风险后，可在配置中设置 gewe.enabled = true",
        ))
    }
}

impl Deref for Engine {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Deref for Inner {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}
