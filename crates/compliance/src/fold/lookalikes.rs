//! Letters of other scripts, and digits, that look like Latin letters.

use crate::fold::is_unspaced;

/// The Latin letter that `c` looks like; `c` itself when it looks like none. Capitals are looked at before their case is folded, because `Н` looks
/// like an `H` and `н` does not.
pub(super) fn letter(c: char) -> char {
    match c {
        'А' | 'а' | 'Α' | 'α' | 'ɑ' | 'ᴀ' | '4' => 'a',
        'В' | 'Β' | 'β' | 'ʙ' => 'b',
        'С' | 'с' | 'ϲ' | 'Ϲ' | 'ᴄ' => 'c',
        'ԁ' | 'đ' | 'ᴅ' => 'd',
        'Е' | 'е' | 'Ε' | 'ε' | 'ᴇ' | '3' => 'e',
        'ɡ' | 'ɢ' => 'g',
        'Н' | 'Η' | 'һ' | 'ʜ' => 'h',
        'І' | 'і' | 'Ι' | 'ι' | 'ı' | 'ɪ' | '1' => 'i',
        'Ј' | 'ј' => 'j',
        'К' | 'к' | 'Κ' | 'κ' | 'ᴋ' => 'k',
        'ł' | 'Ӏ' | 'ӏ' | 'ʟ' => 'l',
        'М' | 'Μ' | 'ᴍ' => 'm',
        'Ν' | 'ɴ' => 'n',
        'О' | 'о' | 'Ο' | 'ο' | 'ø' | 'ᴏ' | '0' => 'o',
        'Р' | 'р' | 'Ρ' | 'ρ' | 'ᴘ' => 'p',
        'ʀ' => 'r',
        'Ѕ' | 'ѕ' | 'ꜱ' | '5' => 's',
        'Т' | 'Τ' | 'τ' | 'ᴛ' | '7' => 't',
        'υ' | 'ᴜ' => 'u',
        'ν' | 'ѵ' | 'ᴠ' => 'v',
        'ω' | 'ԝ' | 'ᴡ' => 'w',
        'Х' | 'х' | 'Χ' | 'χ' => 'x',
        'У' | 'у' | 'Υ' | 'γ' | 'ʏ' => 'y',
        'Ζ' | 'ᴢ' => 'z',
        other => other,
    }
}

/// The digit that was written, whatever its form (`１`, `①`), if one was: digits look like letters, but `110` is not `iio`.
pub(crate) fn plain_digit(c: char) -> Option<char> {
    use unicode_normalization::UnicodeNormalization as _;
    if c.is_ascii() || is_unspaced(c) {
        return Some(c).filter(char::is_ascii_digit);
    }
    let mut parts = std::iter::once(c).nfkd();
    parts
        .next()
        .filter(char::is_ascii_digit)
        .filter(|_| parts.next().is_none())
}
