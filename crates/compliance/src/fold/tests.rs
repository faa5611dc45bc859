use super::*;

/// A text as words are compared: letters, `·` for what parts them loosely, `|` for the end of a clause.
fn shown(text: &str) -> String {
    let one = |c| match fold(c) {
        Folded::Letter(letter) => vec![letter],
        Folded::Several => several(c),
        Folded::Gap(Gap::Hard) => vec!['|'],
        Folded::Gap(Gap::Loose) => vec!['·'],
        Folded::Gap(_) => Vec::new(),
    };
    text.chars().flat_map(one).collect()
}

#[test]
fn forms_of_one_letter_are_one() {
    for (text, expected) in [
        ("ＡｂＣ", "abc"),
        ("國傢級", "国家级"),
        ("微\u{200b}信\u{fe0f}", "微信"),
        ("𝐕𝑿 𝓿", "vx·v"),
        ("ⅤⅠ①２", "viiz".replace('z', "2").as_str()),
        ("ｖХ ѕех", "vx·sex"),
        ("é Å", "e·a"),
        ("㈱ﬁ", "株fi"),
        ("好，吗\n", "好|吗|"),
        ("a.b🐱c", "a·b·c"),
        ("1\u{fe0f}\u{20e3}", "i"),
        ("한국", "한국"),
        ("", ""),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn every_character_folds() {
    for c in '\0'..=char::MAX {
        if fold(c) == Folded::Several {
            assert!(several(c).len() > 1, "{c:?}");
        }
    }
}

#[test]
fn digits_are_known_in_every_form() {
    assert_eq!(
        "1１①a十".chars().map(plain_digit).collect::<Vec<_>>(),
        [Some('1'), Some('1'), Some('1'), None, None]
    );
}
