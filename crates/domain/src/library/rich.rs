//! The text of a body that was written in an editor that makes HTML.

use std::convert::Infallible;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{HtmlString, StartTag, Token, Tokenizer};

/// What is read of such a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rich {
    /// Its text: a line for each paragraph, heading, row and list item, at most one empty line between two.
    pub(super) text: String,
    /// Addresses of its pictures, in order.
    pub(super) pictures: Vec<String>,
}

/// Elements that begin and end a line.
const LINES: [&str; 22] = [
    "p",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "section",
    "article",
    "header",
    "footer",
    "blockquote",
    "pre",
    "figure",
    "figcaption",
    "hr",
];
/// Elements within a line, and those that show nothing by themselves.
const INLINE: [&str; 25] = [
    "a", "b", "i", "u", "s", "em", "strong", "span", "font", "small", "sub", "sup", "img", "br", "td", "th", "tbody",
    "thead", "html", "body", "head", "video", "code", "label", "center",
];
/// Elements whose text is not for readers.
const HIDDEN: [&str; 4] = ["script", "style", "title", "template"];

/// Reads `body` as HTML; `None` when no tag of HTML is in it: then `<` and `&` are what the author meant.
pub(super) fn rich(body: &str) -> Option<Rich> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut reader = Reader::default();
    for token in Tokenizer::new_with_emitter(body, emitter) {
        let Ok::<_, Infallible>(token) = token;
        reader.take(token);
    }
    reader.is_html.then(|| Rich {
        text: tidy(&reader.text),
        pictures: reader.pictures,
    })
}

#[derive(Default)]
struct Reader {
    is_html: bool,
    text: String,
    pictures: Vec<String>,
    /// How many hidden elements are open.
    hidden: usize,
}

impl Reader {
    fn take(&mut self, token: Token) {
        match token {
            Token::StartTag(tag) => self.open(&tag),
            Token::EndTag(tag) => self.close(&name(&tag.name)),
            Token::String(text) if self.hidden == 0 => self.write(&String::from_utf8_lossy(&text)),
            Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => (),
        }
    }

    fn open(&mut self, tag: &StartTag<()>) {
        let name = name(&tag.name);
        self.mark(&name);
        match name.as_str() {
            "br" => self.text.push('\n'),
            "img" => self
                .pictures
                .extend(tag.attributes.get(&b"src"[..]).map(|src| lossy(src))),
            hidden if HIDDEN.contains(&hidden) && !tag.self_closing => self.hidden += 1,
            _ => (),
        }
    }

    fn close(&mut self, name: &str) {
        self.mark(name);
        if HIDDEN.contains(&name) {
            self.hidden = self.hidden.saturating_sub(1);
        }
    }

    fn mark(&mut self, name: &str) {
        let line = LINES.contains(&name);
        self.is_html |= line || INLINE.contains(&name) || HIDDEN.contains(&name);
        if line && !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// In HTML every run of white space is one space.
    fn write(&mut self, text: &str) {
        for character in text.chars() {
            let blank = matches!(character, ' ' | '\n' | '\r' | '\t' | '\u{a0}');
            if !blank {
                self.text.push(character);
            } else if !self.text.ends_with([' ', '\n']) {
                self.text.push(' ');
            }
        }
    }
}

fn name(name: &HtmlString) -> String {
    lossy(name)
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// Without spaces at the ends of lines, and with at most one empty line in a row.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.dedup_by(|next, last| next.is_empty() && last.is_empty());
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: Option<(&str, &[&str])>) {
        let expected = expected.map(|(text, pictures)| Rich {
            text: text.to_owned(),
            pictures: pictures.iter().map(|url| (*url).to_owned()).collect(),
        });
        assert_eq!(rich(body), expected, "{body}");
    }

    #[test]
    fn an_editors_html_becomes_lines_of_text() {
        check(
            "<p>到店有礼</p><p>满&nbsp;100 &amp; 减 20</p>",
            Some(("到店有礼\n满 100 & 减 20", &[])),
        );
        check("早安<br/>晚安<BR>", Some(("早安\n晚安", &[])));
        check("<ul>\n <li>茶</li>\n <li>咖啡</li>\n</ul>", Some(("茶\n咖啡", &[])));
        check("<div><p>一</p></div>\n\n<br><br><br><p>二</p>", Some(("一\n\n二", &[])));
        check(
            "<b>新</b>品<!-- 内部 --><style>p{}</style><script>if(a<b){}</script>",
            Some(("新品", &[])),
        );
        check(
            r#"<p>看图<img src="https://a.example/1.jpg" alt="x"></p><IMG SRC='u2'>"#,
            Some(("看图", &["https://a.example/1.jpg", "u2"])),
        );
        // Broken HTML is read as browsers read it.
        check("<p>一<p>二</b>&#127873", Some(("一\n二🎁", &[])));
    }

    #[test]
    fn what_is_no_html_stays_as_it_is() {
        for body in [
            "a < b && c > d",
            "<重磅> 新品",
            "价格 <price>",
            "**加粗** # 标题",
            "&amp;",
            "",
        ] {
            check(body, None);
        }
    }
}
