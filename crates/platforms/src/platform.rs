//! What the engine asks of a platform, and what a platform may answer.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use moments_domain::{AppKind, ChannelId, ChannelKind, ErrorClass, MomentLink, Standing, Timestamp, Visibility};
use moments_media::{KeptMedia, MediaLimits};
use secrecy::SecretString;

use crate::Gateway;

/// A channel with its credential opened, for the time of one piece of work.
#[derive(Clone, Debug)]
pub struct ChannelAccess {
    /// The channel.
    pub id: ChannelId,
    /// Its platform.
    pub kind: ChannelKind,
    /// Whose app it is (WeCom only).
    pub app: AppKind,
    /// The corpid (WeCom), or the device's `appId` (gewe).
    pub handle: String,
    /// The app's `agentid` (WeCom only).
    pub agent_id: Option<i64>,
    /// The account's wxid (gewe only).
    pub wxid: Option<String>,
    /// The gateway's base address (gewe only); WeCom's is a setting.
    pub base_url: Option<String>,
    /// The app's secret or the permanent code (WeCom, see [`AppKind`]), or the gateway's token (gewe).
    pub credential: SecretString,
    /// Changes whenever the credential does: a verdict on an old credential says nothing about a new one.
    pub credential_version: i64,
}

/// A medium ready to be given to a platform.
#[derive(Clone, Debug)]
pub struct SourceMedia {
    /// The original, as it was fetched.
    pub media: KeptMedia,
    /// A file within the platform's limits.
    pub file: PathBuf,
    /// Its plain ASCII name with the right extension.
    pub file_name: String,
    /// Its MIME type.
    pub mime: String,
    /// A short-lived public address of that file, for platforms that fetch by themselves (gewe).
    pub url: Option<String>,
    /// The same for the video's cover picture.
    pub cover_url: Option<String>,
}

/// A medium as the platform knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The `media_id` (WeCom), or the upload's answer object as JSON, unchanged (gewe).
    pub reference: String,
    /// After this it must be prepared anew; `None`: it serves this attempt only.
    pub usable_until: Option<Timestamp>,
}

/// What is to be created.
#[derive(Clone, Debug)]
pub struct Post {
    /// The text; may be empty when there are media.
    pub text: String,
    /// Whether the media are one video (else pictures).
    pub is_video: bool,
    /// The link of a link post; [`Self::media`] is its cover then.
    pub link: Option<MomentLink>,
    /// The media's references, in the order shown; see [`Prepared::reference`].
    pub media: Vec<String>,
    /// Who may see it; `None`: everybody. A platform that finds nothing of its own in it refuses the post.
    pub visibility: Option<Visibility>,
    /// The accounts by the platform's own names (userid, wxid); never empty.
    pub targets: Vec<String>,
}

/// A create call's clear yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A job runs; its result is asked for later (WeCom).
    Accepted {
        /// The job's id.
        job_id: String,
    },
    /// The Moment exists and is out (gewe).
    Published {
        /// Its id.
        moment_id: String,
    },
}

/// A platform's clear no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// How to react.
    pub class: ErrorClass,
    /// The platform's code, such as `45009`.
    pub code: String,
    /// What the platform said, redacted, for an operator.
    pub message: String,
}

/// Why a call brought no yes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFailure {
    /// The request never left: repeating it is safe.
    #[error("{0}")]
    NotSent(String),
    /// No clear answer: the request may have been processed.
    #[error("{0}")]
    NoAnswer(String),
    /// A clear no.
    #[error("{} ({})", .0.message, .0.code)]
    Refused(Refusal),
}

/// What became of a creation job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobReport {
    /// Still at work.
    Running,
    /// The Moment exists.
    Done {
        /// Its id.
        moment_id: String,
        /// Targets that the platform calls invalid, by its own names.
        invalid: Vec<String>,
        /// Tags of its audience that the platform did not know any more.
        unknown_tags: Vec<String>,
    },
    /// It was refused.
    Refused(Refusal),
    /// The platform no longer knows the job (24 h, reference wecom 11.7).
    Gone,
}

/// Who has confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmations {
    /// The platform is still handing out the tasks: ask later.
    Dispatching,
    /// Every member that has a task, and whether it is published.
    Listed(HashMap<String, bool>),
}

/// A Moment in the platform's list that matches a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub moment_id: String,
    /// When the platform created it.
    pub create_time: Timestamp,
    /// Its senders by the platform's names, where it tells; `None` while they are being dispatched.
    pub senders: Option<Vec<String>>,
}

/// Where to look for a post whose create call had no clear answer.
#[derive(Clone, Debug)]
pub struct SearchWindow {
    /// The intent's time; creations before it (less clock skew) cannot be ours.
    pub sent_time: Timestamp,
    /// The present.
    pub now: Timestamp,
    /// A Moment that this channel surely created earlier, if any: a list without it proves nothing (personal-gateway 9.7).
    pub known_moment: Option<(String, Timestamp)>,
}

/// One member or account behind a channel, as the platform reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberReport {
    /// The platform's name: userid or wxid.
    pub name: String,
    /// What people call it.
    pub display_name: String,
    /// Whether it can publish now.
    pub standing: Standing,
    /// Its departments (WeCom); empty where the platform does not tell.
    pub departments: Vec<i64>,
}

/// How a corp is divided and how it labels its customers, for choosing targets. Empty where the platform knows no such thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Every department that the app may see, in the platform's order. WeCom tells apps no names of departments.
    pub departments: Vec<Department>,
    /// The customer tags.
    pub tag_groups: Vec<TagGroup>,
}

/// A department of a corp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Its id; 1 is the whole corp.
    pub id: i64,
    /// The one above it; `None` at the top.
    pub parent: Option<i64>,
}

/// A group of customer tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagGroup {
    /// The platform's id, as this channel's app sees it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// A customer tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The platform's id, as this channel's app sees it.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// What a check of a channel's credential found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelReport {
    /// Everyone who may publish through it.
    pub members: Vec<MemberReport>,
}

/// One kind of platform. Holds no state that a restart would miss; safe to call from many tasks.
#[async_trait]
pub trait Platform: Send + Sync {
    /// What its media must look like.
    fn media_limits(&self) -> MediaLimits;

    /// Whether media are fetched by the platform from [`SourceMedia::url`].
    fn fetches_media(&self) -> bool;

    /// Whether the channel's creations must be serial, and with which gap (personal-gateway 9.2).
    fn write_gap(&self) -> Option<std::time::Duration>;

    /// Checks the credential and lists who may publish.
    async fn check(&self, channel: &ChannelAccess) -> Result<ChannelReport, CallFailure>;

    /// Why accounts that [`Platform::check`] no longer lists are gone: a report for each of which the platform says something, by its own names. None
    /// where it lists all that it knows of.
    async fn missing(&self, _channel: &ChannelAccess, _names: &[String]) -> Result<Vec<MemberReport>, CallFailure> {
        Ok(Vec::new())
    }

    /// Departments and customer tags, to choose targets by.
    async fn directory(&self, channel: &ChannelAccess) -> Result<Directory, CallFailure>;

    /// Makes one medium known to the platform.
    async fn prepare(&self, channel: &ChannelAccess, media: &SourceMedia) -> Result<Prepared, CallFailure>;

    /// Creates the Moment. [`CallFailure::NoAnswer`] means that it may exist: ask with [`Platform::find`], never create again blindly.
    async fn create(&self, channel: &ChannelAccess, post: &Post) -> Result<Answer, CallFailure>;

    /// Asks after a creation job.
    async fn job(&self, channel: &ChannelAccess, job_id: &str) -> Result<JobReport, CallFailure>;

    /// Asks who has confirmed.
    async fn confirmations(&self, channel: &ChannelAccess, moment_id: &str) -> Result<Confirmations, CallFailure>;

    /// Moments in the platform's list that look like `post` and were created in the window, oldest first.
    ///
    /// `Ok(vec![])` is proof of absence at this moment; when the list cannot be trusted the answer is an error.
    async fn find(
        &self,
        channel: &ChannelAccess,
        post: &Post,
        window: &SearchWindow,
    ) -> Result<Vec<Candidate>, CallFailure>;

    /// Stops members who have not confirmed yet. Cannot recall what is out.
    async fn cancel(&self, channel: &ChannelAccess, moment_id: &str) -> Result<(), CallFailure>;
}

/// The platforms of this installation, by kind.
#[derive(Clone)]
pub struct Platforms {
    /// WeCom.
    pub wecom: Arc<dyn Platform>,
    /// The personal-account gateway; `None` while `gewe.enabled` is off.
    pub gewe: Option<Arc<dyn Platform>>,
    /// The same gateway's log-ins and events; there whenever `gewe` is.
    pub gateway: Option<Arc<dyn Gateway>>,
}

impl Platforms {
    /// The platform of a channel; `None` when it is switched off.
    pub fn of(&self, kind: ChannelKind) -> Option<&Arc<dyn Platform>> {
        match kind {
            ChannelKind::Wecom => Some(&self.wecom),
            ChannelKind::Gewe => self.gewe.as_ref(),
        }
    }
}
