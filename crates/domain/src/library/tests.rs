use super::*;

fn draft(content_type: &str, data: &str) -> Draft {
    Draft {
        content_type: content_type.into(),
        title: "秋季新品".into(),
        content_data: data.into(),
        status: "READY".into(),
        version: String::new(),
    }
}

#[track_caller]
fn check(content_type: &str, data: &str, expected: Result<(&str, &[&str]), &str>) {
    let expected = expected
        .map(|(text, urls)| MomentContent {
            text: text.into(),
            media_urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            ..MomentContent::default()
        })
        .map_err(str::to_owned);
    let drawn = draft(content_type, data).moment(false).map(|drawn| drawn.content);
    assert_eq!(drawn, expected, "{content_type} {data}");
}

fn codes(drawn: &Drawn) -> Vec<&'static str> {
    drawn.findings.iter().map(|finding| finding.code.name()).collect()
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
    check("VIDEO", r#"{"videos":["v"],"images":["cover"]}"#, Ok(("", &["v"])));
}

#[test]
fn an_article_in_html_gives_its_text_and_its_pictures_when_it_lists_none() {
    let html = r"<p>到店有礼<img src='u9'></p><p>全场 &lt;8 折&gt;</p>";
    check(
        "ARTICLE",
        &format!(r#"{{"body":"{html}"}}"#),
        Ok(("秋季新品\n到店有礼\n全场 <8 折>", &["u9"])),
    );
    check(
        "ARTICLE",
        &format!(r#"{{"body":"{html}","images":["u1"]}}"#),
        Ok(("秋季新品\n到店有礼\n全场 <8 折>", &["u1"])),
    );
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

#[test]
fn too_much_is_refused_with_the_numbers_or_cut_when_that_is_asked() {
    let urls: Vec<_> = (0..11).map(|n| format!("u{n}")).collect();
    let data = serde_json::json!({ "body": "好".repeat(1500), "images": urls }).to_string();
    let draft = draft("IMAGE", &data);
    assert_eq!(
        draft.moment(false),
        Err("文本最多 4000 字节，当前 4500 字节；最多 9 张图片，当前 11 张。请在内容库中精简，或设置 contentCut 为 true".into())
    );
    let drawn = draft.moment(true).expect("a Moment");
    assert_eq!(drawn.content.text, format!("{}…", "好".repeat(1332)));
    assert_eq!(drawn.content.media_urls, urls[..9]);
    assert_eq!(codes(&drawn), ["CONTENT_CUT", "CONTENT_REDUCED"]);
    assert!(
        drawn.findings[0].message.contains("1500 个字符截断为 1333 个"),
        "{drawn:?}"
    );
}

#[test]
fn what_may_surprise_is_told() {
    let told = |status: &str, data: &str, cut| {
        let draft = Draft {
            status: status.into(),
            ..draft("ARTICLE", data)
        };
        codes(&draft.moment(cut).expect("a Moment"))
    };
    let plain = r#"{"body":"到店有礼"}"#;
    for quiet in ["READY", "DISTRIBUTING", "DISTRIBUTED", ""] {
        assert_eq!(told(quiet, plain, true), [""; 0], "{quiet}");
    }
    assert_eq!(told("DRAFT", plain, false), ["CONTENT_UNREADY"]);
    assert_eq!(told("FAILED", plain, false), ["CONTENT_UNREADY"]);
    assert_eq!(told("READY", r#"{"body":"<p>一</p>"}"#, false), ["CONTENT_STRIPPED"]);
    assert_eq!(
        told("READY", r#"{"body":"一","video":"v"}"#, false),
        ["CONTENT_REDUCED"]
    );
}
