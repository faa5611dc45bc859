//! What can go wrong with a control of the sandbox (never an answer of the two worlds).

/// Why a control was refused. Over HTTP: 404 for the unknown, 409 for the wrong moment, 400 for the malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SandboxError {
    /// No corp with this corpid was seeded.
    #[error("no corp {0} in this sandbox")]
    UnknownCorp(String),
    /// No suite with this id was seeded.
    #[error("no suite {0} in this sandbox")]
    UnknownSuite(String),
    /// No device with this appId was seeded or created by a login.
    #[error("no device {0} in this sandbox")]
    UnknownDevice(String),
    /// The corp has no moment with this id.
    #[error("no moment {0} in this corp")]
    UnknownMoment(String),
    /// The corp has no member with this userid.
    #[error("no member {0} in this corp")]
    UnknownMember(String),
    /// The step is not possible in the present state; the text says what is missing.
    #[error("{0}")]
    NotNow(&'static str),
    /// The body of a control could not be understood.
    #[error("{0}")]
    Malformed(String),
}
