//! What the routes of files take and answer.

use moments_engine::FileView;
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{self, WireTime};

/// 上传表单；字段名任意
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only for the document: the form is read as a stream")]
pub(crate) struct UploadForm {
    /// 一个或多个文件
    #[schema(value_type = Vec<String>, format = Binary)]
    files: Vec<Vec<u8>>,
}

/// 上传结果
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Upload)]
pub(crate) struct UploadBody {
    /// 已保存的文件，按上传顺序
    pub(crate) files: Vec<FileBody>,
    /// 无法使用的文件
    pub(crate) refused: Vec<RefusedBody>,
}

/// 已保存的文件
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = File)]
pub(crate) struct FileBody {
    /// 上传时的文件名
    #[schema(example = "门店海报.jpg")]
    name: String,
    /// 用于 `mediaUrls` 的地址，仅上传者本人可用
    #[schema(example = "https://moments.example.com/api/v1/workbench/wechat/moments/media/9f86….jpg")]
    url: String,
    /// 内容的 SHA-256
    sha256: String,
    /// 类型：IMAGE 图片，VIDEO 视频
    #[schema(example = "IMAGE", value_type = String)]
    kind: &'static str,
    /// 按内容识别的 MIME 类型
    #[schema(example = "image/jpeg")]
    mime: &'static str,
    /// 字节数
    #[schema(example = 348_160)]
    size: u64,
    /// 宽，像素（已按方向旋转）
    #[schema(example = 1080)]
    width: u32,
    /// 高，像素（已按方向旋转）
    #[schema(example = 1440)]
    height: u32,
    /// 视频时长，秒；图片为 null
    #[schema(example = json!(null), required)]
    seconds: Option<f64>,
    /// 缩略图地址（JPEG），凭地址即可访问，到 `linksExpireAt` 失效
    thumbnail_url: String,
    /// 原文件地址，凭地址即可访问，到 `linksExpireAt` 失效
    preview_url: String,
    /// 以上两个地址的失效时间（UTC）
    #[schema(schema_with = wire::date_time)]
    links_expire_at: WireTime,
    /// 没有任务使用时，保留到此时间（UTC）
    #[schema(schema_with = wire::date_time)]
    keep_until: WireTime,
    /// 发布时会发生的变化或平台限制
    #[schema(example = json!(["GIF 动图发布后只显示第一帧"]))]
    warnings: Vec<String>,
}

impl FileBody {
    pub(crate) fn new(name: String, file: FileView) -> Self {
        let media = file.media;
        Self {
            name,
            url: file.url,
            kind: media.kind().name(),
            mime: media.format.mime(),
            size: media.bytes,
            width: media.width,
            height: media.height,
            seconds: seconds(media.duration_ms),
            sha256: media.sha256,
            thumbnail_url: file.thumbnail_url,
            preview_url: file.preview_url,
            links_expire_at: WireTime(file.links_until),
            keep_until: WireTime(file.keep_until),
            warnings: file.warnings,
        }
    }
}

/// A picture has no length.
fn seconds(ms: u64) -> Option<f64> {
    (ms > 0).then(|| std::time::Duration::from_millis(ms).as_secs_f64())
}

/// 无法使用的文件
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefusedFile)]
pub(crate) struct RefusedBody {
    /// 在请求中的序号，从 0 起
    #[schema(example = 1)]
    pub(crate) index: usize,
    /// 上传时的文件名
    #[schema(example = "IMG_0042.HEIC")]
    pub(crate) name: String,
    /// 供程序判断的稳定代码
    #[schema(example = "MEDIA_NOT_SUPPORTED")]
    pub(crate) error: &'static str,
    /// 原因与处理方法
    pub(crate) message: String,
}

/// 上传进度
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UploadProgress)]
pub(crate) struct ProgressBody {
    /// 已收到的文件字节数
    #[schema(example = 1_048_576)]
    pub(crate) received_bytes: u64,
    /// 请求体总字节数；客户端未声明时为 null
    #[schema(example = 5_242_880, required)]
    pub(crate) total_bytes: Option<u64>,
    /// 已处理完的文件数
    #[schema(example = 2)]
    pub(crate) files: u64,
    /// 是否已结束（完成或中断）
    #[schema(example = false)]
    pub(crate) ended: bool,
}
