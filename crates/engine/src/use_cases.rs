//! What a user may ask for. Each use case judges, then writes at most one transaction.

mod accounts;
mod channels;
mod create;
mod files;
mod installs;
mod limits;
mod logins;
mod preflight;
mod tasks;
mod unbind;
mod word_lists;

pub use accounts::{AccountFilter, AccountView};
pub(crate) use channels::bound_as;
pub use channels::{BindGewe, BindWecom, ChannelView};
pub use create::{Accepted, AccountWarning};
pub(crate) use files::sent_file;
pub use files::{FILES_PATH, FileProblem, FileView};
pub(crate) use installs::STATE_GRACE;
pub use installs::{Arrival, InstallView};
pub use limits::LimitsView;
pub use logins::{LoginAgain, LoginView, StartLogin};
pub use preflight::{AccountPreflight, ChannelCalls, Preflight};
pub use word_lists::{PutWordList, WordListView};
