//! Ids as a provider sees them (reference wecom 1): encrypted for the provider, and translated on the way in and out.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::wecom::suite::Grant;

/// Marks an id that no member has, so that it cannot be mistaken for a plain one. Not a character of userids.
const STRANGER: char = '!';
/// Bytes of the digest that an id shows.
const SHOWN: usize = 15;

pub(crate) fn open_corpid(provider: &str, corpid: &str) -> String {
    format!("wp{}", digest(&[provider, corpid]))
}

pub(crate) fn open_userid(provider: &str, corpid: &str, userid: &str) -> String {
    format!("wo{}", digest(&[provider, corpid, &userid.to_lowercase()]))
}

fn digest(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\n"));
    BASE64_URL_SAFE_NO_PAD.encode(&digest[..SHOWN])
}

impl Grant {
    /// One id from the client as the corp knows it.
    pub(crate) fn inward(&self, open: &str) -> String {
        self.userid(open).unwrap_or_else(|| format!("{STRANGER}{open}"))
    }

    /// Every member named in a body from the client.
    pub(crate) fn inward_body(&self, body: &mut Value) {
        walk(body, &|name, text| match name {
            "userid" | "creator" | "user_list" => self.inward(text),
            "touser" => text.split('|').map(|id| self.inward(id)).collect::<Vec<_>>().join("|"),
            _ => text.to_owned(),
        });
    }

    /// Every member named in an answer, and real names that the app may not see.
    pub(crate) fn outward_body(&self, body: &mut Value) {
        self.hide_names(body);
        walk(body, &|name, text| match name {
            "userid" | "open_userid" | "creator" | "user_list" | "follow_user" => self.outward(text),
            "invaliduser" => text.split('|').map(|id| self.outward(id)).collect::<Vec<_>>().join("|"),
            _ => text.to_owned(),
        });
    }

    fn outward(&self, userid: &str) -> String {
        match userid.strip_prefix(STRANGER) {
            Some(open) => open.to_owned(),
            None if userid.is_empty() => String::new(),
            None => self.open_userid(userid),
        }
    }

    /// A member's row: `open_userid` is added, and the name of somebody unknown to the app is the userid.
    fn hide_names(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_names(item)),
            Value::Object(row) => {
                row.values_mut().for_each(|item| self.hide_names(item));
                self.rename(row);
            }
            _ => (),
        }
    }

    fn rename(&self, row: &mut Map<String, Value>) {
        let Some(userid) = row.get("userid").and_then(Value::as_str).map(str::to_owned) else {
            return;
        };
        if row.contains_key("name") {
            row.insert("open_userid".to_owned(), Value::String(userid.clone()));
            if !self.tells_names() {
                row.insert("name".to_owned(), Value::String(self.outward(&userid)));
            }
        }
    }
}

/// Changes every text that stands in a field or in the list of a field.
fn walk(value: &mut Value, change: &impl Fn(&str, &str) -> String) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
        Value::Object(fields) => {
            for (name, field) in fields {
                change_field(name, field, change);
                walk(field, change);
            }
        }
        _ => (),
    }
}

fn change_field(name: &str, field: &mut Value, change: &impl Fn(&str, &str) -> String) {
    match field {
        Value::String(text) => *text = change(name, text),
        Value::Array(items) => {
            for item in items {
                change_field(name, item, change);
            }
        }
        _ => (),
    }
}
