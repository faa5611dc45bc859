//! A platform that only knows how to check a channel. What it answers is written in the credential.

use std::future::pending;
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

pub(crate) struct CheckOnly;

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
        match channel.credential.expose_secret() {
            GOOD => Ok(ChannelReport { members: members() }),
            PANIC => panic!("a defect"),
            STALL => pending().await,
            _ => Err(CallFailure::Refused(Refusal {
                class: ErrorClass::Configuration,
                code: "40001".to_owned(),
                message: "invalid credential".to_owned(),
            })),
        }
    }

    async fn directory(&self, _: &ChannelAccess) -> Result<Directory, CallFailure> {
        nothing()
    }

    async fn prepare(&self, _: &ChannelAccess, _: &SourceMedia) -> Result<Prepared, CallFailure> {
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

fn members() -> Vec<MemberReport> {
    let member = |name: &str, display_name: &str, standing| MemberReport {
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        standing,
        departments: Vec::new(),
    };
    vec![
        member("zhangsan", "张三", Standing::Active),
        member("lisi", "李四", Standing::Active),
        member("wangwu", "王五", Standing::of(StatusCode::MemberNotActivated)),
    ]
}

fn nothing<T>() -> Result<T, CallFailure> {
    Err(CallFailure::NotSent("nothing is published here".to_owned()))
}
