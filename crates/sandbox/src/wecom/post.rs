//! A creation and the moment it becomes. Its whole future is fixed at creation and read off the clock later:
//! nothing runs in the background, and a million of them cost nothing while nobody asks.

use crate::blobs::Sha;
use crate::fault::World;
use crate::ids::mix;
use crate::record::{LinkRecord, MomentRecord, MomentStage, SenderRecord};
use crate::wecom::corp::Members;
use crate::wecom::seed::{Confirm, MemberSeed};

/// A sender who never publishes by itself.
const NEVER: u32 = u32::MAX;
/// A jobid can be asked for 24 h (reference wecom 7.1).
const JOB_LIFE_MS: i64 = 24 * 3600 * 1000;

#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) content: Content,
    pub(crate) created_ms: i64,
    pub(crate) arrival_ms: i64,
    pub(crate) job_ms: u32,
    pub(crate) dispatch_ms: u32,
    /// `result.errcode`; 0: there will be a moment.
    pub(crate) job_errcode: i64,
    /// Author of a personal post; `None`: made by API.
    pub(crate) creator: Option<u32>,
    pub(crate) senders: Box<[Sender]>,
    pub(crate) invalid: Option<Box<Invalid>>,
    /// Customer tags that narrow the audience.
    pub(crate) tags: Option<Box<[String]>>,
    pub(crate) cancelled_ms: Option<i64>,
    pub(crate) intent: u128,
}

#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) text: Box<str>,
    pub(crate) attachment: Attachment,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Attachment {
    None,
    Images(Box<[Sha]>),
    Video(Sha),
    Link(Box<Link>),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) title: String,
    pub(crate) url: String,
    pub(crate) cover: Sha,
}

/// A member who got the task.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) member: u32,
    /// Milliseconds from the dispatch until the member publishes, [`NEVER`] for one who waits for the script.
    after_ms: u32,
}

/// What the result reports as invalid.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub(crate) users: Vec<String>,
    pub(crate) departments: Vec<u64>,
    pub(crate) tags: Vec<String>,
}

impl Attachment {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::None => "text",
            Self::Images(_) => "image",
            Self::Video(_) => "video",
            Self::Link(_) => "link",
        }
    }

    pub(crate) fn link(&self) -> Option<LinkRecord> {
        match self {
            Self::Link(link) => Some(LinkRecord {
                title: link.title.clone(),
                url: link.url.clone(),
            }),
            _ => None,
        }
    }

    /// Every medium, in the order shown.
    pub(crate) fn media(&self) -> &[Sha] {
        match self {
            Self::None => &[],
            Self::Images(images) => images,
            Self::Video(video) => std::slice::from_ref(video),
            Self::Link(link) => std::slice::from_ref(&link.cover),
        }
    }
}

impl Sender {
    /// Decides when the member will publish; `chance` makes the human mixture repeatable.
    pub(crate) fn new(no: u32, member: &MemberSeed, confirm: Confirm, chance: u64) -> Self {
        let after_ms = match confirm {
            _ if member.status != 1 => NEVER,
            Confirm::Immediately => 0,
            Confirm::After { ms } => ms,
            Confirm::Script | Confirm::Never => NEVER,
            Confirm::Random { never_share, .. } if share_of(chance) < never_share => NEVER,
            Confirm::Random { min_ms, max_ms, .. } => {
                let span = u64::from(max_ms.saturating_sub(min_ms)) + 1;
                min_ms + u32::try_from(mix(chance) % span).unwrap_or(0)
            }
        };
        Self { member: no, after_ms }
    }
}

/// A number in 0..1 from 64 mixed bits.
pub(crate) fn share_of(chance: u64) -> f64 {
    let high = u32::try_from(mix(chance) >> 32).unwrap_or(0);
    f64::from(high) / (f64::from(u32::MAX) + 1.0)
}

impl Post {
    /// `status` of the job: 1 started, 2 running, 3 finished.
    pub(crate) fn job_status(&self, now_ms: i64) -> u8 {
        let age = now_ms - self.created_ms;
        let job = i64::from(self.job_ms);
        if age >= job {
            3
        } else if age * 2 >= job {
            2
        } else {
            1
        }
    }

    pub(crate) fn job_forgotten(&self, now_ms: i64) -> bool {
        now_ms >= self.created_ms + JOB_LIFE_MS
    }

    /// Whether there is a moment by now.
    pub(crate) fn exists(&self, now_ms: i64) -> bool {
        self.job_errcode == 0 && self.job_status(now_ms) == 3
    }

    pub(crate) fn dispatched_ms(&self) -> i64 {
        self.created_ms + i64::from(self.job_ms) + i64::from(self.dispatch_ms)
    }

    pub(crate) fn is_dispatched(&self, now_ms: i64) -> bool {
        now_ms >= self.dispatched_ms()
    }

    /// When the sender published, if that is in the past and was not stopped before.
    pub(crate) fn published_ms(&self, sender: Sender, now_ms: i64) -> Option<i64> {
        let at = self.dispatched_ms() + i64::from(sender.after_ms);
        let stopped = self.cancelled_ms.is_some_and(|cancelled| at > cancelled);
        (sender.after_ms != NEVER && at <= now_ms && !stopped).then_some(at)
    }

    pub(crate) fn sender(&self, member: u32) -> Option<Sender> {
        self.senders.iter().find(|sender| sender.member == member).copied()
    }

    /// The member publishes now (or did already). False when it cannot: not dispatched, cancelled, no sender.
    pub(crate) fn confirm(&mut self, member: u32, now_ms: i64) -> bool {
        let dispatched_ms = self.dispatched_ms();
        let possible = self.job_errcode == 0 && now_ms >= dispatched_ms && self.cancelled_ms.is_none();
        let Some(place) = self.senders.iter().position(|sender| sender.member == member) else {
            return false;
        };
        if possible && self.published_ms(self.senders[place], now_ms).is_none() {
            self.senders[place].after_ms = u32::try_from(now_ms - dispatched_ms).unwrap_or(NEVER - 1);
        }
        possible
    }

    pub(crate) fn record(&self, corpid: &str, moment_id: String, members: &Members, now_ms: i64) -> MomentRecord {
        let userid = |no: u32| members.get(no).map(|member| member.userid.clone()).unwrap_or_default();
        let sender = |sender: &Sender| {
            let published_ms = self.published_ms(*sender, now_ms).filter(|_| self.job_errcode == 0);
            SenderRecord {
                userid: userid(sender.member),
                published: published_ms.is_some(),
                published_ms,
            }
        };
        MomentRecord {
            world: World::Wecom,
            owner: corpid.to_owned(),
            moment_id,
            stage: self.stage(now_ms),
            creator: self.creator.map(userid),
            kind: self.content.attachment.kind().to_owned(),
            text: self.content.text.to_string(),
            media: self.content.attachment.media().iter().map(hex::encode).collect(),
            link: self.content.attachment.link(),
            visible_to: self.tags.as_deref().map(|tags| self.visible_to(tags, members, now_ms)),
            senders: self.senders.iter().map(sender).collect(),
            invalid: self.invalid.as_deref().map(Invalid::all).unwrap_or_default(),
            create_ms: self.created_ms,
            arrival_ms: self.arrival_ms,
        }
    }

    /// Customers with one of `tags`, of members who have published.
    fn visible_to(&self, tags: &[String], members: &Members, now_ms: i64) -> Vec<String> {
        let published = |sender: &&Sender| self.published_ms(**sender, now_ms).is_some();
        let senders = self.senders.iter().filter(published);
        let audience = senders.filter_map(|sender| Some(members.get(sender.member)?.audience(Some(tags))));
        audience.flatten().map(|customer| customer.external_userid).collect()
    }

    fn stage(&self, now_ms: i64) -> MomentStage {
        if self.job_errcode != 0 {
            MomentStage::Failed
        } else if self.cancelled_ms.is_some() {
            MomentStage::Cancelled
        } else if !self.exists(now_ms) {
            MomentStage::Job
        } else if !self.is_dispatched(now_ms) {
            MomentStage::Dispatching
        } else {
            MomentStage::Live
        }
    }
}

impl Invalid {
    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.departments.is_empty() && self.tags.is_empty()
    }

    fn all(&self) -> Vec<String> {
        let departments = self.departments.iter().map(u64::to_string);
        self.users
            .iter()
            .cloned()
            .chain(departments)
            .chain(self.tags.iter().cloned())
            .collect()
    }
}
