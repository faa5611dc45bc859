//! Filters in the query of a request, as the workbench's conventions name them. Unknown names are ignored; pages are read by [`crate::paging`].

use std::collections::HashMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use moments_domain::Timestamp;
use moments_domain::ids::MAX_ID;
use url::form_urlencoded;

use crate::app::App;
use crate::error::{ApiError, Malformed};

/// What a request's query says. A name that is there twice counts once, with its last value; an empty value is as good as none.
#[derive(Debug)]
pub(crate) struct Params(HashMap<String, String>);

impl Params {
    /// The value as it is.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Whether any of these names has a value.
    pub(crate) fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.text(name).is_some())
    }

    /// The value of an enumeration with this name.
    pub(crate) fn name_of<T: Copy>(
        &self,
        name: &str,
        all: &[T],
        name_of: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>, ApiError> {
        let names: Vec<_> = all.iter().map(|value| name_of(*value)).collect();
        let wanted = self.one_of(name, &names)?;
        Ok(wanted.and_then(|wanted| all.iter().copied().find(|value| name_of(*value) == wanted)))
    }

    /// One of these values.
    pub(crate) fn one_of<'a>(&'a self, name: &str, known: &[&str]) -> Result<Option<&'a str>, ApiError> {
        match self.text(name) {
            Some(text) if !known.contains(&text) => Err(wrong(name, &format!("{} 之一", known.join("、")))),
            text => Ok(text),
        }
    }

    /// A whole number from 1 to 2^53-1.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let read = |text: &str| text.parse().ok().filter(|id| (1..=MAX_ID).contains(id));
        let wrong = || wrong(name, &format!("1 到 {MAX_ID} 的整数"));
        self.text(name).map(|text| read(text).ok_or_else(wrong)).transpose()
    }

    /// Whole numbers as [`Self::number`] takes them, with commas between; none when nothing is there.
    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<i64>, ApiError> {
        let read = |text: &str| text.trim().parse().ok().filter(|id| (1..=MAX_ID).contains(id));
        let wrong = || wrong(name, &format!("1 到 {MAX_ID} 的整数，多个以逗号分隔"));
        let texts = self.text(name).into_iter().flat_map(|text| text.split(','));
        texts.map(|text| read(text).ok_or_else(wrong)).collect()
    }

    /// ISO 8601 with its offset.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let wrong = || wrong(name, "带时区的 ISO 8601 时间");
        self.text(name)
            .map(|text| Timestamp::parse(text).ok_or_else(wrong))
            .transpose()
    }
}

impl FromRequestParts<App> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

fn wrong(name: &str, shape: &str) -> ApiError {
    ApiError::Malformed(Malformed {
        field: Some(name.to_owned()),
        message: format!("参数 {name} 应为{shape}"),
    })
}
