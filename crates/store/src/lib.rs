//! The tables and the statements. The database row is the only truth.
//!
//! Hot writes (a new task, a publication's next state) go through the [`commit`] queue, which puts what arrives together into one
//! transaction: a durable commit costs a disk flush, and a hundred writes can share it. Everything else is a plain
//! short transaction. Nothing here calls out while a transaction is open.

mod accounts;
mod audit;
mod channels;
mod checks;
mod claim;
mod commit;
mod connect;
mod content;
mod create;
mod db;
mod dialect;
mod duplicates;
mod early;
mod error;
mod files;
mod gate;
mod health;
mod history;
mod installs;
mod limits;
mod line;
mod logins;
mod media;
mod migrate;
mod processes;
mod pushes;
mod removal;
mod results;
mod rows;
mod save;
mod seals;
mod sequence;
mod shelf;
mod stage;
mod standing;
mod statuses;
mod suites;
mod tasks;
mod time;
mod unbind;
mod warnings;
mod words;

pub use accounts::{Account, NewAccount};
pub use audit::{AuditFilter, ChainHead};
pub use channels::{Channel, ChannelNotice, NewChannel};
pub use checks::ClaimedCheck;
pub use claim::{Claimed, Lease, Target};
pub use connect::{Options, shown};
pub use create::{Created, Idempotency, Judged, NewPublication, NewResult, NewTask};
pub use db::Store;
pub use duplicates::{Duplicate, DuplicateGuard};
pub use early::{EarlyFound, EarlyLook, EarlyTrouble};
pub use error::StoreError;
pub use files::NewFile;
pub use gate::{AccountGate, Gate, NoSubmit};
pub use health::{Engine, OpenCount, ServerFacts};
pub use history::{AccountEvent, AccountHistory};
pub use installs::Install;
pub use limits::{ChannelChoices, Posts};
pub use line::Line;
pub use logins::{LoggedIn, Login};
pub use media::MediaRow;
pub use processes::Beats;
pub use pushes::{ClaimedPush, NewPush, PushCounts};
pub use removal::{Removal, Unbinding, Waiting};
pub use save::{AccountOutcome, AttemptNote, Hold, Save, Saved};
pub use seals::{
    CHANNEL_CALLBACK, CHANNEL_CREDENTIAL, CHANNEL_TOKEN, INSTALL_CREDENTIAL, LOGIN_NUMBER, LOGIN_SECRETS, PUSH_BODY,
    SEALED, SUITE_TICKET, SUITE_TOKEN, SealKey, SealedPlace, SealedValue,
};
pub use shelf::ShelfToken;
pub use stage::{Picked, Room};
pub use standing::StatusChange;
pub use suites::SuiteRow;
pub use tasks::{ResultView, TaskView};
pub use unbind::unbound_failure;
pub use warnings::TaskWarning;
pub use words::{NewWordList, WordList, WordListChange};
