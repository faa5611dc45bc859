//! Tokens for development, the demo and tests, as `moments-sync token` prints them.

use jsonwebtoken::{EncodingKey, Header};
use moments_domain::{Timestamp, UserId};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::auth::claims::ClaimNames;

/// An HS256 token with these permissions, good until `end`. It carries its claims under the names that the installation
/// has configured, so that the same installation accepts it.
///
/// The error cannot happen with a secret and texts; it is there because the library may say no.
pub fn development_token(
    secret: &SecretString,
    names: &ClaimNames,
    user: UserId,
    permissions: &[&str],
    end: Timestamp,
) -> Result<String, jsonwebtoken::errors::Error> {
    let mut claims = Map::new();
    put(&mut claims, &names.user, json!(user.0));
    put(&mut claims, &names.permissions, json!(permissions));
    claims.insert("exp".to_owned(), json!(end.as_secs()));
    let key = EncodingKey::from_secret(secret.expose_secret().as_bytes());
    jsonwebtoken::encode(&Header::default(), &claims, &key)
}

/// Puts `value` at a path such as `user.id`. Something else in the way is replaced.
fn put(claims: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            claims.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = claims.entry(first).or_insert_with(|| json!({}));
            if !inner.is_object() {
                *inner = json!({});
            }
            if let Some(inner) = inner.as_object_mut() {
                put(inner, rest, value);
            }
        }
    }
}
