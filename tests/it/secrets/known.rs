//! The secrets that the test knows of, and who may see which.

use super::hunt::Hunt;
use super::tap::Tap;
use crate::api::TOKEN_SECRET;
use crate::bucket;
use crate::suites;
use crate::world::{device_seed, secret_of, vault_keys};

pub(super) const WRONG: &str = "a-wrong-Secret-J5x8Nd2";
pub(super) const CALLBACK_TOKEN: &str = "pW4sYt8Kb1Xn6Mq";
pub(super) const CALLBACK_KEY: &str = "uZ3rC7mQ0wLh5XvT9kBn2YsJ8dPf4GaE6iRoVq1NtMj";
/// What WeChat shows on the phone.
pub(super) const NUMBER: &str = "83920174";
pub(super) const OF_MEDIA: &str = "media-signature-x7";
pub(super) const OF_DATABASE: &str = "database-Password-5Kd0";
pub(super) const OF_BROKER: &str = "broker-Password-9Wc3";
pub(super) const OF_MODERATION: &str = "moderation-Secret-2Hv6";
pub(super) const OF_LIBRARY: &str = "library-Token-7Tn4Qe";
/// Fields of the platforms that reach whoever asked for them: in a link for an administrator, in a code for a phone.
const ANSWERED: [&str; 2] = ["pre_auth_code", "uuid"];

/// What everybody is kept from, and what has one place where it must stand, each with what it is.
pub(super) struct Secrets {
    pub(super) hidden: Vec<(String, String)>,
    pub(super) answered: Vec<(String, String)>,
}

impl Secrets {
    /// What the settings and the requests of these tests hold.
    pub(super) fn brought_in() -> Self {
        let mut hidden: Vec<(String, String)> = [
            ("the secret that signs tokens", TOKEN_SECRET),
            ("a wrong secret", WRONG),
            ("a callback's Token", CALLBACK_TOKEN),
            ("a callback's EncodingAESKey", CALLBACK_KEY),
            ("the number on the phone", NUMBER),
            ("the database's password", OF_DATABASE),
            ("the broker's password", OF_BROKER),
            ("a moderation secret", OF_MODERATION),
            ("the content library's token", OF_LIBRARY),
            ("a bucket's key", bucket::KEY),
        ]
        .map(|(name, secret)| (name.to_owned(), secret.to_owned()))
        .into();
        let device = device_seed("secret");
        hidden.extend([
            ("a corp's secret".to_owned(), secret_of("ww_secret")),
            ("a gateway's token".to_owned(), device.token),
            ("a phone number".to_owned(), device.mobile),
            (
                "the vault's key".to_owned(),
                vault_keys().split_once(':').expect("a key").1.to_owned(),
            ),
        ]);
        let of_provider = suites::SETTINGS
            .iter()
            .filter(|(name, _)| ["SECRET", "TOKEN", "AES_KEY"].iter().any(|end| name.ends_with(end)));
        hidden.extend(of_provider.map(|(name, secret)| ((*name).to_owned(), (*secret).to_owned())));
        Self {
            hidden,
            // The database must know where media are.
            answered: vec![("an address of media".to_owned(), OF_MEDIA.to_owned())],
        }
    }

    /// With what went over the wire.
    pub(super) fn hear(&mut self, tap: &Tap) {
        let (answered, hidden): (Vec<_>, Vec<_>) = tap
            .heard()
            .into_iter()
            .partition(|(field, _)| ANSWERED.contains(&field.as_str()));
        self.answered.extend(answered);
        self.hidden.extend(hidden);
    }

    /// The hunt for what nobody may see.
    pub(super) fn hidden(&self) -> Hunt {
        hunt(self.hidden.iter())
    }

    /// The hunt for what stands in the answer to the one who asked, or in the database, and nowhere else.
    pub(super) fn all(&self) -> Hunt {
        hunt(self.hidden.iter().chain(&self.answered))
    }
}

fn hunt<'a>(secrets: impl Iterator<Item = &'a (String, String)>) -> Hunt {
    Hunt::new(secrets.map(|(name, secret)| (name.as_str(), secret.as_str())))
}
