//! Lists: what their lines say, and how several work together.

use super::{list, read, shown, words};
use crate::{Checker, Header, Hit, HitKind, Level, ListKind, Place, Report, Source, check, hash};

#[test]
fn bad_lines_are_told_all_at_once() {
    let text = "# comment\n\n好词 | 类别 | level=BLOCK | pinyin，exact | 改一改 | 再改\nx\n%\n词 | | HIGH\n词 | | | loud\n100%\n";
    let bad = read(ListKind::Words, Level::Warn, text).unwrap_err();
    let lines: Vec<_> = bad.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [4, 5, 6, 7, 8]);
    assert!(read(ListKind::Words, Level::Warn, &"长".repeat(65)).is_err());
    assert!(read(ListKind::LinkDeny, Level::Warn, "http://a.com\n").is_err());
    assert_eq!(read(ListKind::Words, Level::Warn, "\u{feff}词语\r\n").unwrap().len(), 1);
    assert!(read(ListKind::Words, Level::Warn, "").unwrap().is_empty());
}

#[test]
fn a_hit_says_everything() {
    let checker = words("发票 | 税务 | level=WARN | | 请联系财务");
    let report = checker.check("各位早上好，这里可以代办各类发票，欢迎联系我们的客服", None);
    let expected = Hit {
        kind: HitKind::Word,
        level: Level::Warn,
        word: "发票".to_owned(),
        found: "发票".to_owned(),
        place: Place::Text { start: 14, end: 16 },
        excerpt: "…好，这里可以代办各类发票，欢迎联系我们的客服".to_owned(),
        list: Source {
            id: "7".to_owned(),
            name: "WORDS".to_owned(),
            version: "3".to_owned(),
        },
        category: Some("税务".to_owned()),
        advice: "请联系财务".to_owned(),
    };
    assert_eq!(
        report,
        Report {
            hits: vec![expected],
            total: 1
        }
    );
    assert_eq!(report.level(), Some(Level::Warn));
}

#[test]
fn a_longer_hit_hides_what_lies_in_it_unless_that_is_worse() {
    assert_eq!(shown(&words("国家\n国家级\n家级"), "国家级"), "国家级=国家级@0");
    assert_eq!(
        shown(&words("国家 | | BLOCK\n国家级 | | WARN"), "国家级"),
        "国家级=国家级@0 国家=国家@0"
    );
    assert_eq!(shown(&words("国家\n家级"), "国家级"), "国家=国家@0 家级=家级@1");
}

#[test]
fn an_allowed_phrase_hides_words_within_it_only() {
    let lists = vec![
        list(ListKind::Words, Level::Block, "最好\n朋友圈"),
        list(ListKind::Allow, Level::Warn, "最好的朋友\n发票"),
    ];
    let checker = Checker::build(lists).unwrap();
    assert_eq!(shown(&checker, "最好的朋友"), "");
    assert_eq!(shown(&checker, "最好的朋友圈，最好"), "朋友圈=朋友圈@3 最好=最好@7");
}

#[test]
fn several_checkers_are_as_one() {
    let mine = Checker::build(vec![
        list(ListKind::Words, Level::Warn, "发票"),
        list(ListKind::Allow, Level::Warn, "最好的朋友"),
        list(ListKind::LinkAllow, Level::Warn, "mine.com"),
    ]);
    let ours = Checker::build(vec![
        list(ListKind::Words, Level::Block, "最好\n代开发票"),
        list(ListKind::LinkDeny, Level::Block, "mine.com\nbad.com"),
    ]);
    let report = check(
        &[&mine.unwrap(), &ours.unwrap()],
        "最好的朋友代开发票 mine.com x.org",
        None,
    );
    let found: Vec<_> = report.hits.iter().map(|hit| (hit.word.as_str(), hit.kind)).collect();
    let expected = [
        ("代开发票", HitKind::Word),
        ("mine.com", HitKind::LinkDenied),
        ("x.org", HitKind::LinkNotAllowed),
    ];
    assert_eq!(found, expected);
}

#[test]
fn links_are_judged_by_the_nearest_named_parent() {
    let deny = list(
        ListKind::LinkDeny,
        Level::Block,
        "evil.com | 诈骗\n例子.cn\n203.0.113.7\nbad.good.com",
    );
    let checker = Checker::build(vec![deny.clone()]).unwrap();
    for (text, expected) in [
        ("看 http://evil.com/x", "evil.com=http://evil.com/x@2"),
        ("a.b.EVIL.com", "a.b.evil.com=a.b.EVIL.com@0"),
        ("notevil.com", ""),
        ("https://例子.cn", "xn--fsqu00a.cn=https://例子.cn@0"),
        ("203.0.113.7", "203.0.113.7=203.0.113.7@0"),
        ("1.203.0.113.7", ""),
    ] {
        assert_eq!(shown(&checker, text), expected, "{text}");
    }
    let allow = list(ListKind::LinkAllow, Level::Warn, "*.good.com");
    let checker = Checker::build(vec![deny, allow]).unwrap();
    let kinds = |text| {
        checker
            .check(text, Some("https://other.net/"))
            .hits
            .iter()
            .map(|hit| (hit.kind, hit.level))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds("good.com"), [(HitKind::LinkNotAllowed, Level::Warn)]);
    let both = [
        (HitKind::LinkDenied, Level::Block),
        (HitKind::LinkNotAllowed, Level::Warn),
    ];
    assert_eq!(kinds("x.bad.good.com"), both);
}

#[test]
fn too_many_hits_are_cut_and_the_worst_kept() {
    let checker = words("轻 | | WARN\n重 | | BLOCK");
    let report = checker.check(&("轻".repeat(100) + "重"), None);
    assert_eq!(
        (report.total, report.hits.len(), report.level()),
        (101, Report::MOST_HITS, Some(Level::Block))
    );
    assert_eq!(
        report.hits.last().map(|hit| hit.place),
        Some(Place::Text { start: 100, end: 101 })
    );
}

#[test]
fn a_file_says_what_it_is() {
    let header = Header::read("\u{feff}#! name = 禁链\n#! kind=LINK_DENY\n#! level = BLOCK\nevil.com").unwrap();
    let expected = Header {
        name: Some("禁链".to_owned()),
        kind: ListKind::LinkDeny,
        level: Level::Block,
    };
    assert_eq!(header, expected);
    for (text, line) in [("#! kind = words", 1), ("词\n#! colour = red", 2)] {
        assert_eq!(Header::read(text).map_err(|bad| bad.line), Err(line), "{text}");
    }
}

#[test]
fn names_and_hashes() {
    assert_eq!("LINK_DENY".parse(), Ok(ListKind::LinkDeny));
    assert!("block".parse::<Level>().is_err());
    assert_eq!(hash("").len(), 64);
    assert_eq!(Checker::default().check("任何话", None), Report::default());
}
