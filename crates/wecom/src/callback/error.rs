//! Why a push is not believed.

/// A callback that is refused. Says nothing of the message, the keys or the expected signature, so that it may be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The signature is not that of our token: a wrong Token in the settings, or somebody else's message.
    #[error("回调签名不符（{}）", self.label())]
    Signature,
    /// Not the XML of a push: broken, nested too deep, with a document type or unknown entities, or without a field that it needs.
    #[error("回调内容不是有效的 XML（{}）", self.label())]
    Malformed,
    /// The EncodingAESKey is not 43 characters of `A-Z a-z 0-9`, or the Token is empty or longer than 32.
    #[error("回调的 Token 或 EncodingAESKey 格式不正确（{}）", self.label())]
    BadKey,
    /// Signed and encrypted for another corp or suite than this address serves.
    #[error("回调的接收方不符（{}）", self.label())]
    ReceiveId,
    /// Encrypting failed; only for a message of 4 GiB or a machine without randomness.
    #[error("回调加密失败（{}）", self.label())]
    Encrypt,
    /// The EncodingAESKey does not fit: what came out is not padded as it must be.
    #[error("回调解密失败（{}）", self.label())]
    Decrypt,
    /// Decrypted, but its inner lengths or its text make no sense.
    #[error("回调明文长度不符（{}）", self.label())]
    BadBuffer,
    /// The encrypted part is not base64.
    #[error("回调密文不是 base64（{}）", self.label())]
    Base64,
}

impl CallbackError {
    /// The vendor's own number for it, from -40001 to -40010, for logs (reference wecom 4.8).
    pub const fn label(self) -> i32 {
        match self {
            Self::Signature => -40001,
            Self::Malformed => -40002,
            Self::BadKey => -40004,
            Self::ReceiveId => -40005,
            Self::Encrypt => -40006,
            Self::Decrypt => -40007,
            Self::BadBuffer => -40008,
            Self::Base64 => -40010,
        }
    }
}
