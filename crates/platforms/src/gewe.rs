//! The personal-account gateway as a [`Platform`]: one account behind each channel, and a post is out as soon as it is created.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use moments_domain::{ErrorClass, MomentLink, Standing, StatusCode};
use moments_gewe::{Audience, Device, GeweClient, Label, LinkCard, Profile, RefusalClass, Staged};
use moments_media::{MediaKind, MediaLimits};
use moments_wire::{CallError, WireClient};
use url::Url;

use crate::{
    Answer, CallFailure, Candidate, ChannelAccess, ChannelReport, Confirmations, Directory, JobReport, MemberReport,
    Platform, Post, Prepared, SearchWindow, SourceMedia, Tag, TagGroup,
};

mod failure;
mod find;
mod session;

use failure::{failure, own_refusal};

/// Between two writes of one account (reference personal-gateway 9.2).
const WRITE_GAP: Duration = Duration::from_secs(3);

/// Publishes for personal accounts through gateways of the GeWe shape. Holds no state.
pub struct GewePlatform {
    wire: WireClient,
    base_url: Url,
    token_header: String,
}

/// A channel's gateway and its device there.
struct Line {
    client: GeweClient,
    device: Device,
}

impl GewePlatform {
    /// `base_url` is for channels that name none of their own; `token_header` is the setting `gewe.token_header`.
    pub fn new(wire: WireClient, base_url: Url, token_header: impl Into<String>) -> Self {
        Self {
            wire,
            base_url,
            token_header: token_header.into(),
        }
    }

    fn line(&self, channel: &ChannelAccess) -> Result<Line, CallFailure> {
        Ok(Line {
            client: self.client(channel.base_url.as_deref())?,
            device: Device {
                token: channel.credential.clone(),
                app_id: channel.handle.clone(),
            },
        })
    }

    fn client(&self, base_url: Option<&str>) -> Result<GeweClient, CallFailure> {
        let base_url = match base_url {
            None => self.base_url.clone(),
            Some(text) => text.parse().map_err(|_| {
                own_refusal(
                    ErrorClass::Configuration,
                    "BAD_BASE_URL",
                    "该渠道的网关地址不是有效的网址",
                )
            })?,
        };
        Ok(GeweClient::new(self.wire.clone(), base_url, self.token_header.clone()))
    }
}

impl Line {
    /// Who is logged in, after one attempt to bring a dropped session back.
    async fn profile(&self) -> Result<Profile, CallError> {
        match self.client.get_profile(&self.device).await {
            Err(error) if moments_gewe::class(&error) == Some(RefusalClass::Offline) => {
                // Its answer does not matter: the profile tells whether it helped.
                let _ = self.client.reconnection(&self.device).await;
                self.client.get_profile(&self.device).await
            }
            outcome => outcome,
        }
    }

    async fn stage(&self, media: &SourceMedia) -> Result<Staged, CallFailure> {
        let url = public(media.url.as_deref())?;
        let staged = match media.media.kind() {
            MediaKind::Image => self.client.upload_sns_image(&self.device, url).await,
            MediaKind::Video => {
                let cover = public(media.cover_url.as_deref())?;
                self.client.upload_sns_video(&self.device, url, cover).await
            }
        };
        staged.map_err(failure::of_staging)
    }

    async fn own_wxid(&self, channel: &ChannelAccess) -> Result<String, CallFailure> {
        match &channel.wxid {
            Some(wxid) => Ok(wxid.clone()),
            None => self
                .client
                .get_profile(&self.device)
                .await
                .map(|profile| profile.wxid)
                .map_err(failure),
        }
    }
}

#[async_trait]
impl Platform for GewePlatform {
    fn media_limits(&self) -> MediaLimits {
        MediaLimits::GEWE
    }

    fn fetches_media(&self) -> bool {
        true
    }

    fn write_gap(&self) -> Option<Duration> {
        Some(WRITE_GAP)
    }

    async fn check(&self, channel: &ChannelAccess) -> Result<ChannelReport, CallFailure> {
        let member = match (self.line(channel)?.profile().await, &channel.wxid) {
            (Ok(profile), Some(wxid)) if profile.wxid != *wxid => return Err(other_account()),
            (Ok(profile), _) => active(profile),
            (Err(error), Some(wxid)) => match moments_gewe::class(&error) {
                Some(RefusalClass::Offline) => offline(wxid),
                _ => return Err(failure(error)),
            },
            (Err(error), None) => return Err(failure(error)),
        };
        Ok(ChannelReport { members: vec![member] })
    }

    /// The account's labels of friends, as one group.
    async fn directory(&self, channel: &ChannelAccess) -> Result<Directory, CallFailure> {
        let Line { client, device } = self.line(channel)?;
        let labels = client.label_list(&device).await.map_err(failure)?;
        let tag = |label: Label| Tag {
            id: label.label_id,
            name: label.label_name,
        };
        let labels = TagGroup {
            id: "labels".to_owned(),
            name: "标签".to_owned(),
            tags: labels.into_iter().map(tag).collect(),
        };
        Ok(Directory {
            tag_groups: vec![labels],
            ..Directory::default()
        })
    }

    async fn prepare(&self, channel: &ChannelAccess, media: &SourceMedia) -> Result<Prepared, CallFailure> {
        let staged = self.line(channel)?.stage(media).await?;
        let reference = serde_json::to_string(&staged).map_err(|error| CallFailure::NotSent(error.to_string()))?;
        Ok(Prepared {
            reference,
            // How long staged media stay usable is not documented: a later attempt stages again (personal-gateway 4.4).
            usable_until: None,
        })
    }

    async fn create(&self, channel: &ChannelAccess, post: &Post) -> Result<Answer, CallFailure> {
        let Line { client, device } = self.line(channel)?;
        addressed_to_the_account(channel, post)?;
        let (media, audience) = (staged(&post.media)?, &audience(post)?);
        let published = match (&post.link, media.as_slice()) {
            (Some(link), media) => {
                let (cover, host) = (cover(media)?, link.host());
                let card = card(link, cover, &host);
                client.send_url_sns(&device, &post.text, &card, audience).await
            }
            (None, []) => client.send_text_sns(&device, &post.text, audience).await,
            (None, [video]) if post.is_video => client.send_video_sns(&device, &post.text, video, audience).await,
            (None, images) => client.send_img_sns(&device, &post.text, images, audience).await,
        };
        published
            .map(|published| Answer::Published {
                moment_id: published.id.to_string(),
            })
            .map_err(failure)
    }

    /// Gateways of this shape have no jobs.
    async fn job(&self, _: &ChannelAccess, _: &str) -> Result<JobReport, CallFailure> {
        Ok(JobReport::Gone)
    }

    /// A post that exists is out.
    async fn confirmations(&self, channel: &ChannelAccess, _: &str) -> Result<Confirmations, CallFailure> {
        let wxid = self.line(channel)?.own_wxid(channel).await?;
        Ok(Confirmations::Listed(HashMap::from([(wxid, true)])))
    }

    async fn find(
        &self,
        channel: &ChannelAccess,
        post: &Post,
        window: &SearchWindow,
    ) -> Result<Vec<Candidate>, CallFailure> {
        let line = self.line(channel)?;
        let wxid = line.own_wxid(channel).await?;
        find::find(&line.client, &line.device, &wxid, post, window)
            .await
            .map_err(failure)
    }

    /// Nobody is left to stop: a post that exists is out, and taking it down is not what cancelling means.
    async fn cancel(&self, _: &ChannelAccess, _: &str) -> Result<(), CallFailure> {
        Ok(())
    }
}

fn active(profile: Profile) -> MemberReport {
    let display_name = if profile.nick_name.is_empty() {
        profile.wxid.clone()
    } else {
        profile.nick_name
    };
    MemberReport {
        name: profile.wxid,
        display_name,
        standing: Standing::Active,
        departments: Vec::new(),
    }
}

/// The name of an account that cannot be asked is unknown, which is told by the wxid.
fn offline(wxid: &str) -> MemberReport {
    MemberReport {
        name: wxid.to_owned(),
        display_name: wxid.to_owned(),
        standing: Standing::of(StatusCode::DeviceOffline),
        departments: Vec::new(),
    }
}

fn other_account() -> CallFailure {
    own_refusal(
        ErrorClass::Configuration,
        "OTHER_ACCOUNT",
        "该设备上登录的是另一个微信号",
    )
}

fn public(url: Option<&str>) -> Result<&str, CallFailure> {
    url.ok_or_else(|| own_refusal(ErrorClass::Configuration, "NO_MEDIA_URL", "没有可供网关下载的媒体地址"))
}

/// An empty target is refused, and a target that is not this channel's account is a mix-up.
fn addressed_to_the_account(channel: &ChannelAccess, post: &Post) -> Result<(), CallFailure> {
    match (post.targets.as_slice(), &channel.wxid) {
        ([target], Some(wxid)) if target == wxid => Ok(()),
        ([_], None) => Ok(()),
        _ => Err(own_refusal(
            ErrorClass::Request,
            "INVALID_TARGET",
            "发布目标与该渠道的账号不符",
        )),
    }
}

/// Nothing of the account's own in a visibility would be everybody.
fn audience(post: &Post) -> Result<Audience<'_>, CallFailure> {
    let Some(visibility) = &post.visibility else {
        return Ok(Audience::everybody());
    };
    let audience = visibility.friends().and_then(Audience::of);
    audience.ok_or_else(|| {
        let message = "可见范围里没有个人微信的标签或名单，已拒绝发送";
        own_refusal(ErrorClass::Request, "NO_AUDIENCE", message)
    })
}

fn cover(media: &[Staged]) -> Result<&Staged, CallFailure> {
    let cover = media.first();
    cover.ok_or_else(|| own_refusal(ErrorClass::Request, "NO_COVER", "链接没有封面"))
}

/// The gateway wants a description, which no other platform has: the host, by which people recognise where the link leads.
fn card<'a>(link: &'a MomentLink, cover: &'a Staged, host: &'a str) -> LinkCard<'a> {
    LinkCard {
        thumb_url: cover.file_url(),
        link_url: &link.url,
        title: &link.title,
        description: host,
    }
}

fn staged(references: &[String]) -> Result<Vec<Staged>, CallFailure> {
    let read = |text: &String| serde_json::from_str(text);
    references
        .iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map_err(|_| own_refusal(ErrorClass::Request, "BAD_MEDIA_REFERENCE", "媒体引用不是网关返回的内容"))
}

#[cfg(test)]
mod tests;
