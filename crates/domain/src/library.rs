//! How a draft of the content library becomes a Moment (workbench conventions, "The content library").
//!
//! - Text. `ARTICLE`: the title, then the body. `IMAGE`, `VIDEO`: the body; their title is a name for the library's own lists. A body in HTML gives its
//!   text. Markdown stays as it is written, because nothing says of a body that it is Markdown.
//! - Pictures. `ARTICLE`, `IMAGE`: those of `images` in their order; an article without any gives those of its HTML. `VIDEO`: none, its pictures are covers,
//!   and the platforms take their own from the video.
//! - Too much of either is refused with the numbers, unless the request asks for a cut: then the text ends with `…`, and the first nine pictures go.
//! - Every status can be published. What may surprise is a [`Finding`].

mod cut;
mod rich;

use serde_json::Value;

use crate::content::{MAX_MEDIA, MomentContent, check_text};
use crate::finding::{Finding, FindingCode, FindingLevel};

use rich::Rich;

/// One draft as the library keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// `ARTICLE`, `IMAGE` or `VIDEO`.
    pub content_type: String,
    /// Shown above the body of an article.
    pub title: String,
    /// The JSON of `content_data`; its shape depends on the type.
    pub content_data: String,
    /// `DRAFT`, `READY`, `DISTRIBUTING`, `DISTRIBUTED` or `FAILED`; the library's own matter otherwise.
    pub status: String,
    /// Changes whenever the draft does: its `update_time` in ISO 8601 and UTC, or as the library writes it where that is no time. At most
    /// [`Draft::MAX_VERSION`] characters.
    pub version: String,
}

/// What a draft makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The Moment.
    pub content: MomentContent,
    /// What the author may not expect; none of them blocks.
    pub findings: Vec<Finding>,
}

impl Draft {
    /// Most characters of a version.
    pub const MAX_VERSION: usize = 64;

    /// The Moment that this draft makes by the rules above, or why it cannot be one (Chinese). With `cut`, what is too much is left out.
    pub fn moment(&self, cut: bool) -> Result<Drawn, String> {
        let data: Value = serde_json::from_str(&self.content_data).map_err(|_| "内容数据不是有效的 JSON".to_owned())?;
        let body = data.get("body").and_then(Value::as_str).unwrap_or_default().trim();
        let rich = rich::rich(body);
        let text = rich.as_ref().map_or(body, |rich| rich.text.as_str());
        let mut moment = match self.content_type.as_str() {
            "ARTICLE" => MomentContent {
                text: self.titled(text),
                media_urls: article_pictures(&data, rich.as_ref()),
                ..MomentContent::default()
            },
            "IMAGE" => MomentContent {
                text: text.to_owned(),
                media_urls: pictures(&data)?,
                ..MomentContent::default()
            },
            "VIDEO" => MomentContent {
                text: text.to_owned(),
                media_urls: vec![video(&data)?],
                ..MomentContent::default()
            },
            other => return Err(format!("内容类型 {other} 不能发布到朋友圈")),
        };
        if moment.text.trim().is_empty() && moment.media_urls.is_empty() {
            return Err("内容为空，没有可发布的文本或媒体".to_owned());
        }
        let mut findings: Vec<_> = self.unready().into_iter().collect();
        findings.extend(rich.map(|_| stripped()));
        findings.extend(self.video_left_out(&data));
        findings.extend(fit(&mut moment, cut)?);
        Ok(Drawn {
            content: moment,
            findings,
        })
    }

    fn titled(&self, body: &str) -> String {
        match (self.title.trim(), body) {
            (title, "") => title.to_owned(),
            ("", body) => body.to_owned(),
            (title, body) => format!("{title}\n{body}"),
        }
    }

    fn unready(&self) -> Option<Finding> {
        let (message, advice) = match self.status.as_str() {
            "DRAFT" => ("该内容仍是草稿", "之后的修改不会进入本任务，请确认已定稿"),
            "FAILED" => ("该内容曾在其他平台分发失败", "请确认内容无误"),
            _ => return None,
        };
        Some(warning(FindingCode::ContentUnready, message, advice))
    }

    fn video_left_out(&self, data: &Value) -> Option<Finding> {
        let left_out = self.content_type != "VIDEO" && !videos(data).is_empty();
        let message = "该内容带有视频，图文内容只发布文本和图片";
        left_out.then(|| warning(FindingCode::ContentReduced, message, "如需发布视频，请使用视频内容"))
    }
}

fn stripped() -> Finding {
    let message = "正文带有 HTML 格式，只发布其中的文字";
    warning(FindingCode::ContentStripped, message, "请在预检结果中核对文本")
}

/// Brings a Moment to what a Moment may hold, or says everything that is too much.
fn fit(moment: &mut MomentContent, cut: bool) -> Result<Vec<Finding>, String> {
    let count = moment.media_urls.len();
    let text = check_text(&moment.text).map(|error| error.message);
    let pictures = (count > MAX_MEDIA).then(|| format!("最多 {MAX_MEDIA} 张图片，当前 {count} 张"));
    if !cut {
        let reasons: Vec<_> = text.into_iter().chain(pictures).collect();
        return if reasons.is_empty() {
            Ok(Vec::new())
        } else {
            Err(format!(
                "{}。请在内容库中精简，或设置 contentCut 为 true",
                reasons.join("；")
            ))
        };
    }
    let mut findings = Vec::new();
    if let Some(why) = text {
        let before = moment.text.chars().count();
        moment.text = cut::cut(&moment.text);
        let message = format!("{why}，已从 {before} 个字符截断为 {} 个", moment.text.chars().count());
        findings.push(warning(FindingCode::ContentCut, message, "请在预检结果中核对文本"));
    }
    if let Some(why) = pictures {
        moment.media_urls.truncate(MAX_MEDIA);
        let message = format!("{why}，只发布前 {MAX_MEDIA} 张");
        findings.push(warning(
            FindingCode::ContentReduced,
            message,
            "如需其他图片，请在内容库中调整顺序",
        ));
    }
    Ok(findings)
}

fn warning(code: FindingCode, message: impl Into<String>, advice: &str) -> Finding {
    Finding {
        level: FindingLevel::Warning,
        code,
        field: "contentId",
        message: message.into(),
        advice: advice.to_owned(),
        account_id: None,
    }
}

fn article_pictures(data: &Value, rich: Option<&Rich>) -> Vec<String> {
    let listed = addresses(data, &["images"]);
    match rich {
        Some(rich) if listed.is_empty() => rich.pictures.clone(),
        _ => listed,
    }
}

fn pictures(data: &Value) -> Result<Vec<String>, String> {
    let pictures = addresses(data, &["images", "image", "imageUrl"]);
    if pictures.is_empty() {
        Err("图片内容没有图片".to_owned())
    } else {
        Ok(pictures)
    }
}

fn video(data: &Value) -> Result<String, String> {
    let mut videos = videos(data);
    match videos.len() {
        0 => Err("视频内容没有视频".to_owned()),
        1 => Ok(videos.remove(0)),
        n => Err(format!("一条朋友圈只能有 1 个视频，该内容有 {n} 个")),
    }
}

fn videos(data: &Value) -> Vec<String> {
    addresses(data, &["video", "videoUrl", "videos"])
}

/// The addresses under the first of `names` that holds any: a text, a list of texts, or objects with a `url`.
fn addresses(data: &Value, names: &[&str]) -> Vec<String> {
    names
        .iter()
        .map(|name| address_list(data.get(name)))
        .find(|list| !list.is_empty())
        .unwrap_or_default()
}

fn address_list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(url)) => vec![url.clone()],
        Some(Value::Array(items)) => items.iter().flat_map(|item| address_list(Some(item))).collect(),
        Some(Value::Object(fields)) => fields
            .get("url")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
