//! The id of a Moment.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

/// The low bits of an id: sequence and shard. Above them stands the time (reference personal-gateway 3.1).
const SEQUENCE_BITS: u32 = 23;

/// The id of a Moment: an unsigned 64-bit number, above 2^63 for every post since 2004. Printed in decimal.
///
/// Read from a JSON number or text, unsigned or in two's complement. A gateway written in JavaScript rounds it; where the Moment's XML
/// is at hand its `<id>` is exact and goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SnsId(pub u64);

impl SnsId {
    /// When the Moment was posted, Unix milliseconds, as far as the id tells: a measured habit of WeChat, not a promise.
    pub const fn millis(self) -> i64 {
        (self.0 >> SEQUENCE_BITS).cast_signed()
    }
}

impl fmt::Display for SnsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

impl FromStr for SnsId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let text = text.trim();
        let signed = || text.parse().map(i64::cast_unsigned);
        text.parse().or_else(|_| signed()).map(Self).map_err(|_| NotAnId)
    }
}

impl Serialize for SnsId {
    /// As an unsigned JSON number, which is what gateways take.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for SnsId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl de::Visitor<'_> for IdVisitor {
    type Value = SnsId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the id of a Moment")
    }

    fn visit_u64<E: de::Error>(self, id: u64) -> Result<SnsId, E> {
        Ok(SnsId(id))
    }

    fn visit_i64<E: de::Error>(self, id: i64) -> Result<SnsId, E> {
        Ok(SnsId(id.cast_unsigned()))
    }

    /// A rounded id that was printed with an exponent or a point.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "casts from floats saturate, and the value is rounded anyway"
    )]
    fn visit_f64<E: de::Error>(self, id: f64) -> Result<SnsId, E> {
        Ok(SnsId(if id < 0.0 {
            (id as i64).cast_unsigned()
        } else {
            id as u64
        }))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SnsId, E> {
        text.parse().map_err(|NotAnId| E::custom("not the id of a Moment"))
    }
}

#[cfg(test)]
mod tests;
