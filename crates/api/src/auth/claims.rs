//! What a verified token says. Installations name and shape these claims differently, so both are read leniently.

use moments_domain::{Timestamp, UserId};
use serde_json::{Map, Value};

use crate::auth::permission::PERMISSIONS;

#[cfg(test)]
mod tests;

/// Where the claims stand (`auth.user_claim`, `auth.permissions_claim`).
///
/// A name with dots is a path into objects (`user.id`), unless the token has a claim of just that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames {
    /// The user: a whole number, or a text of one. Default `sub`.
    pub user: String,
    /// The permissions: a list of texts, a list of objects with `authority` (Spring Security), or one text with spaces
    /// between (`scope`). Default `permissions`.
    pub permissions: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            user: "sub".to_owned(),
            permissions: "permissions".to_owned(),
        }
    }
}

/// The claims of a token.
pub(crate) type Claims = Map<String, Value>;

/// A caller as the token names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) user: UserId,
    /// Those of [`PERMISSIONS`] that the token holds.
    pub(crate) permissions: Vec<&'static str>,
}

impl ClaimNames {
    /// The caller; `None` when the user claim is missing or no number.
    pub(crate) fn identity(&self, claims: &Claims) -> Option<Identity> {
        let user = find(claims, &self.user).and_then(user_id)?;
        let held = find(claims, &self.permissions).map(permissions).unwrap_or_default();
        let permissions = PERMISSIONS
            .iter()
            .copied()
            .filter(|known| held.contains(known))
            .collect();
        Some(Identity { user, permissions })
    }
}

/// The time in a claim such as `exp`: seconds since the epoch, perhaps with a fraction, which is dropped.
pub(crate) fn time(claims: &Claims, name: &str) -> Option<Timestamp> {
    let value = claims.get(name)?;
    value
        .as_i64()
        .or_else(|| value.as_f64().and_then(whole))
        .map(Timestamp::from_secs)
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn whole(secs: f64) -> Option<i64> {
    (0.0..=1e15).contains(&secs).then_some(secs as i64)
}

fn find<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| {
        let mut path = name.split('.');
        let first = claims.get(path.next()?)?;
        path.try_fold(first, |value, key| value.get(key))
    })
}

fn user_id(value: &Value) -> Option<UserId> {
    let id = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    id.map(UserId)
}

fn permissions(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => text.split_whitespace().collect(),
        Value::Array(items) => items.iter().filter_map(permission).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

fn permission(item: &Value) -> Option<&str> {
    item.as_str().or_else(|| item.get("authority")?.as_str())
}
