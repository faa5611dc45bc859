//! WeCom as a [`Platform`]: one creation for many members, who then confirm on their phones (reference wecom 7.0).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use moments_domain::{Clock, ErrorClass, Timestamp};
use moments_media::{MediaKind, MediaLimits};
use moments_wecom::{
    Attachment, AttachmentKind, CreationResult, CustomerTags, JobStatus, NewMoment, Senders, WecomClient,
};
use moments_wire::CallError;

use crate::{
    Answer, CallFailure, Candidate, ChannelAccess, ChannelReport, Confirmations, Directory, JobReport, MemberReport,
    Platform, Post, Prepared, Refusal, SearchWindow, SourceMedia, TokenShelf,
};

mod confirm;
mod directory;
mod failure;
mod find;
mod keeper;
mod members;
mod pages;
mod rights;
mod suites;

use failure::{failure, refusal};
use keeper::TokenKeeper;

pub use suites::{AuthInfo, InstallStart, NewAuth, ProviderConfig, SuiteConfig, SuiteConfigs, Suites};

/// Media ids live three days (reference wecom 6.1); they are given up earlier, so that none ends between check and use.
const MEDIA_LIFE: Duration = Duration::from_hours(3 * 24 - 6);

/// Publishes for the members of WeCom corps. Access tokens are cached in memory and, sealed by the shelf, between processes.
pub struct WecomPlatform {
    client: WecomClient,
    tokens: TokenKeeper,
    clock: Arc<dyn Clock>,
}

impl WecomPlatform {
    /// One for the whole process.
    pub fn new(client: WecomClient, shelf: Arc<dyn TokenShelf>, clock: Arc<dyn Clock>) -> Self {
        Self {
            tokens: TokenKeeper::new(client.clone(), shelf, Arc::clone(&clock)),
            client,
            clock,
        }
    }

    /// The same, for an installation whose provider has suites. Without them channels of third-party apps are refused.
    #[must_use]
    pub fn with_suites(mut self, suites: Arc<Suites>) -> Self {
        self.tokens.suites = Some(suites);
        self
    }
}

#[async_trait]
impl Platform for WecomPlatform {
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
        self.tokens.prove(channel).await?;
        rights::check(&self.client, &self.tokens, channel).await?;
        let client = &self.client;
        let userids = self
            .tokens
            .with_token(
                channel,
                |token| async move { client.get_follow_user_list(&token).await },
            )
            .await?;
        members::look_up(client, &self.tokens, channel, userids).await
    }

    async fn missing(&self, channel: &ChannelAccess, names: &[String]) -> Result<Vec<MemberReport>, CallFailure> {
        members::look_for(&self.client, &self.tokens, channel, names.to_vec()).await
    }

    async fn directory(&self, channel: &ChannelAccess) -> Result<Directory, CallFailure> {
        directory::read(&self.client, &self.tokens, channel).await
    }

    async fn prepare(&self, channel: &ChannelAccess, media: &SourceMedia) -> Result<Prepared, CallFailure> {
        let bytes = &file_of(media).await?;
        let (kind, name, mime) = (
            attachment_kind(media.media.kind()),
            media.file_name.as_str(),
            media.mime.as_str(),
        );
        let client = &self.client;
        let upload = |token| async move { client.upload_attachment(&token, kind, name, mime, bytes.clone()).await };
        let uploaded = self.tokens.with_token(channel, upload).await?;
        let since = if uploaded.created_at > 0 {
            Timestamp::from_secs(uploaded.created_at)
        } else {
            self.clock.now()
        };
        Ok(Prepared {
            reference: uploaded.media_id,
            usable_until: Some(since.min(self.clock.now()) + MEDIA_LIFE),
        })
    }

    async fn create(&self, channel: &ChannelAccess, post: &Post) -> Result<Answer, CallFailure> {
        let (client, moment) = (&self.client, &new_moment(post)?);
        let create = |token| async move { client.add_moment_task(&token, moment).await.map_err(busy_is_no_answer) };
        let job_id = self.tokens.with_token(channel, create).await?;
        Ok(Answer::Accepted { job_id })
    }

    async fn job(&self, channel: &ChannelAccess, job_id: &str) -> Result<JobReport, CallFailure> {
        let client = &self.client;
        let ask = |token| async move { client.get_moment_task_result(&token, job_id).await };
        match self.tokens.with_token(channel, ask).await {
            Ok(JobStatus::Running) => Ok(JobReport::Running),
            Ok(JobStatus::Finished(result)) => finished(result),
            Err(CallFailure::Refused(refusal)) if refusal.code == moments_wecom::JOB_UNKNOWN.to_string() => {
                Ok(JobReport::Gone)
            }
            Err(failure) => Err(failure),
        }
    }

    async fn confirmations(&self, channel: &ChannelAccess, moment_id: &str) -> Result<Confirmations, CallFailure> {
        let client = &self.client;
        self.tokens
            .with_token(channel, |token| async move {
                confirm::confirmations(client, &token, moment_id).await
            })
            .await
    }

    async fn find(
        &self,
        channel: &ChannelAccess,
        post: &Post,
        window: &SearchWindow,
    ) -> Result<Vec<Candidate>, CallFailure> {
        let client = &self.client;
        self.tokens
            .with_token(channel, |token| async move {
                find::find(client, &token, post, window).await
            })
            .await
    }

    async fn cancel(&self, channel: &ChannelAccess, moment_id: &str) -> Result<(), CallFailure> {
        let client = &self.client;
        let cancel = |token| async move { client.cancel_moment_task(&token, moment_id).await };
        match self.tokens.with_token(channel, cancel).await {
            Err(CallFailure::Refused(refusal)) if refusal.code == moments_wecom::ALREADY_CANCELLED.to_string() => {
                Ok(())
            }
            outcome => outcome,
        }
    }
}

async fn file_of(media: &SourceMedia) -> Result<Bytes, CallFailure> {
    let unreadable = |error| CallFailure::NotSent(format!("无法读取媒体文件 {}：{error}", media.file_name));
    tokio::fs::read(&media.file).await.map(Bytes::from).map_err(unreadable)
}

const fn attachment_kind(kind: MediaKind) -> AttachmentKind {
    match kind {
        MediaKind::Image => AttachmentKind::Image,
        MediaKind::Video => AttachmentKind::Video,
    }
}

fn new_moment(post: &Post) -> Result<NewMoment, CallFailure> {
    let senders = Senders::new(post.targets.iter().cloned());
    let senders = senders.map_err(|error| own_refusal("INVALID_SENDERS", error.to_string()))?;
    let moment = NewMoment::new(&post.text, attachments(post)?, senders);
    let Some(visibility) = &post.visibility else {
        return Ok(moment);
    };
    // No tag at all would be every customer.
    let tags = CustomerTags::new(visibility.customer_tags.iter().cloned());
    let tags = tags.ok_or_else(|| own_refusal("NO_AUDIENCE", "可见范围里没有客户标签，已拒绝发送".to_owned()))?;
    Ok(moment.for_customers_with(tags))
}

fn attachments(post: &Post) -> Result<Vec<Attachment>, CallFailure> {
    if let Some(link) = &post.link {
        let cover = post.media.first().cloned();
        let cover = cover.ok_or_else(|| own_refusal("NO_COVER", "链接没有封面".to_owned()))?;
        return Ok(vec![Attachment::link(&link.title, link.url.clone(), cover)]);
    }
    let kind = if post.is_video {
        AttachmentKind::Video
    } else {
        AttachmentKind::Image
    };
    let attachment = |media_id: &String| Attachment::new(kind, media_id.clone());
    Ok(post.media.iter().map(attachment).collect())
}

/// A refusal that we made ourselves, before anything was sent.
fn own_refusal(code: &str, message: String) -> CallFailure {
    CallFailure::Refused(Refusal {
        class: ErrorClass::Request,
        code: code.to_owned(),
        message,
    })
}

/// "System busy" leaves open whether the task was made (reference wecom 9.1, code -1).
fn busy_is_no_answer(error: CallError) -> CallError {
    if error.code() == Some("-1") {
        CallError::no_answer("企业微信系统繁忙（-1），任务可能已经创建")
    } else {
        error
    }
}

fn finished(result: CreationResult) -> Result<JobReport, CallFailure> {
    if result.errcode != 0 {
        return Ok(JobReport::Refused(refusal(result.errcode.to_string(), &result.errmsg)));
    }
    if result.moment_id.is_empty() {
        return Err(failure(CallError::no_answer("创建已完成，但答复里没有 moment_id")));
    }
    Ok(JobReport::Done {
        invalid: result.invalid_users().to_vec(),
        unknown_tags: result.invalid_tags().to_vec(),
        moment_id: result.moment_id,
    })
}

#[cfg(test)]
mod tests;
