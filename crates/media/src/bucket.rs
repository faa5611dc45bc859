//! Media in an S3-compatible bucket, for processes on machines without a shared folder.
//!
//! Objects are named like the files of the folder, `{prefix}/ab/ab12…`, and as there a name says what the bytes are: whoever writes one again
//! writes the same.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::path::Path as Key;
use object_store::{BackoffConfig, ClientOptions, Error, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig};
use secrecy::{ExposeSecret, SecretString};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::error::MediaError;
use crate::incoming::{Incoming, Received};

#[cfg(test)]
mod tests;

/// What is larger goes up in parts of this size; S3 takes none below 5 MiB.
const PART: usize = 8 << 20;
/// Parts of one file under way at once.
const PARTS_AT_ONCE: usize = 2;
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// One request, body included: a part, or a whole file on its way here.
const REQUEST_WITHIN: Duration = Duration::from_mins(1);
/// No new try of a request after this.
const TRY_FOR: Duration = Duration::from_secs(20);
const TRIES: usize = 3;

/// Where a bucket is, and who may use it.
#[derive(Clone, Debug)]
pub struct BucketOptions {
    /// `s3://bucket` or `s3://bucket/prefix` (setting `media.store`).
    pub address: Url,
    /// The service; `None`: that of AWS for the region.
    pub endpoint: Option<Url>,
    /// The region, which is part of every signature.
    pub region: String,
    /// Whether the bucket's name goes into the host, as Alibaba Cloud OSS wants it, instead of the path.
    pub bucket_in_host: bool,
    /// The key's public half.
    pub access_key_id: SecretString,
    /// The key.
    pub secret_access_key: SecretString,
}

/// An open bucket. Cheap to clone.
#[derive(Clone)]
pub struct Bucket {
    objects: Arc<dyn ObjectStore>,
    prefix: Key,
}

/// The client beneath would show its key.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl Bucket {
    /// Opens a bucket; asks nobody yet. [`MediaError::Bucket`] when an address cannot be right.
    pub fn open(options: &BucketOptions) -> Result<Self, MediaError> {
        let bucket = options.address.host_str().unwrap_or_default();
        if options.address.scheme() != "s3" || bucket.is_empty() {
            return Err(MediaError::Bucket(
                "the address must be s3://bucket or s3://bucket/prefix".to_owned(),
            ));
        }
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(&options.region)
            .with_access_key_id(options.access_key_id.expose_secret())
            .with_secret_access_key(options.secret_access_key.expose_secret())
            .with_virtual_hosted_style_request(options.bucket_in_host)
            .with_client_options(client())
            .with_retry(retries());
        if let Some(endpoint) = &options.endpoint {
            let address = addressed(endpoint, bucket, options.bucket_in_host)?;
            builder = builder
                .with_allow_http(endpoint.scheme() == "http")
                .with_endpoint(address);
        }
        Ok(Self {
            objects: Arc::new(builder.build().map_err(|e| failed(&e))?),
            prefix: Key::parse(options.address.path().trim_matches('/')).map_err(|e| failed(&e.into()))?,
        })
    }

    /// Writes, reads and removes one small object: whether the key may do all that is needed. [`MediaError::Bucket`] says what it may not.
    pub async fn trial(&self) -> Result<(), MediaError> {
        let key = self.prefix.clone().join(format!(".doctor-{}", std::process::id()));
        let trial = async {
            self.objects.put(&key, "x".into()).await?;
            self.objects.get(&key).await?.bytes().await?;
            self.objects.list(Some(&self.prefix)).try_next().await?;
            self.objects.delete(&key).await
        };
        trial.await.map_err(|e: Error| failed(&e))
    }

    /// Sends a file, in parts where it is large.
    pub(crate) async fn put(&self, sha256: &str, file: &Path) -> Result<(), MediaError> {
        let mut file = File::open(file).await?;
        let mut object = BufWriter::with_capacity(Arc::clone(&self.objects), self.key(sha256), PART)
            .with_max_concurrency(PARTS_AT_ONCE);
        if let Err(error) = tokio::io::copy(&mut file, &mut object).await {
            // Parts that stay behind would cost until somebody removes them.
            drop(object.abort().await);
            return Err(refused(error));
        }
        object.shutdown().await.map_err(refused)
    }

    /// Fetches a file into `dir`; `None` when it is not in the bucket.
    pub(crate) async fn get(&self, sha256: &str, dir: &Path, limit: u64) -> Result<Option<Received>, MediaError> {
        let object = match self.objects.get(&self.key(sha256)).await {
            Err(Error::NotFound { .. }) => return Ok(None),
            other => other.map_err(|e| failed(&e))?,
        };
        let mut incoming = Incoming::in_folder(dir, limit)?;
        let mut bytes = object.into_stream();
        while let Some(chunk) = bytes.try_next().await.map_err(|e| failed(&e))? {
            incoming.write(&chunk).await?;
        }
        let received = incoming.end().await?;
        if received.sha256 != sha256 {
            return Err(MediaError::Bucket(
                "an object does not hold what its name says".to_owned(),
            ));
        }
        Ok(Some(received))
    }

    pub(crate) async fn has(&self, sha256: &str) -> Result<bool, MediaError> {
        Ok(self.facts(sha256).await?.is_some())
    }

    /// The hashes of what was last written before `before`. What is not named by a hash is not ours.
    pub(crate) async fn older_than(&self, before: SystemTime) -> Result<Vec<String>, MediaError> {
        let old = self
            .objects
            .list(Some(&self.prefix))
            .try_filter_map(|object| async move {
                let name = object.location.filename().filter(|name| is_hash(name));
                Ok(name.map(str::to_owned).filter(|_| written(&object) < before))
            });
        old.try_collect().await.map_err(|e| failed(&e))
    }

    /// Removes an object, unless it was written again since `before`.
    pub(crate) async fn remove(&self, sha256: &str, before: SystemTime) -> Result<(), MediaError> {
        match self.facts(sha256).await? {
            Some(object) if written(&object) < before => match self.objects.delete(&object.location).await {
                Err(Error::NotFound { .. }) => Ok(()),
                other => other.map_err(|e| failed(&e)),
            },
            _ => Ok(()),
        }
    }

    async fn facts(&self, sha256: &str) -> Result<Option<ObjectMeta>, MediaError> {
        match self.objects.head(&self.key(sha256)).await {
            Err(Error::NotFound { .. }) => Ok(None),
            other => other.map(Some).map_err(|e| failed(&e)),
        }
    }

    fn key(&self, sha256: &str) -> Key {
        let shelf = sha256.get(..2).unwrap_or_default();
        self.prefix.clone().join(shelf).join(sha256)
    }
}

fn is_hash(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn written(object: &ObjectMeta) -> SystemTime {
    object.last_modified.into()
}

fn client() -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(CONNECT_WITHIN)
        .with_timeout(REQUEST_WITHIN)
}

fn retries() -> RetryConfig {
    RetryConfig {
        max_retries: TRIES,
        retry_timeout: TRY_FOR,
        backoff: BackoffConfig::default(),
    }
}

/// The service's address for this bucket.
fn addressed(endpoint: &Url, bucket: &str, bucket_in_host: bool) -> Result<String, MediaError> {
    let wrong = || MediaError::Bucket("the endpoint must be an http or https address with a host".to_owned());
    let host = endpoint
        .host_str()
        .filter(|_| matches!(endpoint.scheme(), "http" | "https"))
        .ok_or_else(wrong)?;
    let mut address = endpoint.clone();
    if bucket_in_host {
        address
            .set_host(Some(&format!("{bucket}.{host}")))
            .map_err(|_| wrong())?;
    }
    Ok(address.as_str().trim_end_matches('/').to_owned())
}

/// What an administrator can act on. A refusal's own text repeats what was signed, so it is left out.
fn failed(error: &Error) -> MediaError {
    MediaError::Bucket(match error {
        Error::PermissionDenied { .. } => "the key may not do this in the bucket (403)".to_owned(),
        Error::Unauthenticated { .. } => "the key is not known (401)".to_owned(),
        Error::NotFound { .. } => "there is no such bucket (404)".to_owned(),
        other => other.to_string(),
    })
}

/// The same for what came through a writer; also a file of ours that cannot be read.
fn refused(error: std::io::Error) -> MediaError {
    match error.downcast::<Error>() {
        Ok(error) => failed(&error),
        Err(error) => error.into(),
    }
}
