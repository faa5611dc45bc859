use super::*;

const IMAGES: &str = concat!(
    "<TimelineObject><id>14703570661504458755</id><username>wxid_k3v9m2x7q1aa22</username><createTime>1752802212</createTime>",
    "<contentDesc>夏日限定&#x0A;第二杯半价 &amp; &lt;到店&gt;</contentDesc><private>0</private><location city=\"杭州\"/>",
    "<ContentObject><contentStyle>1</contentStyle><mediaList>",
    "<media><id>1</id><type>2</type><url type=\"1\" md5=\"5b0f\">http://a.example/0</url><thumb type=\"1\">http://a.example/150</thumb></media>",
    "<media><id>2</id><type>2</type><url type=\"1\" md5=\"c81e\">http://b.example/0</url></media>",
    "</mediaList></ContentObject></TimelineObject>",
);

#[test]
fn a_post_with_pictures_is_read() {
    let object = TimelineObject::parse(IMAGES).expect("XML");
    assert_eq!(
        object,
        TimelineObject {
            id: Some(SnsId(14_703_570_661_504_458_755)),
            username: "wxid_k3v9m2x7q1aa22".into(),
            create_time: 1_752_802_212,
            text: "夏日限定\n第二杯半价 & <到店>".into(),
            style: ContentStyle::Images,
            media_md5s: vec!["5b0f".into(), "c81e".into()],
            link_url: String::new(),
            private: false,
        }
    );
}

#[track_caller]
fn check_text(content_desc: &str, expected: &str) {
    let xml = format!(
        "<TimelineObject><id>1</id>{content_desc}<private>1</private><ContentObject><contentStyle>2</contentStyle><mediaList/></ContentObject></TimelineObject>"
    );
    let object = TimelineObject::parse(&xml).expect("XML");
    assert_eq!(
        (object.text.as_str(), object.style, object.private),
        (expected, ContentStyle::Text, true)
    );
    assert!(object.media_md5s.is_empty());
}

#[test]
fn texts_are_read_however_they_are_written() {
    check_text("<contentDesc>早安[旺柴]</contentDesc>", "早安[旺柴]");
    check_text("<contentDesc><![CDATA[a & <b>\n二行]]></contentDesc>", "a & <b>\n二行");
    check_text("<contentDesc> 一行&#13;&#10;二行 &#x20;</contentDesc>", "一行\n二行");
    check_text("<contentDesc>e\u{301}</contentDesc>", "\u{e9}");
    check_text("<contentDesc>a<![CDATA[<]]>b &quot;c&apos;</contentDesc>", "a<b \"c'");
    check_text("<contentDesc/>", "");
    check_text("<contentDesc></contentDesc>", "");
    check_text("", "");
}

#[test]
fn what_is_no_timeline_object_is_not_read() {
    for xml in [
        "",
        "text",
        "<TimelineObject>",
        "<TimelineObject><id>1</id></TimelineObject>",
        "<html><body/></html>",
    ] {
        assert_eq!(TimelineObject::parse(xml), None, "{xml}");
    }
}

#[test]
fn styles_have_names() {
    for (code, expected) in [
        ("15", ContentStyle::Video),
        ("3", ContentStyle::Link),
        ("7", ContentStyle::Other),
    ] {
        let xml = IMAGES.replace("<contentStyle>1<", &format!("<contentStyle>{code}<"));
        assert_eq!(TimelineObject::parse(&xml).map(|object| object.style), Some(expected));
    }
}

#[test]
fn a_link_tells_what_it_opens() {
    let xml = "<TimelineObject><id>1</id><contentDesc>看</contentDesc><private>0</private><ContentObject><contentStyle>3</contentStyle>\
        <title>新品</title><contentUrl>https://a.example/?a=1&amp;b=2</contentUrl><mediaList/></ContentObject></TimelineObject>";
    let object = TimelineObject::parse(xml).expect("XML");
    assert_eq!(
        (object.style, object.link_url.as_str()),
        (ContentStyle::Link, "https://a.example/?a=1&b=2")
    );
}
