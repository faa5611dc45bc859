//! The engine: use cases, and the work that follows from them.
//!
//! [`Engine`] offers what a user may ask for. [`scheduler::run`] sends word of what is due; [`worker::run`] takes it and hands each publication to the
//! `publisher`, which is the way of a post: claim → media → intent committed → create call → follow up → settle.

mod app;
mod callbacks;
mod channel;
mod checks;
mod checkup;
mod complaints;
mod credentials;
mod directory;
mod events;
mod expected;
mod failure;
mod health;
mod library;
mod limits;
mod locks;
mod measured;
mod media_link;
mod probe;
mod problem;
mod progress;
mod provider;
mod publisher;
mod seals;
mod settings;
mod shelf;
mod trace;
mod turns;
mod use_cases;
mod wake;

pub mod audit;
pub mod checker;
pub mod early;
pub mod inbox;
pub mod login;
pub mod metrics;
pub mod pulse;
pub mod scheduler;
pub mod tidy;
pub mod words;
pub mod worker;

pub use app::{Engine, Parts};
pub use callbacks::{CallbackAddress, CallbackRefusal};
pub use credentials::{ChannelCheck, check_channels};
pub use directory::DirectoryView;
pub use events::EventSender;
pub use failure::untrusted_address;
pub use health::{Check, Health, Limits as HealthLimits, watch};
pub use library::{Asker, Library, LibraryProblem};
pub use media_link::OpenMedia;
pub use moments_platforms::{Department, Tag, TagGroup};
pub use moments_wecom::{CallbackError, PushQuery, UrlQuery};
pub use probe::{NoProbe, Probe, Step};
pub use problem::Problem;
pub use progress::Progress;
pub use provider::{Provider, Suite};
pub use seals::{PlaceSurvey, Resealing, Survey, reseal, survey};
pub use settings::{DefaultLimits, Settings, SuccessAt};
pub use shelf::SealedShelf;
pub use use_cases::{
    Accepted, AccountFilter, AccountPreflight, AccountView, AccountWarning, Arrival, BindGewe, BindWecom, ChannelCalls,
    ChannelView, FILES_PATH, FileProblem, FileView, InstallView, LimitsView, LoginAgain, LoginView, Preflight,
    PutWordList, StartLogin, WordListView,
};
