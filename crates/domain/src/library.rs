//! How a draft of the content library becomes a Moment (workbench conventions, "The content library").

use serde_json::Value;

use crate::content::MomentContent;

/// One draft as the library keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// `ARTICLE`, `IMAGE` or `VIDEO`.
    pub content_type: String,
    /// Shown above the body of an article.
    pub title: String,
    /// The JSON of `content_data`; its shape depends on the type.
    pub content_data: String,
    /// Changes whenever the draft does: its `update_time`, as the library writes it.
    pub version: String,
}

impl Draft {
    /// The Moment that this draft makes, or why it cannot be one (Chinese).
    ///
    /// `ARTICLE`: title and body as text, with its pictures. `IMAGE`: body as text, at least one picture. `VIDEO`: body as text,
    /// exactly one video, under `video`, `videoUrl` or `videos`.
    pub fn moment(&self) -> Result<MomentContent, String> {
        let data: Value = serde_json::from_str(&self.content_data).map_err(|_| "内容数据不是有效的 JSON".to_owned())?;
        let body = data.get("body").and_then(Value::as_str).unwrap_or_default().trim();
        let moment = match self.content_type.as_str() {
            "ARTICLE" => MomentContent {
                text: self.titled(body),
                media_urls: addresses(&data, &["images"]),
                ..MomentContent::default()
            },
            "IMAGE" => MomentContent {
                text: body.to_owned(),
                media_urls: pictures(&data)?,
                ..MomentContent::default()
            },
            "VIDEO" => MomentContent {
                text: body.to_owned(),
                media_urls: vec![video(&data)?],
                ..MomentContent::default()
            },
            other => return Err(format!("内容类型 {other} 不能发布到朋友圈")),
        };
        if moment.text.trim().is_empty() && moment.media_urls.is_empty() {
            return Err("内容为空，没有可发布的文本或媒体".to_owned());
        }
        Ok(moment)
    }

    fn titled(&self, body: &str) -> String {
        match (self.title.trim(), body) {
            (title, "") => title.to_owned(),
            ("", body) => body.to_owned(),
            (title, body) => format!("{title}\n{body}"),
        }
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
    let mut videos = addresses(data, &["video", "videoUrl", "videos"]);
    match videos.len() {
        0 => Err("视频内容没有视频".to_owned()),
        1 => Ok(videos.remove(0)),
        n => Err(format!("一条朋友圈只能有 1 个视频，该内容有 {n} 个")),
    }
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
mod tests {
    use super::*;

    #[track_caller]
    fn check(content_type: &str, data: &str, expected: Result<(&str, &[&str]), &str>) {
        let draft = Draft {
            content_type: content_type.into(),
            title: "秋季新品".into(),
            content_data: data.into(),
            version: String::new(),
        };
        let expected = expected
            .map(|(text, urls)| MomentContent {
                text: text.into(),
                media_urls: urls.iter().map(|url| (*url).to_owned()).collect(),
                ..MomentContent::default()
            })
            .map_err(str::to_owned);
        assert_eq!(draft.moment(), expected, "{content_type} {data}");
    }

    #[test]
    fn each_type_of_draft_becomes_a_moment_by_its_rule() {
        check(
            "ARTICLE",
            r#"{"body":"到店有礼","images":["u1","u2"]}"#,
            Ok(("秋季新品\n到店有礼", &["u1", "u2"])),
        );
        check("ARTICLE", r#"{"body":""}"#, Ok(("秋季新品", &[])));
        check(
            "IMAGE",
            r#"{"body":"看图","images":[{"url":"u1"}]}"#,
            Ok(("看图", &["u1"])),
        );
        check("VIDEO", r#"{"videoUrl":"v"}"#, Ok(("", &["v"])));
        check("VIDEO", r#"{"video":{"url":"v"},"body":"开业"}"#, Ok(("开业", &["v"])));
        check("VIDEO", r#"{"videos":["v"]}"#, Ok(("", &["v"])));
    }

    #[test]
    fn a_draft_that_cannot_be_a_moment_says_why() {
        check("IMAGE", r#"{"body":"看图"}"#, Err("图片内容没有图片"));
        check("VIDEO", r"{}", Err("视频内容没有视频"));
        check(
            "VIDEO",
            r#"{"videos":["a","b"]}"#,
            Err("一条朋友圈只能有 1 个视频，该内容有 2 个"),
        );
        check("AUDIO", r"{}", Err("内容类型 AUDIO 不能发布到朋友圈"));
        check("ARTICLE", "oops", Err("内容数据不是有效的 JSON"));
    }
}
