//! Codes to scan, drawn here: no third party sees what they say.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use qrcode::QrCode;
use qrcode::render::{svg, unicode};
use secrecy::{ExposeSecret, SecretString};

/// Pixels at least.
const SIZE: u32 = 240;

/// A code, drawn twice.
pub(crate) struct Drawn {
    /// A data URI of a picture.
    pub(crate) image: String,
    /// Half blocks for a terminal with a dark ground, a line of text for two lines of the code.
    pub(crate) text: String,
}

/// Draws what a phone will read as `content`; `None` when it is too long for a code.
pub(crate) fn draw(content: &SecretString) -> Option<Drawn> {
    let code = QrCode::new(content.expose_secret()).ok()?;
    let picture = code.render::<svg::Color>().min_dimensions(SIZE, SIZE).build();
    let text = code
        .render::<unicode::Dense1x2>()
        .dark_color(unicode::Dense1x2::Light)
        .light_color(unicode::Dense1x2::Dark)
        .build();
    Some(Drawn {
        image: format!("data:image/svg+xml;base64,{}", BASE64_STANDARD.encode(picture)),
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_for_browsers_and_for_terminals() {
        let drawn = draw(&"http://weixin.qq.com/x/Qb81xK_uZr5TnW03LmPe".into()).expect("short enough");
        let svg = drawn
            .image
            .strip_prefix("data:image/svg+xml;base64,")
            .expect("a picture");
        let svg = String::from_utf8(BASE64_STANDARD.decode(svg).expect("base64")).expect("text");
        assert!(svg.contains("<svg") && !svg.contains("weixin"), "{svg}");
        let lines: Vec<_> = drawn.text.lines().map(|line| line.chars().count()).collect();
        assert!(
            lines.len() * 2 >= lines[0] && lines.iter().all(|width| *width == lines[0]),
            "{}",
            drawn.text
        );
        assert!(draw(&"x".repeat(5_000).into()).is_none());
    }
}
