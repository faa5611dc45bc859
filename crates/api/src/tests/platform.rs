//! A platform that only knows how to check a channel. What it answers is written in the credential.

use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use moments_domain::{ErrorClass, Standing, StatusCode};
use moments_media::MediaLimits;
use moments_platforms::{
    Answer, CallFailure, Candidate, ChannelAccess, ChannelReport, Confirmations, Directory, JobReport, MemberReport,
    Platform, Post, Prepared, Refusal, SearchWindow, SourceMedia,
};
use secrecy::ExposeSecret;

/// The secret that opens everything.
pub(crate) const GOOD: &str = "good-secret";
/// The secret with which the handler panics.
pub(crate) const PANIC: &str = "panic-secret";
/// The secret with which the platform never answers.
pub(crate) const STALL: &str = "stall-secret";

/// A check's answer in a script.
pub(crate) type Says = Result<Vec<MemberReport>, CallFailure>;

#[derive(Default)]
pub(crate) struct CheckOnly {
    /// What it answers from now on, whatever the credential.
    pub(crate) says: Mutex<Option<Says>>,
    /// What it tells of departments and tags.
    pub(crate) directory: Mutex<Option<Result<Directory, CallFailure>>>,
    /// What it knows of members that it no longer lists.
    pub(crate) missing: Mutex<Vec<MemberReport>>,
    /// How often it was asked.
    pub(crate) asked: AtomicU32,
    /// The hashes of the media that it was to take.
    pub(crate) offered: Mutex<Vec<String>>,
}

/// A refusal in the platform's words.
pub(crate) fn refusal(class: ErrorClass, code: &str, message: &str) -> CallFailure {
    CallFailure::Refused(Refusal {
        class,
        code: code.to_owned(),
        message: message.to_owned(),
    })
}

#[async_trait]
impl Platform for CheckOnly {
    fn media_limits(&self) -> MediaLimits {
        MediaLimits::WECOM
    }

    fn fetches_media(&self) -> bool {
        false
    }

    fn write_gap(&self) -> Option<Duration> {
        None
    }

    async fn check(&self, channel: &ChannelAccess) -> Result<ChannelReport, CallFailure> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some(says) = self.says.lock().expect("unpoisoned").clone() {
            return says.map(|members| ChannelReport { members });
        }
        match channel.credential.expose_secret() {
            GOOD => Ok(ChannelReport { members: members() }),
            PANIC => panic!("a defect"),
            STALL => pending().await,
            _ => Err(refusal(ErrorClass::Configuration, "40001", "invalid credential")),
        }
    }

    async fn missing(&self, _: &ChannelAccess, names: &[String]) -> Result<Vec<MemberReport>, CallFailure> {
        let known = self.missing.lock().expect("unpoisoned");
        Ok(known
            .iter()
            .filter(|member| names.contains(&member.name))
            .cloned()
            .collect())
    }

    async fn directory(&self, _: &ChannelAccess) -> Result<Directory, CallFailure> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.directory
            .lock()
            .expect("unpoisoned")
            .clone()
            .unwrap_or_else(nothing)
    }

    async fn prepare(&self, _: &ChannelAccess, source: &SourceMedia) -> Result<Prepared, CallFailure> {
        let mut offered = self.offered.lock().expect("unpoisoned");
        offered.push(source.media.sha256.clone());
        nothing()
    }

    async fn create(&self, _: &ChannelAccess, _: &Post) -> Result<Answer, CallFailure> {
        nothing()
    }

    async fn job(&self, _: &ChannelAccess, _: &str) -> Result<JobReport, CallFailure> {
        nothing()
    }

    async fn confirmations(&self, _: &ChannelAccess, _: &str) -> Result<Confirmations, CallFailure> {
        nothing()
    }

    async fn find(&self, _: &ChannelAccess, _: &Post, _: &SearchWindow) -> Result<Vec<Candidate>, CallFailure> {
        nothing()
    }

    async fn cancel(&self, _: &ChannelAccess, _: &str) -> Result<(), CallFailure> {
        nothing()
    }
}

pub(crate) fn member(name: &str, display_name: &str, standing: Standing) -> MemberReport {
    MemberReport {
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        standing,
        departments: Vec::new(),
    }
}

/// The members of every corp as long as nothing else is said.
pub(crate) fn members() -> Vec<MemberReport> {
    vec![
        member("zhangsan", "张三", Standing::Active),
        member("lisi", "李四", Standing::Active),
        member("wangwu", "王五", Standing::of(StatusCode::MemberNotActivated)),
    ]
}

fn nothing<T>() -> Result<T, CallFailure> {
    Err(CallFailure::NotSent("nothing is published here".to_owned()))
}
