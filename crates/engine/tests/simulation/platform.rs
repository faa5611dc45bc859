//! A platform with a memory, that answers, lies, stays silent and is late by the dice.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use moments_domain::{Clock, ErrorClass, Timestamp};
use moments_media::MediaLimits;
use moments_platforms::{
    Answer, CallFailure, Candidate, ChannelAccess, ChannelReport, Confirmations, Directory, JobReport, Platform, Post,
    Prepared, Refusal, SearchWindow, SourceMedia,
};

use crate::dice::Dice;

/// The simulated time, which every call moves on a little.
#[derive(Debug)]
pub(crate) struct SimClock(AtomicI64);

impl SimClock {
    pub(crate) fn new(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.0))
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.0
            .fetch_add(i64::try_from(span.as_micros()).expect("a short span"), Ordering::SeqCst);
    }

    pub(crate) fn advance_to(&self, at: Timestamp) {
        self.0.fetch_max(at.0, Ordering::SeqCst);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A Moment as the platform has it.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) channel: String,
    pub(crate) text: String,
    pub(crate) created: Timestamp,
    /// Members who got a task, and whether they confirmed.
    pub(crate) members: BTreeMap<String, bool>,
    /// Members whom the platform calls invalid.
    invalid: Vec<String>,
    looks: u32,
}

#[derive(Debug)]
pub(crate) struct SimPlatform {
    dice: Arc<Dice>,
    clock: Arc<SimClock>,
    /// Whether creation is a job with members that confirm (WeCom), or at once (gateway).
    jobs: bool,
    pub(crate) moments: Mutex<BTreeMap<String, Moment>>,
    pub(crate) seen: Mutex<HashMap<&'static str, u64>>,
}

impl SimPlatform {
    pub(crate) fn new(dice: Arc<Dice>, clock: Arc<SimClock>, jobs: bool) -> Self {
        Self {
            dice,
            clock,
            jobs,
            moments: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    /// Makes the Moment, or refuses for good.
    fn process(&self, channel: &ChannelAccess, post: &Post) -> Result<String, CallFailure> {
        if post.text.contains("违规") {
            return Err(refusal(ErrorClass::Content, "40201"));
        }
        let mut moments = self.moments.lock().expect("unpoisoned");
        let id = format!("mom{}", moments.len() + 1);
        let fate = |name: &String| self.dice.throw(&format!("fate {} {name}", post.text), 12);
        let (mut members, mut invalid) = (BTreeMap::new(), Vec::new());
        for name in &post.targets {
            match fate(name) {
                0 if self.jobs => invalid.push(name.clone()),
                1 if self.jobs => (),
                _ => drop(members.insert(name.clone(), !self.jobs)),
            }
        }
        let moment = Moment {
            channel: channel.handle.clone(),
            text: post.text.clone(),
            created: self.clock.now(),
            members,
            invalid,
            looks: 0,
        };
        moments.insert(id.clone(), moment);
        Ok(id)
    }

    fn note(&self, what: &'static str) {
        *self.seen.lock().expect("unpoisoned").entry(what).or_default() += 1;
    }

    fn take_time(&self, name: &str) {
        self.clock
            .advance(Duration::from_millis(self.dice.throw(&format!("time {name}"), 400)));
    }

    /// Trouble on a call that changes nothing.
    fn read_trouble(&self, name: &str) -> Result<(), CallFailure> {
        self.take_time(name);
        match self.dice.throw(&format!("read {name}"), 12) {
            0 => Err(CallFailure::NoAnswer("cut".into())),
            1 => Err(CallFailure::NotSent("refused".into())),
            2 => Err(refusal(ErrorClass::BackOff, "-1")),
            _ => Ok(()),
        }
    }
}

fn refusal(class: ErrorClass, code: &str) -> CallFailure {
    CallFailure::Refused(Refusal {
        class,
        code: code.into(),
        message: "no".into(),
    })
}

#[async_trait]
impl Platform for SimPlatform {
    fn media_limits(&self) -> MediaLimits {
        MediaLimits::WECOM
    }

    fn fetches_media(&self) -> bool {
        false
    }

    fn write_gap(&self) -> Option<Duration> {
        (!self.jobs).then_some(Duration::from_secs(3))
    }

    async fn check(&self, _: &ChannelAccess) -> Result<ChannelReport, CallFailure> {
        Ok(ChannelReport { members: Vec::new() })
    }

    async fn directory(&self, _: &ChannelAccess) -> Result<Directory, CallFailure> {
        Ok(Directory::default())
    }

    async fn prepare(&self, _: &ChannelAccess, _: &SourceMedia) -> Result<Prepared, CallFailure> {
        Err(CallFailure::NotSent("no media in this world".into()))
    }

    async fn create(&self, channel: &ChannelAccess, post: &Post) -> Result<Answer, CallFailure> {
        let name = format!("create {}", post.text);
        self.take_time(&name);
        match self.dice.throw(&name, 16) {
            0 => {
                self.note("cut before");
                return Err(CallFailure::NoAnswer("cut before processing".into()));
            }
            1 | 2 => {
                self.note("cut after");
                self.process(channel, post)?;
                return Err(CallFailure::NoAnswer("cut after processing".into()));
            }
            3 => return Err(CallFailure::NotSent("connection refused".into())),
            4 => return Err(refusal(ErrorClass::Window, "45009")),
            5 => return Err(refusal(ErrorClass::BackOff, "6000")),
            6 if self.jobs => {
                self.note("doomed");
                return Ok(Answer::Accepted {
                    job_id: format!("job-doomed {}", post.text),
                });
            }
            _ => (),
        }
        let id = self.process(channel, post)?;
        self.take_time(&name);
        Ok(if self.jobs {
            Answer::Accepted {
                job_id: format!("job-{id}"),
            }
        } else {
            Answer::Published { moment_id: id }
        })
    }

    async fn job(&self, _: &ChannelAccess, job_id: &str) -> Result<JobReport, CallFailure> {
        self.read_trouble(job_id)?;
        match self.dice.throw(&format!("job {job_id}"), 20) {
            0..6 => return Ok(JobReport::Running),
            6 => return Ok(JobReport::Gone),
            _ => (),
        }
        if job_id.starts_with("job-doomed") {
            let (class, code) = match self.dice.throw(job_id, 3) {
                0 => (ErrorClass::Window, "41078"),
                1 => (ErrorClass::BackOff, "-1"),
                _ => (ErrorClass::Content, "40201"),
            };
            return Ok(JobReport::Refused(Refusal {
                class,
                code: code.into(),
                message: "no".into(),
            }));
        }
        let moment_id = job_id.trim_start_matches("job-").to_owned();
        let invalid = self
            .moments
            .lock()
            .expect("unpoisoned")
            .get(&moment_id)
            .map(|m| m.invalid.clone());
        Ok(invalid.map_or(JobReport::Gone, |invalid| JobReport::Done {
            moment_id,
            invalid,
            unknown_tags: Vec::new(),
        }))
    }

    async fn confirmations(&self, _: &ChannelAccess, moment_id: &str) -> Result<Confirmations, CallFailure> {
        self.read_trouble(moment_id)?;
        let mut moments = self.moments.lock().expect("unpoisoned");
        let Some(moment) = moments.get_mut(moment_id) else {
            return Err(refusal(ErrorClass::Request, "41060"));
        };
        moment.looks += 1;
        if moment.looks == 1 {
            return Ok(Confirmations::Dispatching);
        }
        let text = moment.text.clone();
        for (name, done) in &mut moment.members {
            // One in eight never confirms.
            let lazy = self.dice.throw(&format!("lazy {text} {name}"), 8);
            *done |= lazy != 0 && self.dice.one_in(&format!("confirm {text} {name}"), 2);
        }
        Ok(Confirmations::Listed(moment.members.clone().into_iter().collect()))
    }

    async fn find(
        &self,
        channel: &ChannelAccess,
        post: &Post,
        window: &SearchWindow,
    ) -> Result<Vec<Candidate>, CallFailure> {
        self.read_trouble(&format!("find {}", post.text))?;
        self.note("searched");
        let moments = self.moments.lock().expect("unpoisoned");
        let ours = moments.iter().filter(|(_, m)| {
            m.channel == channel.handle && m.text == post.text && m.created >= window.sent_time - Duration::from_mins(1)
        });
        let candidate = |(id, m): (&String, &Moment)| Candidate {
            moment_id: id.clone(),
            create_time: m.created,
            senders: Some(m.members.keys().cloned().collect()),
        };
        Ok(ours.map(candidate).collect())
    }

    async fn cancel(&self, _: &ChannelAccess, _: &str) -> Result<(), CallFailure> {
        Ok(())
    }
}
