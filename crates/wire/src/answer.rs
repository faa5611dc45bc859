//! What came back.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::CallError;

/// An answer with any status.
#[derive(Clone, Debug)]
pub struct Exchanged {
    /// The HTTP status.
    pub status: u16,
    /// The whole body; `None`: it has more bytes than the call allows.
    pub body: Option<Answer>,
}

/// The body of an answer. It may be read several times, as different shapes.
#[derive(Clone, Debug)]
pub struct Answer {
    bytes: Bytes,
}

impl Answer {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self { bytes }
    }

    /// The body as `T`. A body that is not JSON, or not of this shape, is no answer: the request may have been processed.
    ///
    /// The error tells the place only, because the body may hold a token.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        serde_json::from_slice(&self.bytes).map_err(|error| {
            let what = if error.is_data() {
                "答复的字段与预期不符"
            } else {
                "答复不是完整的 JSON"
            };
            CallError::no_answer(&format!(
                "{what}（第 {} 行第 {} 列，共 {} 字节）",
                error.line(),
                error.column(),
                self.bytes.len()
            ))
        })
    }
}
