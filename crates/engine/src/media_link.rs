//! Short-lived addresses under which a gateway fetches our media (personal-gateway 4.4).

use std::path::PathBuf;
use std::time::Duration;

use moments_domain::Timestamp;
use moments_media::{FittedMedia, MediaError, MediaFormat};

use crate::app::Engine;
use crate::problem::Problem;
use crate::use_cases::sent_file;

/// How long a gateway may fetch a medium.
const LIFETIME: Duration = Duration::from_mins(30);

/// A medium that may be read by whoever shows a good address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMedia {
    /// Where it lies.
    pub path: PathBuf,
    /// Its MIME type.
    pub mime: &'static str,
}

impl Engine {
    /// An address of a kept file, good for half an hour.
    pub(crate) fn media_link(&self, file: &FittedMedia) -> String {
        let name = format!("{}.{}", file.sha256, file.format.extension());
        self.link_until(&name, self.clock.now() + LIFETIME)
    }

    /// An address of the kept file `{sha256}.{extension}`, good until then.
    pub(crate) fn link_until(&self, name: &str, until: Timestamp) -> String {
        let until = until.as_secs();
        let signature = self.keys.sign(&signed(until, name));
        format!("{}/media/{until}/{signature}/{name}", self.settings.public_url)
    }

    /// The file behind an address; not found when the address is forged, altered or too old.
    pub async fn open_media(&self, until: i64, signature: &str, name: &str) -> Result<OpenMedia, Problem> {
        let missing = || Problem::NotFound("媒体");
        let good = self.keys.verify(&signed(until, name), signature);
        if !good || Timestamp::from_secs(until) < self.clock.now() {
            return Err(missing());
        }
        let (sha256, format) = read_name(name).ok_or_else(missing)?;
        self.kept_file(sha256, format).await.ok_or_else(missing)
    }

    /// The hash of the kept file at one of our addresses, good or too old; `None`: it is another's.
    pub(crate) fn own_file(&self, url: &str) -> Option<String> {
        let signed = url.strip_prefix(&self.settings.public_url);
        let signed = signed
            .and_then(|path| path.strip_prefix("/media/"))
            .and_then(|path| path.rsplit('/').next());
        match signed {
            Some(name) => read_name(name).map(|(sha256, _)| sha256.to_owned()),
            None => sent_file(url),
        }
    }

    pub(crate) async fn kept_file(&self, sha256: &str, format: MediaFormat) -> Option<OpenMedia> {
        let told = |error: &MediaError| tracing::warn!(%error, media.sha256 = sha256, "a medium cannot be handed out");
        let path = self.media.at_hand(sha256).await.inspect_err(told).ok()?;
        Some(OpenMedia {
            path,
            mime: format.mime(),
        })
    }
}

/// The parts of `{sha256}.{extension}`.
pub(crate) fn read_name(name: &str) -> Option<(&str, MediaFormat)> {
    let (sha256, extension) = name.split_once('.')?;
    let format = MediaFormat::ALL
        .into_iter()
        .find(|format| format.extension() == extension)?;
    Some((sha256, format))
}

fn signed(until: i64, name: &str) -> String {
    format!("media/{until}/{name}")
}
