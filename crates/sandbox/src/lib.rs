//! Strict, scriptable stand-ins for WeCom (`/cgi-bin/…`) and for a gewe gateway (`/gewe/v2/api/…`).
//!
//! They are the outside world: nothing here knows the rest of the project, and the rules come from the
//! platform references (wecom section 12, personal-gateway section 14), not from what our clients happen to send.
//! One [`Sandbox`] holds both worlds, a host for generated pictures, a clock of its own, and the controls under
//! `/sandbox/…` with which a test in another process drives it. The same controls are methods of [`Sandbox`].
//!
//! What was asked of the worlds is remembered as a fact, not as a script: [`Sandbox::moments`] lists what exists,
//! [`Sandbox::violations`] lists every broken promise of the client (too many creates, another corp's media,
//! an empty target, the same post twice), [`Sandbox::calls`] counts.
//!
//! To add a WeCom call: a variant in `wecom::api`, its function, one arm in `wecom`. To add a gewe call: a row in
//! `gewe::endpoint` and one arm in `gewe`. To add a fault: a variant of [`FaultKind`] and one arm in `answer`.

mod answer;
mod blobs;
mod clock;
mod control;
mod demo;
mod error;
mod fault;
mod gewe;
mod ids;
mod library;
mod page;
mod pictures;
mod record;
mod ring;
mod sandbox;
mod sync;
mod wecom;

pub use clock::SandboxClock;
pub use demo::{DemoCorp, DemoDevice, DemoWorld};
pub use error::SandboxError;
pub use fault::{Fault, FaultKind, Mix, MixPart, World};
pub use gewe::{DeviceSeed, DeviceView, FriendLabel, FriendSeed, GatewayStyle, Http5xx, LoginStep, Switches};
pub use record::{CallCounts, LinkRecord, MomentRecord, MomentStage, SenderRecord, Violation, ViolationKind};
pub use sandbox::Sandbox;
pub use wecom::{
    AppMessage, CallbackSeed, Confirm, CorpEvent, CorpSeed, CorpSettings, CorpView, Customer, DepartmentSeed,
    GrantSettings, GrantView, Installed, MemberChange, MemberSeed, PushRecord, PushStyle, SuiteKind, SuiteSeed,
    SuiteUrl, SuiteView, TagSeed, TokenEvent, UrlCheck,
};
