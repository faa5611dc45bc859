//! What can go wrong with a medium.

use std::io;

use crate::address::UrlProblem;
use crate::codec::VideoCodec;

#[cfg(test)]
mod tests;

/// Why a medium cannot be published. None of the texts holds a URL: media URLs carry signatures.
///
/// The caller knows which of a post's media it was and says so; this type says what happened
/// ([`Self::operator_message`]), whether waiting may help ([`Self::retryable`]), and gives programs a stable
/// [`Self::reason_code`].
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The address, or the address behind a redirect or a name, is refused.
    #[error("media address refused: {0}")]
    Address(#[from] UrlProblem),
    /// No connection, a broken connection, or a name that does not resolve. Also: the host's certificate is bad.
    #[error("media host cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The transfer stalled or took longer than the policy allows.
    #[error("media transfer took too long")]
    TimedOut,
    /// The host answered with this status instead of 200.
    #[error("media host answered {0}")]
    HttpStatus(u16),
    /// More redirects than the policy allows, or one that leads nowhere.
    #[error("media address redirects too often or nowhere")]
    Redirects,
    /// More bytes than allowed, by the fetch policy or by the platform.
    #[error("media has {bytes:?} bytes, limit {limit}")]
    TooLarge {
        /// Size of the file; `None` when the transfer was stopped at the limit.
        bytes: Option<u64>,
        /// The limit in bytes.
        limit: u64,
    },
    /// The video lasts longer than the platform allows.
    #[error("video lasts {duration_ms} ms, limit {limit_secs} s")]
    TooLong {
        /// Length of the video.
        duration_ms: u64,
        /// The platform's limit.
        limit_secs: u32,
    },
    /// A sound video, but not H.264 in an MP4, which is what platforms play.
    #[error("video is {codec:?} in {container}")]
    NotPlayable {
        /// The usual extension of its container.
        container: &'static str,
        /// How its pictures are written.
        codec: VideoCodec,
    },
    /// What `ffmpeg` would have read or made to fit, where there is none.
    #[error("{0}, and there is no ffmpeg")]
    NoFfmpeg(#[source] Box<MediaError>),
    /// `ffmpeg` gave up on the video, took too long, or made something that does not fit.
    #[error("video could not be transcoded")]
    Transcoding,
    /// Decoding the picture would take more memory than one picture may.
    #[error("picture has too many pixels")]
    TooManyPixels,
    /// Sound perhaps, but no format that is taken in.
    #[error("media format not supported: {found}")]
    NotSupported {
        /// What the bytes look like: a format's usual name, in words an operator knows.
        found: &'static str,
    },
    /// The bytes start like a known format, but cannot be read as one.
    #[error("media is broken: {detail}")]
    Broken {
        /// What is wrong with it, in Chinese.
        detail: &'static str,
    },
    /// The kept original is not in this store's folder (another machine's, or removed): take the URL again.
    #[error("kept media is not in this store")]
    NotKept,
    /// A file that its owner sent was given up after its time, or never was this owner's: it must be sent again.
    #[error("sent media was given up")]
    GivenUp,
    /// A file that its owner sent lies in the folder of another machine.
    #[error("sent media lies on another machine")]
    Elsewhere,
    /// The store's folder cannot be written or read.
    #[error("media store failed")]
    Storage(#[from] io::Error),
    /// The bucket that machines share cannot be written or read; the text says why, for administrators.
    #[error("media bucket failed: {0}")]
    Bucket(String),
}

/// The most a picture may measure, in pixels of one side: what a JPEG can.
pub(crate) const MAX_PICTURE_SIDE: u32 = 65_535;
/// The most pixels of one picture: enough for the panorama of a phone or for a poster of ten screens.
pub(crate) const MAX_PICTURE_PIXELS: u64 = 100_000_000;
/// The most memory one decoded picture may take.
pub(crate) const MAX_PICTURE_MEMORY: u64 = 400 * 1024 * 1024;

impl MediaError {
    /// Stable code for programs.
    pub fn reason_code(&self) -> &'static str {
        match self {
            Self::Address(problem) => problem.reason_code(),
            Self::Unreachable(_) => "MEDIA_UNREACHABLE",
            Self::TimedOut => "MEDIA_TIMED_OUT",
            Self::HttpStatus(_) => "MEDIA_HTTP_STATUS",
            Self::Redirects => "MEDIA_REDIRECTS",
            Self::TooLarge { .. } => "MEDIA_TOO_LARGE",
            Self::TooLong { .. } => "MEDIA_TOO_LONG",
            Self::NotPlayable { .. } => "MEDIA_NOT_PLAYABLE",
            Self::NoFfmpeg(why) => why.reason_code(),
            Self::Transcoding => "MEDIA_TRANSCODING",
            Self::TooManyPixels => "MEDIA_TOO_MANY_PIXELS",
            Self::NotSupported { .. } => "MEDIA_NOT_SUPPORTED",
            Self::Broken { .. } => "MEDIA_BROKEN",
            Self::NotKept => "MEDIA_NOT_KEPT",
            Self::GivenUp => "MEDIA_GIVEN_UP",
            Self::Elsewhere => "MEDIA_ELSEWHERE",
            Self::Storage(_) => "MEDIA_STORAGE",
            Self::Bucket(_) => "MEDIA_BUCKET",
        }
    }

    /// Whether the same URL may do better later. `NotKept` counts: taking the URL again cures it.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Unreachable(_)
            | Self::TimedOut
            | Self::NotKept
            | Self::Elsewhere
            | Self::Storage(_)
            | Self::Bucket(_) => true,
            Self::HttpStatus(status) => matches!(status, 408 | 425 | 429 | 500..),
            Self::Address(_)
            | Self::Redirects
            | Self::TooLarge { .. }
            | Self::TooLong { .. }
            | Self::NotPlayable { .. }
            | Self::NoFfmpeg(_)
            | Self::Transcoding
            | Self::TooManyPixels
            | Self::NotSupported { .. }
            | Self::GivenUp
            | Self::Broken { .. } => false,
        }
    }

    /// What happened, with figures, and what to do; Chinese, without the number of the medium in its post.
    pub fn operator_message(&self) -> String {
        match self {
            Self::Address(problem) => problem.operator_message().to_owned(),
            Self::Unreachable(_) => "无法连接素材所在的服务器，请检查链接和网络".to_owned(),
            Self::TimedOut => "下载素材超时，请换用更快的存储，或压缩文件后再试".to_owned(),
            Self::HttpStatus(status) => status_message(*status),
            Self::Redirects => "素材链接跳转次数过多或跳转无效，请填写文件的直接地址".to_owned(),
            Self::TooLarge { bytes, limit } => too_large_message(*bytes, *limit),
            Self::TooLong {
                duration_ms,
                limit_secs,
            } => format!(
                "{}，请剪短后再试，或设置 videoCut 为 true，只发布前 {limit_secs} 秒",
                too_long_message(*duration_ms, *limit_secs)
            ),
            Self::NotPlayable { container, codec } => format!(
                "视频是 {} 编码的 {}，平台只接受 H.264 编码的 MP4，请转换后再试",
                codec.label(),
                container.to_ascii_uppercase()
            ),
            Self::NoFfmpeg(why) => match **why {
                Self::TooLong {
                    duration_ms,
                    limit_secs,
                } => format!(
                    "{}，请剪短后再试；服务器安装 ffmpeg 后才能按 videoCut 截取，请联系管理员",
                    too_long_message(duration_ms, limit_secs)
                ),
                _ => format!(
                    "{}；服务器安装 ffmpeg 后会自动转换，请联系管理员",
                    why.operator_message()
                ),
            },
            Self::Transcoding => "视频无法自动转换，请导出为 H.264 编码的 MP4 后再试".to_owned(),
            Self::TooManyPixels => format!(
                "图片像素过多（最多 {} 万像素，每边最多 {MAX_PICTURE_SIDE}，解码后最多 {} MB），请缩小后再试",
                MAX_PICTURE_PIXELS / 10_000,
                MAX_PICTURE_MEMORY >> 20
            ),
            Self::NotSupported { found } => {
                format!("不支持的文件格式（{found}），图片请用 JPG、PNG、WebP、GIF、HEIC 或 AVIF，视频请用 MP4 或 MOV")
            }
            Self::Broken { detail } => format!("文件已损坏：{detail}，请重新导出后再试"),
            Self::NotKept => "素材文件不在本机，将重新下载".to_owned(),
            Self::GivenUp => "上传的文件已过期清理，请重新上传".to_owned(),
            Self::Elsewhere => {
                "上传的文件不在本机：多台机器部署时，请让所有进程共用同一个 media.dir 或存储桶（media.store）"
                    .to_owned()
            }
            Self::Storage(_) => "素材目录读写失败，请检查磁盘空间和权限".to_owned(),
            Self::Bucket(_) => "素材存储桶读写失败，请管理员检查存储服务和 media 设置".to_owned(),
        }
    }
}

fn status_message(status: u16) -> String {
    let advice = match status {
        401 | 403 => "链接可能已过期或有防盗链，请换用可直接访问的链接",
        404 | 410 => "文件不存在，请检查链接",
        500.. => "对方服务器故障，稍后会重试",
        _ => "请确认链接可以直接下载文件",
    };
    format!("素材所在的服务器返回 {status}，{advice}")
}

fn too_long_message(duration_ms: u64, limit_secs: u32) -> String {
    format!("视频时长 {} 秒，超过上限 {limit_secs} 秒", tenths_up(duration_ms, 1000))
}

fn too_large_message(bytes: Option<u64>, limit: u64) -> String {
    const MB: u64 = 1024 * 1024;
    let size = bytes.map_or_else(String::new, |bytes| format!("大小 {} MB，", tenths_up(bytes, MB)));
    format!("文件{size}超过上限 {} MB，请压缩后再试", tenths_up(limit, MB))
}

/// `value / unit` with one decimal, rounded up so that "30.0 over 30" never appears; no decimal when whole.
fn tenths_up(value: u64, unit: u64) -> String {
    let tenths = (u128::from(value) * 10).div_ceil(u128::from(unit));
    match (tenths / 10, tenths % 10) {
        (whole, 0) => whole.to_string(),
        (whole, rest) => format!("{whole}.{rest}"),
    }
}
