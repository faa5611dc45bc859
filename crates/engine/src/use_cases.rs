//! What a user may ask for. Each use case judges, then writes at most one transaction.

mod accounts;
mod channels;
mod create;
mod tasks;

pub use accounts::AccountView;
pub use channels::{BindGewe, BindWecom, ChannelView};
pub(crate) use channels::credential_row;
pub use create::{Accepted, AccountWarning};
