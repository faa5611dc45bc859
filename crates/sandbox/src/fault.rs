//! Scripted trouble: a queue of faults that each hit a number of calls, and a seeded random mix.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::sync::lock;

/// Which platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// `/cgi-bin/…`
    Wecom,
    /// `/gewe/v2/api/…`
    Gewe,
}

/// Trouble for the next calls that match. JSON: `{"world":"wecom","call":"add_moment_task","kind":"cut_after"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The world it strikes.
    pub world: World,
    /// API name such as `add_moment_task`, `user/get`, `sendImgSns`; `None`: every call.
    #[serde(default)]
    pub call: Option<String>,
    /// corpid, appId or wxid; `None`: everybody.
    #[serde(default)]
    pub corp: Option<String>,
    /// How many matching calls it strikes before it is used up. Default 1.
    #[serde(default = "once")]
    pub count: u32,
    /// What happens.
    #[serde(flatten)]
    pub kind: FaultKind,
}

/// What happens to a struck call. "Done" means that the platform has changed although the client cannot know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// Nothing is done; the answer is this error (`ret` in the gewe world).
    Errcode {
        /// For example -1 or 45009.
        errcode: i64,
        /// Text for a person; empty means a plain `error`.
        #[serde(default)]
        errmsg: String,
    },
    /// Done at once, answered after this many real milliseconds.
    Slow {
        /// Real milliseconds.
        ms: u64,
    },
    /// Done only after this many real milliseconds, even when the client has hung up meanwhile.
    Late {
        /// Real milliseconds.
        ms: u64,
    },
    /// The connection is closed; nothing is done.
    CutBefore,
    /// Done, then the connection is closed without a byte of answer.
    CutAfter,
    /// Done; the connection breaks in the middle of the answer's body.
    HalfBody,
    /// Nothing is done; a proxy's HTML page with status 502.
    #[serde(rename = "html_502_before")]
    Html502Before,
    /// Done; a proxy's HTML page with status 502.
    #[serde(rename = "html_502_after")]
    Html502After,
    /// Nothing is done; an HTML page with status 200, as captive portals send.
    #[serde(rename = "html_200")]
    Html200,
    /// Done; numbers arrive as strings, and times that were strings as numbers (reference wecom 1). Not `errcode`/`ret`.
    Drift,
    /// Done; `errcode`/`ret` and its text are missing from a success.
    MissingErrcode,
    /// Done; every object carries fields that nobody has heard of.
    ExtraFields,
    /// Only for `add_moment_task`: the call succeeds, the job ends with this `result.errcode` and without a moment.
    JobFails {
        /// The later `result.errcode`.
        errcode: i64,
    },
}

/// A random mix of faults for chaos runs; the same seed and the same order of calls give the same faults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mix {
    /// Start of the random sequence.
    pub seed: u64,
    /// Only this world; `None`: both.
    #[serde(default)]
    pub world: Option<World>,
    /// Only these API names; empty: all.
    #[serde(default)]
    pub calls: Vec<String>,
    /// What may happen, each with its share of all calls; the shares together must not exceed 1.
    pub probabilities: Vec<MixPart>,
}

/// One kind of trouble in a [`Mix`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MixPart {
    /// Share of the matching calls, 0 to 1.
    pub share: f64,
    /// What happens.
    #[serde(flatten)]
    pub kind: FaultKind,
}

/// The call that is looking for its trouble.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Struck<'a> {
    pub(crate) world: World,
    pub(crate) call: &'a str,
    /// The names under which its owner may be meant: corpid; appId and wxid.
    pub(crate) owners: [Option<&'a str>; 2],
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Whether there is anything to look at: the only cost of a call without faults.
    armed: AtomicBool,
    script: Mutex<Vec<Fault>>,
    mix: Mutex<Option<(Mix, StdRng)>>,
    fired: AtomicU64,
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        lock(&self.script).push(fault);
        self.armed.store(true, Ordering::Release);
    }

    pub(crate) fn set_mix(&self, mix: Option<Mix>) {
        *lock(&self.mix) = mix.map(|mix| {
            let rng = StdRng::seed_from_u64(mix.seed);
            (mix, rng)
        });
        self.armed.store(true, Ordering::Release);
    }

    pub(crate) fn clear(&self) {
        lock(&self.script).clear();
        *lock(&self.mix) = None;
        self.armed.store(false, Ordering::Release);
    }

    /// Faults still waiting, and how many calls were struck so far.
    pub(crate) fn waiting(&self) -> (Vec<Fault>, u64) {
        (lock(&self.script).clone(), self.fired.load(Ordering::Relaxed))
    }

    /// The trouble for this call, if any; a scripted fault goes before the mix.
    pub(crate) fn take(&self, struck: Struck<'_>) -> Option<FaultKind> {
        if !self.armed.load(Ordering::Acquire) {
            return None;
        }
        let kind = self.take_scripted(struck).or_else(|| self.draw(struck))?;
        self.fired.fetch_add(1, Ordering::Relaxed);
        Some(kind)
    }

    fn take_scripted(&self, struck: Struck<'_>) -> Option<FaultKind> {
        let mut script = lock(&self.script);
        let place = script.iter().position(|fault| fault.strikes(struck))?;
        let fault = &mut script[place];
        fault.count -= 1;
        let kind = fault.kind.clone();
        if fault.count == 0 {
            script.remove(place);
        }
        Some(kind)
    }

    fn draw(&self, struck: Struck<'_>) -> Option<FaultKind> {
        let mut mix = lock(&self.mix);
        let (mix, rng) = mix.as_mut()?;
        if mix.world.is_some_and(|world| world != struck.world) {
            return None;
        }
        if !mix.calls.is_empty() && !mix.calls.iter().any(|call| call == struck.call) {
            return None;
        }
        let mut drawn: f64 = rng.random();
        for part in &mix.probabilities {
            if drawn < part.share {
                return Some(part.kind.clone());
            }
            drawn -= part.share;
        }
        None
    }
}

impl Fault {
    /// A fault that strikes the next call of this name, whoever makes it.
    pub fn next(world: World, call: &str, kind: FaultKind) -> Self {
        Self {
            world,
            call: Some(call.to_owned()),
            corp: None,
            count: 1,
            kind,
        }
    }

    fn strikes(&self, struck: Struck<'_>) -> bool {
        self.count > 0
            && self.world == struck.world
            && self.call.as_deref().is_none_or(|call| call == struck.call)
            && self
                .corp
                .as_deref()
                .is_none_or(|owner| struck.owners.contains(&Some(owner)))
    }
}

fn once() -> u32 {
    1
}
