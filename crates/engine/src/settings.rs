//! What an installation may choose about publishing.

use std::time::Duration;

use moments_domain::{ChannelKind, LimitChoice};
use moments_store::DuplicateGuard;

use crate::health::Limits as HealthLimits;
use crate::library::Library;
use crate::words::Compliance;

/// When a WeCom result counts as a success (`wecom.success_at`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuccessAt {
    /// The member confirmed on the phone.
    Confirmed,
    /// The task reached the member.
    Created,
}

/// The installation's limits for each platform; nothing is limited by default.
#[derive(Clone, Debug, Default)]
pub struct DefaultLimits {
    /// For members of WeCom corps.
    pub wecom: LimitChoice,
    /// For personal accounts.
    pub gewe: LimitChoice,
}

impl DefaultLimits {
    /// Those of a platform.
    pub const fn of(&self, kind: ChannelKind) -> &LimitChoice {
        match kind {
            ChannelKind::Wecom => &self.wecom,
            ChannelKind::Gewe => &self.gewe,
        }
    }
}

/// Choices of the installation, checked at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Most WeCom creations per corp in any sliding minute; 0: no limit of ours (`wecom.creates_per_minute`).
    pub creates_per_minute: u32,
    /// See [`SuccessAt`].
    pub success_at: SuccessAt,
    /// How long a member has to confirm (`wecom.confirm_within_hours`).
    pub confirm_within: Duration,
    /// How long after creation a member without a task may still get one (`wecom.dispatch_grace_secs`).
    pub dispatch_grace: Duration,
    /// What is later than this against its plan is MISSED (`publish.late_policy_minutes`).
    pub late_policy: Duration,
    /// What is done about the same content for the same account; `None`: nothing (`publish.duplicate_window_hours`, `publish.duplicates`).
    pub duplicates: Option<DuplicateGuard>,
    /// Attempts before a post is given up (`publish.max_attempts`).
    pub max_attempts: u32,
    /// How long a publication may be held by a worker without a commit (`publish.lease_secs`).
    pub lease: Duration,
    /// How long a create call may take (`publish.call_timeout_secs`).
    pub call_timeout: Duration,
    /// When to look first after a create call without a clear answer (`publish.reconcile_after_secs`).
    pub reconcile_after: Duration,
    /// How long after the call a Moment that is not listed counts as surely absent (`publish.absent_after_secs`).
    pub absent_after: Duration,
    /// Whether a personal account's post that is surely absent is sent again without asking (`gewe.resend_when_absent`).
    pub gewe_resend_when_absent: bool,
    /// Between two checks of a WeCom channel; zero: none (`accounts.check_every_minutes`).
    pub check_every: Duration,
    /// The same for personal accounts (`gewe.check_every_minutes`).
    pub gewe_check_every: Duration,
    /// How long after a refused credential it is asked once more, at least (`accounts.cross_check_secs`).
    pub cross_check: Duration,
    /// How long before a scheduled post its channels are checked; zero: not at all (`publish.check_ahead_minutes`).
    pub check_ahead: Duration,
    /// Publications worked on at once (`publish.concurrency`).
    pub concurrency: usize,
    /// How long a stop waits for work under way (`publish.stop_within_secs`).
    pub stop_within: Duration,
    /// Media addresses may be private (`media.allow_private_addresses`).
    pub allow_private_addresses: bool,
    /// How long a file that a user sent is kept although no task names it (`media.keep_unused_hours`).
    pub keep_unused: Duration,
    /// How long media are kept after the time at which they were wanted (`media.keep_days`).
    pub keep_media: Duration,
    /// The most bytes that one user's files may have together; 0: no limit (`media.user_quota_mb`).
    pub user_quota_bytes: u64,
    /// When `/readyz` turns red (`health.*`).
    pub health: HealthLimits,
    /// How often and when accounts may post, where nobody chose otherwise (`limits.*`).
    pub limits: DefaultLimits,
    /// What posts are judged by before they are accepted (`compliance.*`).
    pub compliance: Compliance,
    /// Where drafts of the content library are read; `None`: from the table that both modules share (`content.*`).
    pub library: Option<Library>,
    /// Where gateways fetch our media, without a slash at the end (`http.public_url`).
    pub public_url: String,
    /// Where gateways send events, without a slash at the end; `None`: `http.public_url` is not set, so nobody could reach it.
    pub events_url: Option<String>,
    /// Between two polls of a log-in (`gewe.login_poll_secs`).
    pub login_poll: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            creates_per_minute: 10,
            success_at: SuccessAt::Confirmed,
            confirm_within: Duration::from_hours(48),
            dispatch_grace: Duration::from_mins(5),
            late_policy: Duration::from_hours(1),
            duplicates: Some(DuplicateGuard {
                window: Duration::from_hours(24),
                refuses: false,
            }),
            max_attempts: 5,
            lease: Duration::from_mins(5),
            call_timeout: Duration::from_secs(30),
            reconcile_after: Duration::from_mins(1),
            absent_after: Duration::from_mins(5),
            gewe_resend_when_absent: false,
            check_every: Duration::from_hours(1),
            gewe_check_every: Duration::from_mins(5),
            cross_check: Duration::from_secs(45),
            check_ahead: Duration::from_hours(1),
            concurrency: 128,
            stop_within: Duration::from_secs(30),
            allow_private_addresses: false,
            keep_unused: Duration::from_hours(72),
            keep_media: Duration::from_hours(30 * 24),
            user_quota_bytes: 2048 << 20,
            health: HealthLimits::default(),
            limits: DefaultLimits::default(),
            compliance: Compliance::default(),
            library: None,
            public_url: "http://127.0.0.1:8080".to_owned(),
            events_url: None,
            login_poll: Duration::from_secs(5),
        }
    }
}
