//! Readers for fields whose JSON type drifts between a platform's versions, for `#[serde(deserialize_with = "…")]`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A number or a text, whichever came. Read by hand: serde's `untagged` makes a full error message for every shape that does not fit, and
/// these fields are in every answer.
enum Drifting {
    Number(i128),
    Text(String),
}

impl<'de> Deserialize<'de> for Drifting {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = Drifting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number or text")
            }

            fn visit_i64<E>(self, number: i64) -> Result<Drifting, E> {
                Ok(Drifting::Number(number.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Drifting, E> {
                Ok(Drifting::Number(number.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Drifting, E> {
                Ok(Drifting::Text(text.to_owned()))
            }
        }

        from.deserialize_any(Either)
    }
}

/// A whole number given as a JSON number or as text, such as `created_at` (reference wecom 1, "Number/string drift").
///
/// Exact over the whole of `i64` and `u64`; fails when the number does not fit `N`.
pub fn number<'de, D: Deserializer<'de>, N: TryFrom<i128>>(from: D) -> Result<N, D::Error> {
    let number = match Drifting::deserialize(from)? {
        Drifting::Number(number) => number,
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
        Some(Drifting::Number(number)) => number.to_string(),
        Some(Drifting::Text(text)) => text,
    })
}

/// A value for which `null` means the default: an empty list, an empty object.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
