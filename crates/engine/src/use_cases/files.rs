//! Files that users send by themselves (requirement 5.3): kept by their hash, named in `mediaUrls` like any other address, and nobody else's.

use std::time::Duration;

use moments_domain::content::{MediaGuess, check_media_mix};
use moments_domain::{ChannelKind, FieldError, Timestamp, UserId};
use moments_media::{Incoming, KeptMedia, MediaError, MediaFormat, MediaKind};
use moments_store::{NewFile, StoreError};
use url::Url;

use crate::app::Engine;
use crate::media_link::{OpenMedia, read_name};
use crate::problem::Problem;

/// The path of a sent file's address; `{sha256}.{extension}` follows. Whatever the host: the hash says which bytes are meant.
pub const FILES_PATH: &str = "/api/v1/workbench/wechat/moments/media/";
/// How long a link for a browser is good, which sends no token for a picture.
const LINK_LIFE: Duration = Duration::from_hours(24);

/// Why a file is not at hand.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// It cannot be published, or is gone.
    #[error(transparent)]
    Unfit(#[from] MediaError),
    /// Anything else.
    #[error(transparent)]
    Problem(#[from] Problem),
}

impl From<StoreError> for FileProblem {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

/// A file as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileView {
    /// What it is.
    pub media: KeptMedia,
    /// For `mediaUrls`; readable by its owner only.
    pub url: String,
    /// The original for anybody who has this address, until `links_until`.
    pub preview_url: String,
    /// A small JPEG, likewise.
    pub thumbnail_url: String,
    /// Until then the two links are good.
    pub links_until: Timestamp,
    /// Until then it is kept even if no task names it.
    pub keep_until: Timestamp,
    /// What will become of it that its owner may not expect, in Chinese.
    pub warnings: Vec<String>,
}

impl Engine {
    /// Begins to receive a file; refused when the user's files take all the room that they may.
    pub async fn receive_file(&self, user: UserId) -> Result<Incoming, FileProblem> {
        let quota = self.settings.user_quota_bytes;
        if quota > 0 && self.store.file_bytes(user).await? >= quota {
            let told = format!(
                "上传的文件已占满 {} MB 的空间，未使用的文件会在 {} 小时后自动清理",
                quota >> 20,
                self.settings.keep_unused.as_secs() / 3600
            );
            return Err(Problem::Conflict(told).into());
        }
        Ok(self.media.receive()?)
    }

    /// Proves that what was received can be shown, and keeps it as the user's.
    pub async fn keep_file(&self, user: UserId, incoming: Incoming) -> Result<FileView, FileProblem> {
        let media = self.media.adopt(incoming).await?;
        let thumbnail = self.media.thumbnail(&media).await?;
        let now = self.clock.now();
        let keep_until = now + self.settings.keep_unused;
        let file = NewFile {
            user_id: user,
            sha256: media.sha256.clone(),
            media: serde_json::to_string(&media).map_err(|e| Problem::Internal(Box::new(e)))?,
            bytes: media.bytes,
            now,
            keep_until,
        };
        self.store.put_file(&file).await?;
        let (name, links_until) = (file_name(&media.sha256, media.format), now + LINK_LIFE);
        Ok(FileView {
            url: format!("{}{FILES_PATH}{name}", self.settings.public_url),
            preview_url: self.link_until(&name, links_until),
            thumbnail_url: self.link_until(&file_name(&thumbnail.sha256, thumbnail.format), links_until),
            links_until,
            keep_until,
            warnings: self.surprises(&media),
            media,
        })
    }

    /// The user's file; not found when it is another's, was given up, or lies on another machine.
    pub async fn open_file(&self, user: UserId, name: &str) -> Result<OpenMedia, Problem> {
        let missing = || Problem::NotFound("文件");
        let (sha256, format) = read_name(name).ok_or_else(missing)?;
        let own = self.store.files(user, &[sha256.to_owned()]).await?;
        own.get(sha256).ok_or_else(missing)?;
        self.kept_file(sha256, format).await.ok_or_else(missing)
    }

    /// A medium of the user's post: one of its files, or fetched from its address.
    pub(crate) async fn take_media(&self, user: UserId, url: &str) -> Result<KeptMedia, FileProblem> {
        let Some(sha256) = sent_file(url) else {
            return Ok(self.media.take(url).await?);
        };
        let own = self.store.files(user, std::slice::from_ref(&sha256)).await?;
        let known = own.get(&sha256).ok_or(MediaError::GivenUp)?;
        self.media.at_hand(&sha256).await.map_err(|error| match error {
            MediaError::NotKept => MediaError::Elsewhere,
            other => other,
        })?;
        Ok(read_media(known)?)
    }

    /// What is known before anything is fetched: facts of the user's own files, in the order of `urls`; and what is wrong with them.
    pub(crate) async fn known_media(
        &self,
        user: UserId,
        urls: &[String],
    ) -> Result<(Vec<Option<KeptMedia>>, Vec<FieldError>), Problem> {
        let hashes = sent_files(urls);
        if hashes.is_empty() {
            return Ok((vec![None; urls.len()], Vec::new()));
        }
        let own = self.store.files(user, &hashes).await?;
        let (mut known, mut errors) = (Vec::with_capacity(urls.len()), Vec::new());
        for (index, url) in urls.iter().enumerate() {
            let file = sent_file(url).map(|sha256| own.get(&sha256));
            if file == Some(None) {
                let told = "上传的文件不存在、已过期清理或不属于当前用户，请重新上传";
                errors.push(FieldError::new(format!("mediaUrls[{index}]"), told));
            }
            known.push(file.flatten().map(|json| read_media(json)).transpose()?);
        }
        let kinds: Vec<_> = known
            .iter()
            .zip(urls)
            .map(|(known, url)| kind_of(known.as_ref(), url))
            .collect();
        errors.extend(check_media_mix(&kinds));
        Ok((known, errors))
    }

    /// Keeps the user's files among `urls` until a while after `due`, before anybody relies on them.
    pub(crate) async fn keep_sent(&self, user: UserId, urls: &[String], due: Timestamp) -> Result<(), Problem> {
        let hashes = sent_files(urls);
        if hashes.is_empty() {
            return Ok(());
        }
        Ok(self
            .store
            .keep_files(user, &hashes, due + self.settings.keep_media)
            .await?)
    }

    /// What a platform will do to the medium or not take, for those platforms that are in use.
    fn surprises(&self, media: &KeptMedia) -> Vec<String> {
        let mut told = Vec::new();
        if media.animated {
            told.push("动图发布后只显示第一帧".to_owned());
        }
        for kind in ChannelKind::ALL {
            let limits = self.platforms.of(*kind).map(|platform| platform.media_limits());
            if let Some(Err(error)) = limits.map(|limits| self.media.judge(media, &limits, false)) {
                told.push(format!("{}：{}", kind.label(), error.operator_message()));
            }
        }
        told
    }
}

fn file_name(sha256: &str, format: MediaFormat) -> String {
    format!("{sha256}.{}", format.extension())
}

/// The hash in the address of a sent file; `None` for any other address.
pub(crate) fn sent_file(url: &str) -> Option<String> {
    let url = Url::parse(url.trim()).ok()?;
    let (sha256, _) = read_name(url.path().strip_prefix(FILES_PATH)?)?;
    let is_hash = sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hash.then(|| sha256.to_owned())
}

fn sent_files(urls: &[String]) -> Vec<String> {
    urls.iter().filter_map(|url| sent_file(url)).collect()
}

fn kind_of(known: Option<&KeptMedia>, url: &str) -> MediaGuess {
    match known.map(KeptMedia::kind) {
        Some(MediaKind::Image) => MediaGuess::Image,
        Some(MediaKind::Video) => MediaGuess::Video,
        None => url.parse().as_ref().map_or(MediaGuess::Unknown, MediaGuess::by_address),
    }
}

fn read_media(json: &str) -> Result<KeptMedia, Problem> {
    serde_json::from_str(json).map_err(|e| Problem::Internal(Box::new(e)))
}
