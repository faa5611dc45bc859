//! The flat XML of pushes: one root, fields beneath it.
//!
//! Read event by event rather than into a struct: this is the one place where strangers' XML is parsed before anything is known about
//! it. Document types are refused and the only entities are those of XML itself, so nothing can expand.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::CallbackError;

/// Fields are at depth 2; what the platform nests deeper is not read.
const FIELD_DEPTH: usize = 2;
const MAX_DEPTH: usize = 16;
const MAX_FIELDS: usize = 256;

/// The fields of a message by name; of a repeated field, the first.
#[derive(Default)]
pub(super) struct Fields(BTreeMap<String, Zeroizing<String>>);

impl Fields {
    /// A field that may be missing; an empty one counts as missing. White space around it is not part of it.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// A field that must be there.
    pub(super) fn get(&self, name: &str) -> Result<&str, CallbackError> {
        self.find(name).ok_or(CallbackError::Malformed)
    }

    /// A field that must be there and is a secret.
    pub(super) fn take(&self, name: &str) -> Result<SecretString, CallbackError> {
        self.get(name).map(SecretString::from)
    }

    /// A field that is a whole number.
    pub(super) fn number(&self, name: &str) -> Result<i64, CallbackError> {
        self.get(name)?.parse().map_err(|_| CallbackError::Malformed)
    }
}

/// Reads a whole document. Names are taken as they stand; attributes, comments and nested elements are passed over.
pub(super) fn fields(document: &str) -> Result<Fields, CallbackError> {
    let mut reader = Reader::from_str(document);
    let mut found = Found::default();
    loop {
        match reader.read_event().map_err(|_| CallbackError::Malformed)? {
            Event::Start(tag) => found.open(tag.name().into_inner())?,
            Event::Empty(tag) => {
                found.open(tag.name().into_inner())?;
                found.close()?;
            }
            Event::End(_) => found.close()?,
            Event::Text(text) => found.text(&text.xml10_content())?,
            Event::CData(text) => found.text(&text.xml10_content())?,
            Event::GeneralRef(entity) => found.text(character(&entity)?.as_str())?,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => (),
            Event::DocType(_) => return Err(CallbackError::Malformed),
            Event::Eof => return found.finish(),
        }
    }
}

fn character(entity: &BytesRef) -> Result<String, CallbackError> {
    let coded = entity.resolve_char_ref().map_err(|_| CallbackError::Malformed)?;
    coded
        .map(String::from)
        .or_else(|| resolve_predefined_entity(&entity.xml10_content()).map(str::to_owned))
        .ok_or(CallbackError::Malformed)
}

#[derive(Default)]
struct Found {
    fields: Fields,
    depth: usize,
    has_root: bool,
    field: Option<(String, Zeroizing<String>)>,
}

impl Found {
    fn open(&mut self, name: &str) -> Result<(), CallbackError> {
        self.depth += 1;
        let second_root = self.depth == 1 && std::mem::replace(&mut self.has_root, true);
        if second_root || self.depth > MAX_DEPTH || self.fields.0.len() >= MAX_FIELDS {
            return Err(CallbackError::Malformed);
        }
        if self.depth == FIELD_DEPTH {
            self.field = Some((name.to_owned(), Zeroizing::default()));
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), CallbackError> {
        if self.depth == FIELD_DEPTH
            && let Some((name, text)) = self.field.take()
        {
            self.fields.0.entry(name).or_insert(text);
        }
        self.depth = self.depth.checked_sub(1).ok_or(CallbackError::Malformed)?;
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), CallbackError> {
        match &mut self.field {
            Some((_, value)) if self.depth == FIELD_DEPTH => value.push_str(text),
            _ if self.depth == 0 && !text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() => {
                return Err(CallbackError::Malformed);
            }
            _ => (),
        }
        Ok(())
    }

    fn finish(self) -> Result<Fields, CallbackError> {
        if self.has_root && self.depth == 0 {
            Ok(self.fields)
        } else {
            Err(CallbackError::Malformed)
        }
    }
}
