//! How values of the domain look in JSON.

use moments_domain::ids::MAX_ID;
use moments_domain::{AccountStatus, AccountType, ChannelKind, FailReason, ResultStatus, Stage, TaskStatus, Timestamp};
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{KnownFormat, Object, ObjectBuilder, SchemaFormat};

/// A time in answers: ISO 8601 in UTC with whole seconds, `2023-10-26T16:00:00Z`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WireTime(pub(crate) Timestamp);

impl Serialize for WireTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Timestamp::from_secs(self.0.as_secs()))
    }
}

/// Reads ISO 8601 with an offset; null is absent. A time without offset is refused: nobody could tell when it is.
pub(crate) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let wrong = || D::Error::invalid_value(Unexpected::Other("text"), &"a time with its offset");
    Timestamp::parse(&text).map(Some).ok_or_else(wrong)
}

/// Reads an id of another module: 1 to 2^53-1; null is absent.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Option::<i64>::deserialize(deserializer)? {
        Some(id) if !(1..=MAX_ID).contains(&id) => Err(D::Error::invalid_value(Unexpected::Signed(id), &"an id")),
        id => Ok(id),
    }
}

/// Schemas of enumerations, taken from their one list of names.
macro_rules! enumerations {
    ($($function:ident => $name:ident),+ $(,)?) => {
        $(pub(crate) fn $function() -> Object {
            names($name::ALL.iter().map(|value| value.name()))
        })+
    };
}
enumerations! {
    account_type => AccountType,
    account_status => AccountStatus,
    channel_kind => ChannelKind,
    task_status => TaskStatus,
    result_status => ResultStatus,
    stage => Stage,
}

/// The schema of `errorReason`: one of the names, or null.
pub(crate) fn fail_reason() -> Object {
    let names: Vec<_> = FailReason::ALL.iter().map(|reason| Some(reason.name())).chain([None]).collect();
    ObjectBuilder::new().schema_type(nullable_text()).enum_values(Some(names)).build()
}

/// The schema of a time that is always there.
pub(crate) fn date_time() -> Object {
    time_schema(Type::String.into())
}

/// The schema of a time or null.
pub(crate) fn date_time_or_null() -> Object {
    time_schema(nullable_text())
}

fn time_schema(schema_type: SchemaType) -> Object {
    ObjectBuilder::new()
        .schema_type(schema_type)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .examples(["2023-10-26T16:00:00Z"])
        .build()
}

fn nullable_text() -> SchemaType {
    SchemaType::from_iter([Type::String, Type::Null])
}

fn names(names: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}
