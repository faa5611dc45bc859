//! The rules of a sync request that hold whatever the database says (requirement 2.2).

use std::collections::HashSet;
use std::time::Duration;

use url::Url;

use crate::content::{MediaGuess, check_media_mix, check_text};
use crate::error::FieldError;
use crate::ids::AccountId;
use crate::link::MomentLink;
use crate::time::Timestamp;
use crate::visibility::Visibility;

/// Most accounts in one request.
pub const MAX_ACCOUNTS: usize = 10_000;
/// How far a time may lie in the past: clocks differ, and a form takes a moment to send.
pub const PAST_TOLERANCE: Duration = Duration::from_mins(1);
/// How far ahead a time may lie.
pub const MAX_AHEAD: Duration = Duration::from_hours(8784);

/// What a user asks for, read but not yet judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncRequest {
    /// A draft of the content library; excludes text, media and link.
    pub content_id: Option<i64>,
    /// What the draft has too much of is left out; otherwise it is refused. Only with `content_id`.
    pub content_cut: bool,
    /// The text; `None` and blank are the same.
    pub text: Option<String>,
    /// Addresses of the media, in the order shown.
    pub media_urls: Vec<String>,
    /// The link of a link post; excludes media.
    pub link: Option<MomentLink>,
    /// Who may see it; `None`: everybody.
    pub visibility: Option<Visibility>,
    /// Of a video that lasts too long the beginning is published; otherwise it is refused. Means nothing for what has no such video.
    pub video_cut: bool,
    /// The targets.
    pub account_ids: Vec<AccountId>,
    /// When to publish; `None`: now.
    pub scheduled_time: Option<Timestamp>,
}

impl SyncRequest {
    /// All broken rules at once; empty when there are none. `read_url` says why an address is not acceptable.
    pub fn check(&self, now: Timestamp, read_url: impl Fn(&str) -> Result<Url, String>) -> Vec<FieldError> {
        let mut errors = self.check_accounts();
        errors.extend(self.check_content(read_url));
        errors.extend(self.check_time(now));
        errors
    }

    /// The text, unless it is blank.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref().filter(|text| !text.trim().is_empty())
    }

    fn check_accounts(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let count = self.account_ids.len();
        if count == 0 {
            errors.push(FieldError::new("accountIds", "请至少选择一个微信账号"));
        }
        if count > MAX_ACCOUNTS {
            errors.push(FieldError::new(
                "accountIds",
                format!("一次最多 {MAX_ACCOUNTS} 个账号，当前 {count} 个"),
            ));
        }
        let mut seen = HashSet::with_capacity(count);
        for (index, account) in self.account_ids.iter().enumerate() {
            if account.0.is_empty() || account.0.chars().count() > AccountId::MAX_CHARS {
                let message = format!("账号ID须为 1 到 {} 个字符", AccountId::MAX_CHARS);
                errors.push(FieldError::new(format!("accountIds[{index}]"), message));
            } else if !seen.insert(account) {
                errors.push(FieldError::new(
                    format!("accountIds[{index}]"),
                    format!("账号重复：{account}"),
                ));
            }
        }
        errors
    }

    fn check_content(&self, read_url: impl Fn(&str) -> Result<Url, String>) -> Vec<FieldError> {
        let has_own = self.text().is_some() || !self.media_urls.is_empty() || self.link.is_some();
        let mut errors = Vec::new();
        match (self.content_id, has_own) {
            (Some(_), true) => errors.push(FieldError::new(
                "contentId",
                "contentId 不能与 text、mediaUrls、link 同时使用",
            )),
            (None, false) => errors.push(FieldError::new("text", "请填写文本、媒体、链接或选择内容库内容")),
            _ => (),
        }
        if self.content_cut && self.content_id.is_none() {
            errors.push(FieldError::new("contentCut", "contentCut 只能与 contentId 同时使用"));
        }
        errors.extend(self.text().and_then(check_text));
        errors.extend(check_media(&self.media_urls, &read_url));
        if self.link.is_some() && !self.media_urls.is_empty() {
            errors.push(FieldError::new("link", "链接不能与图片、视频同时发布"));
        }
        errors.extend(self.link.iter().flat_map(|link| link.check(&read_url)));
        errors.extend(self.visibility.iter().flat_map(Visibility::check));
        errors
    }

    fn check_time(&self, now: Timestamp) -> Option<FieldError> {
        let at = self.scheduled_time?;
        if at < now - PAST_TOLERANCE {
            Some(FieldError::new("scheduledTime", "定时发布时间已过去"))
        } else if at > now + MAX_AHEAD {
            Some(FieldError::new("scheduledTime", "定时发布时间不能超过一年"))
        } else {
            None
        }
    }
}

/// Rules for a list of media addresses; also for those that come out of the content library.
pub fn check_media(urls: &[String], read_url: impl Fn(&str) -> Result<Url, String>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut kinds = Vec::with_capacity(urls.len());
    for (index, url) in urls.iter().enumerate() {
        match read_url(url) {
            Ok(url) => kinds.push(MediaGuess::by_address(&url)),
            Err(why) => {
                errors.push(FieldError::new(format!("mediaUrls[{index}]"), why));
                kinds.push(MediaGuess::Unknown);
            }
        }
    }
    errors.extend(check_media_mix(&kinds));
    errors
}

#[cfg(test)]
mod tests;
