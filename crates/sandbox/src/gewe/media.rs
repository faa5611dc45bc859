//! Staging: the gateway downloads the addresses itself (reference personal-gateway 4.4).

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use image::ImageReader;
use md5::{Digest, Md5};
use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Value, json};

use crate::Sandbox;
use crate::blobs::Sha;
use crate::gewe::device::Device;
use crate::gewe::envelope::Refusal;
use crate::wecom::probe::video_ms;

const MAX_IMAGES: usize = 9;

/// A medium that an upload returned; publishing needs the same `fileUrl` and `fileMd5`.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(crate) file_url: String,
    pub(crate) thumb_url: String,
    pub(crate) md5: String,
    pub(crate) length: usize,
    /// Pixels of a picture; 0 for a video.
    pub(crate) size: (u32, u32),
    pub(crate) duration_ms: u64,
    pub(crate) sha: Sha,
}

/// `uploadSnsImage`: answers in the order of `imgUrls`.
pub(crate) async fn images(sandbox: &Sandbox, device: &Device, body: &Value) -> Result<Value, Refusal> {
    let urls = body["imgUrls"]
        .as_array()
        .ok_or_else(|| Refusal::flat("imgUrls类型错误"))?;
    if urls.len() > MAX_IMAGES {
        return Err(Refusal::cause("图片数量不能超过9张"));
    }
    wait_or_fail(device).await?;
    let mut staged = Vec::with_capacity(urls.len());
    for url in urls {
        staged.push(Arc::new(picture(sandbox, url).await?));
    }
    let answer: Vec<Value> = staged.iter().map(|image| picture_info(image)).collect();
    let mut state = device.state();
    for image in staged {
        state.stage(image);
    }
    Ok(Value::Array(answer))
}

/// `uploadSnsVideo`: the cover is downloaded too.
pub(crate) async fn video(sandbox: &Sandbox, device: &Device, body: &Value) -> Result<Value, Refusal> {
    wait_or_fail(device).await?;
    picture(sandbox, &body["thumbUrl"]).await?;
    let bytes = download(sandbox, &body["videoUrl"]).await?;
    let duration_ms = video_ms(&bytes).ok_or_else(|| Refusal::cause("视频格式错误"))?;
    let video = Staged {
        file_url: format!(
            "http://szzjwxsns.video.qq.com/102/20202/snsvideodownload?filekey={}&dur={}",
            key(),
            duration_ms / 1000
        ),
        thumb_url: format!(
            "http://vweixinthumb.tc.qq.com/150/20250/snsvideodownload?filekey={}",
            key()
        ),
        md5: hex::encode(Md5::digest(&bytes)),
        length: bytes.len(),
        size: (0, 0),
        duration_ms,
        sha: sandbox.blobs().keep(&bytes, "video/mp4"),
    };
    let answer =
        json!({ "fileUrl": video.file_url, "thumbUrl": video.thumb_url, "fileMd5": video.md5, "length": video.length });
    device.state().stage(Arc::new(video));
    Ok(answer)
}

async fn wait_or_fail(device: &Device) -> Result<(), Refusal> {
    let (wait_ms, fails) = {
        let state = device.state();
        (state.switches.slow_media_ms, state.switches.media_fail)
    };
    if wait_ms > 0 {
        tokio::time::sleep(Duration::from_millis(wait_ms.into())).await;
    }
    if fails {
        Err(Refusal::cause("上传失败"))
    } else {
        Ok(())
    }
}

async fn picture(sandbox: &Sandbox, url: &Value) -> Result<Staged, Refusal> {
    let bytes = download(sandbox, url).await?;
    let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format().ok();
    let mime = reader
        .as_ref()
        .and_then(ImageReader::format)
        .map(|format| format.to_mime_type());
    let size = reader.and_then(|reader| reader.into_dimensions().ok());
    let (Some(mime), Some(size)) = (mime, size) else {
        return Err(Refusal::cause("图片格式错误"));
    };
    let address = format!("http://szmmsns.qpic.cn/mmsns/{}", key());
    Ok(Staged {
        file_url: format!("{address}/0"),
        thumb_url: format!("{address}/150"),
        md5: hex::encode(Md5::digest(&bytes)),
        length: bytes.len(),
        size,
        duration_ms: 0,
        sha: sandbox.blobs().keep(&bytes, mime),
    })
}

fn picture_info(image: &Staged) -> Value {
    json!({
        "fileUrl": image.file_url, "thumbUrl": image.thumb_url, "fileMd5": image.md5,
        "length": image.length, "width": image.size.0, "height": image.size.1,
    })
}

async fn download(sandbox: &Sandbox, url: &Value) -> Result<Bytes, Refusal> {
    let failed = || Refusal::cause("文件下载失败");
    let url = url.as_str().ok_or_else(failed)?;
    let http = sandbox.gewe().http().ok_or_else(failed)?;
    let answer = http.get(url).send().await.map_err(|_| failed())?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(failed());
    }
    answer.bytes().await.map_err(|_| failed())
}

fn key() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 14)
}
