//! Who did what: entries that are only ever added, each bound by a hash to the one before.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::account::named;
use crate::ids::UserId;
use crate::time::Timestamp;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditAction {
    /// A channel was bound, or bound again with another credential.
    Bind,
    /// A channel was asked anew for its accounts.
    Refresh,
    /// A channel or an account was removed.
    Unbind,
    /// An account that had been unbound was taken back.
    Restore,
    /// A corp took its authorisation back, and its channel was ended.
    Revoke,
    /// An account was given a remark, or lost it.
    Remark,
    /// A log-in of a personal account was begun, or given a fresh code.
    Login,
    /// A log-in came to its end; the detail says to which. One that made a channel tells of a [`Self::Bind`] beside.
    LoginEnd,
    /// A link was made by which a corp can install a provider's app. The install itself is a [`Self::Bind`].
    Install,
    /// The keys of a self-built app's own callback were set, or replaced.
    Callback,
    /// Limits of a channel or an account were chosen, or left to the wider choice again.
    Limits,
    /// A list of words or hosts was made.
    AddWords,
    /// A list of words or hosts was changed, or switched on or off.
    ChangeWords,
    /// A list of words or hosts was removed.
    RemoveWords,
    /// The newest key took over from the others.
    Rotate,
    /// A sync task was accepted.
    Publish,
    /// What was not submitted of a task was taken back.
    Cancel,
    /// A task was given a new attempt.
    Retry,
    /// Somebody said that a held post did not come out, and had it sent again.
    Decide,
}
named!(AuditAction {
    Bind = "BIND",
    Refresh = "REFRESH",
    Unbind = "UNBIND",
    Restore = "RESTORE",
    Revoke = "REVOKE",
    Remark = "REMARK",
    Login = "LOGIN",
    LoginEnd = "LOGIN_END",
    Install = "INSTALL",
    Callback = "CALLBACK",
    Limits = "LIMITS",
    AddWords = "WORDS_ADD",
    ChangeWords = "WORDS_CHANGE",
    RemoveWords = "WORDS_REMOVE",
    Rotate = "ROTATE",
    Publish = "PUBLISH",
    Cancel = "CANCEL",
    Retry = "RETRY",
    Decide = "DECIDE",
});

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditActor {
    /// The user whom the entry names.
    User,
    /// This program by itself.
    System,
    /// A platform, such as a corp's administrator there.
    Platform,
    /// Whoever typed a command on the machine.
    Operator,
}
named!(AuditActor {
    User = "USER",
    System = "SYSTEM",
    Platform = "PLATFORM",
    Operator = "OPERATOR",
});

/// What it was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditObject {
    /// A channel, by its id.
    Channel,
    /// An account, by its account id.
    Account,
    /// A sync task, by its id.
    Task,
    /// A log-in of a personal account, by its id.
    Login,
    /// A provider's app that is to be installed, by the suite's or template's id. An install's own name is its secret.
    Suite,
    /// A list of words or hosts, by its id.
    WordList,
    /// The key ring, by the newest key's id.
    Keys,
}
named!(AuditObject {
    Channel = "CHANNEL",
    Account = "ACCOUNT",
    Task = "TASK",
    Login = "LOGIN",
    Suite = "SUITE",
    WordList = "WORD_LIST",
    Keys = "KEYS",
});

/// An entry to be written, in the transaction of what it tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAudit {
    /// Whose things it concerns; [`NewAudit::INSTALLATION`]: nobody's alone.
    pub user: UserId,
    /// Who did it.
    pub actor: AuditActor,
    /// What was done.
    pub action: AuditAction,
    /// To what kind of thing,
    pub object: AuditObject,
    /// and to which one: at most 100 characters.
    pub object_id: String,
    /// More about it: an object, without any secret.
    pub detail: Value,
    /// The request that asked for it.
    pub request_id: Option<String>,
    /// When.
    pub time: Timestamp,
}

impl NewAudit {
    /// The user of entries that concern the whole installation.
    pub const INSTALLATION: UserId = UserId(0);
}

/// An entry with its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place, from 1, without gaps.
    pub number: i64,
    /// Its row's id.
    pub id: i64,
    /// See [`NewAudit::user`].
    pub user: UserId,
    /// The actor's name, see [`AuditActor`]. A name, because a newer program may know more of them.
    pub actor: String,
    /// The action's name, see [`AuditAction`].
    pub action: String,
    /// The object's kind by name, see [`AuditObject`].
    pub object: String,
    /// Which one.
    pub object_id: String,
    /// JSON, as it was written.
    pub detail: String,
    /// The request that asked for it.
    pub request_id: Option<String>,
    /// When.
    pub time: Timestamp,
    /// The hash of the entry before; 64 zeros for the first one.
    pub prev_hash: String,
    /// This entry's hash, see [`AuditEntry::digest`].
    pub hash: String,
}

impl AuditEntry {
    /// What the first entry is bound to.
    pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

    /// SHA-256, in hex, of everything that the entry says, of its place and of the hash before it. The form is a JSON array, so that nothing can
    /// move from one field to the next.
    pub fn digest(&self) -> String {
        let said = json!([
            self.number,
            self.prev_hash,
            self.id,
            self.user.0,
            self.actor,
            self.action,
            self.object,
            self.object_id,
            self.detail,
            self.request_id,
            self.time.0
        ]);
        hex::encode(Sha256::digest(said.to_string()))
    }

    /// The same entry with its place behind an entry with this number and hash.
    #[must_use]
    pub fn chained(mut self, (number, hash): (i64, &str)) -> Self {
        self.number = number + 1;
        hash.clone_into(&mut self.prev_hash);
        self.hash = self.digest();
        self
    }
}

#[cfg(test)]
mod tests;
