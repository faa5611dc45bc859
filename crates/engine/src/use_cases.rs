//! What a user may ask for. Each use case judges, then writes at most one transaction.

mod accounts;
mod channels;
mod create;
mod preflight;
mod tasks;

pub use accounts::AccountView;
pub use channels::{BindGewe, BindWecom, ChannelView};
pub use create::{Accepted, AccountWarning};
pub use preflight::{AccountPreflight, ChannelCalls, Preflight};
