//! What can go wrong with keys and sealed texts, told to the operator.

/// A key ring that cannot be used, or a sealed text that cannot be opened. No variant holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The ring has no key at all.
    #[error("vault.keys 为空。请运行 `moments-sync keys new` 生成密钥并写入配置。")]
    NoKeys,
    /// One entry of the ring is not `id:base64` with a key of 32 bytes.
    #[error("vault.keys 的第 {position} 个密钥无效：{problem}。正确格式为 `id:base64`，密钥长度 32 字节。")]
    BadKey {
        /// Place in the ring, from 1.
        position: usize,
        /// What is wrong with the entry.
        problem: &'static str,
    },
    /// Two entries share an id, so a sealed text could not tell which one it needs.
    #[error("vault.keys 中密钥编号 {key_id} 重复。请保留其中一个，或改用不同的编号。")]
    DuplicateKey {
        /// The shared id.
        key_id: String,
    },
    /// The text was sealed with a key that is not in the ring.
    #[error("缺少密钥 {key_id}。请把该密钥加回 vault.keys（可放在最后），重新封存全部数据之后再移除。")]
    MissingKey {
        /// The key's id, as the sealed text names it.
        key_id: String,
    },
    /// The text is not of the form that [`KeyRing::seal`](crate::KeyRing::seal) writes.
    #[error("封存数据的格式无法识别，可能被截断或改写。请从备份恢复该行，或重新授权该渠道。")]
    Malformed,
    /// The text was changed, belongs to another row, or was sealed with another key of the same id.
    #[error(
        "封存数据校验失败（密钥 {key_id}）：内容被改动、被移到另一行，或密钥与编号不符。请从备份恢复该行，或重新授权该渠道。"
    )]
    Tampered {
        /// The key's id, as the sealed text names it.
        key_id: String,
    },
    /// The cryptographic library refused, such as for want of randomness. Nothing was sealed; a later try may work.
    #[error("加密组件不可用，请检查系统随机数来源后重试。")]
    Unavailable,
}
