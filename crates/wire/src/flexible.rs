//! Readers for fields whose JSON type drifts between a platform's versions, for `#[serde(deserialize_with = "…")]`.

use serde::de::{Deserialize, Deserializer, Error};

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Drifting {
    Signed(i64),
    Unsigned(u64),
    Text(String),
}

/// A whole number given as a JSON number or as text, such as `created_at` (reference wecom 1, "Number/string drift").
///
/// Exact over the whole of `i64` and `u64`; fails when the number does not fit `N`.
pub fn number<'de, D: Deserializer<'de>, N: TryFrom<i128>>(from: D) -> Result<N, D::Error> {
    let number = match Drifting::deserialize(from)? {
        Drifting::Signed(number) => i128::from(number),
        Drifting::Unsigned(number) => i128::from(number),
        Drifting::Text(text) => text
            .trim()
            .parse()
            .map_err(|_| D::Error::custom("text is not a whole number"))?,
    };
    N::try_from(number).map_err(|_| D::Error::custom("number is out of range"))
}

/// A text that may be `null` or a number; `null` reads as the empty text.
pub fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(match Option::deserialize(from)? {
        None => String::new(),
        Some(Drifting::Signed(number)) => number.to_string(),
        Some(Drifting::Unsigned(number)) => number.to_string(),
        Some(Drifting::Text(text)) => text,
    })
}

/// A value for which `null` means the default: an empty list, an empty object.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
