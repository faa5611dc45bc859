//! What a post may hold.

use crate::error::FieldError;
use crate::link::MomentLink;
use crate::visibility::Visibility;

/// Most characters of text, counted as UTF-16 units (reference wecom 7.1: 2000 字; an emoji counts twice).
pub const MAX_TEXT_UNITS: usize = 2000;
/// Most bytes of text in UTF-8, so that every reading of the platform's rule is met.
pub const MAX_TEXT_BYTES: usize = 4000;
/// Most pictures in a post; a video stands alone.
pub const MAX_MEDIA: usize = 9;

/// What is to be published: frozen in the task at creation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MomentContent {
    /// The text; empty when the media speak for themselves.
    pub text: String,
    /// Addresses of the pictures, or of the one video, in the order shown.
    pub media_urls: Vec<String>,
    /// The link of a link post, which has no other media.
    pub link: Option<MomentLink>,
    /// Who may see it; `None`: everybody who sees the account's posts.
    pub visibility: Option<Visibility>,
    /// Of a video that lasts longer than its platform plays, the beginning is published; otherwise it is refused. One that fits is left alone,
    /// so this is no part of the fingerprint: what is published of the same media is the same.
    pub video_cut: bool,
}

impl MomentContent {
    /// Every address that has a file of the post, in the order shown: its media, or the cover of its link.
    pub fn file_urls(&self) -> &[String] {
        match &self.link {
            Some(link) => link.cover_url.as_slice(),
            None => &self.media_urls,
        }
    }

    /// What people call the `n`th file of [`Self::file_urls`], from 1, at the start of a Chinese sentence.
    pub fn file_name(&self, n: usize) -> String {
        match self.link {
            Some(_) => "链接封面".to_owned(),
            None => format!("第 {n} 个媒体"),
        }
    }
}

/// The kind of a medium, as far as anybody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaGuess {
    /// A picture.
    Image,
    /// A video.
    Video,
    /// Only its bytes will tell.
    Unknown,
}

impl MediaGuess {
    /// From the extension of an address's path; the bytes decide later.
    pub fn by_address(url: &url::Url) -> Self {
        let extension = url.path().rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
        match extension.as_deref() {
            Some("jpg" | "jpeg" | "png" | "webp" | "gif" | "heic" | "heif" | "bmp" | "avif") => Self::Image,
            Some("mp4" | "mov" | "m4v" | "avi" | "mkv" | "webm") => Self::Video,
            _ => Self::Unknown,
        }
    }
}

/// Rules for the text.
pub fn check_text(text: &str) -> Option<FieldError> {
    let (units, bytes) = (text.encode_utf16().count(), text.len());
    if units > MAX_TEXT_UNITS {
        Some(FieldError::new(
            "text",
            format!("文本最多 {MAX_TEXT_UNITS} 字，当前 {units} 字"),
        ))
    } else if bytes > MAX_TEXT_BYTES {
        Some(FieldError::new(
            "text",
            format!("文本最多 {MAX_TEXT_BYTES} 字节，当前 {bytes} 字节"),
        ))
    } else {
        None
    }
}

/// Rules for how many media and which together: at most nine pictures, or one video alone.
pub fn check_media_mix(kinds: &[MediaGuess]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if kinds.len() > MAX_MEDIA {
        errors.push(FieldError::new(
            "mediaUrls",
            format!("最多 {MAX_MEDIA} 个媒体，当前 {} 个", kinds.len()),
        ));
    }
    let videos = kinds.iter().filter(|kind| **kind == MediaGuess::Video).count();
    let images = kinds.iter().filter(|kind| **kind == MediaGuess::Image).count();
    if videos > 1 {
        errors.push(FieldError::new(
            "mediaUrls",
            format!("一条朋友圈只能有 1 个视频，当前 {videos} 个"),
        ));
    }
    if videos > 0 && images > 0 {
        errors.push(FieldError::new("mediaUrls", "图片和视频不能同时发布"));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_counted_in_characters_and_in_bytes() {
        for (text, fits) in [
            ("好".repeat(1333), true),
            ("好".repeat(1334), false),
            ("a".repeat(2000), true),
            ("a".repeat(2001), false),
            ("☕".repeat(1000), true),
            ("😀".repeat(1000), true),
            ("😀".repeat(1001), false),
        ] {
            assert_eq!(
                check_text(&text).is_none(),
                fits,
                "{} units",
                text.encode_utf16().count()
            );
        }
    }

    #[test]
    fn pictures_come_in_nines_and_a_video_alone() {
        use MediaGuess::{Image, Unknown, Video};
        for (kinds, errors) in [
            (vec![Image; 9], 0),
            (vec![Image; 10], 1),
            (vec![Video], 0),
            (vec![Video, Video], 1),
            (vec![Video, Image], 1),
            (vec![Video, Video, Image], 2),
            (vec![Unknown, Video], 0),
        ] {
            assert_eq!(check_media_mix(&kinds).len(), errors, "{kinds:?}");
        }
    }

    #[test]
    fn an_address_tells_its_kind_by_its_path_only() {
        for (url, kind) in [
            ("https://cdn.example.com/a/b.JPG?x=1.mp4", MediaGuess::Image),
            ("https://cdn.example.com/clip.mp4", MediaGuess::Video),
            ("https://cdn.example.com/clip.mp4#t=1", MediaGuess::Video),
            ("https://cdn.example.com/download?id=7", MediaGuess::Unknown),
            ("https://cdn.example.com/a.jpg/", MediaGuess::Unknown),
            ("https://cdn.example.com/", MediaGuess::Unknown),
        ] {
            assert_eq!(MediaGuess::by_address(&url.parse().expect("a url")), kind, "{url}");
        }
    }
}
