//! Against a real server of the S3 protocol, over a folder.

use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;

use super::*;
use crate::fetch::tests::serve;
use crate::fetch::{FetchPolicy, Fetcher};
use crate::keep::MediaStore;
use crate::limits::MediaLimits;
use crate::samples::{jpeg, quarters};

const BUCKET: &str = "media";

/// A service with one bucket, which can be told to fail.
struct Service {
    url: Url,
    broken: Arc<Mutex<Option<StatusCode>>>,
    _objects: TempDir,
}

type Gate = (S3Service, Arc<Mutex<Option<StatusCode>>>);

async fn service() -> Service {
    let objects = tempfile::tempdir().unwrap();
    std::fs::create_dir(objects.path().join(BUCKET)).unwrap();
    let mut builder = S3ServiceBuilder::new(FileSystem::new(objects.path()).unwrap());
    builder.set_auth(SimpleAuth::from_single("the-id", "the-key"));
    let broken = Arc::new(Mutex::new(None));
    let gate: Gate = (builder.build(), Arc::clone(&broken));
    let url = serve(Router::new().fallback(pass).with_state(gate)).await;
    Service {
        url: url.parse().unwrap(),
        broken,
        _objects: objects,
    }
}

async fn pass(State((service, broken)): State<Gate>, request: Request) -> Response {
    let status = *broken.lock().unwrap();
    if let Some(status) = status {
        return status.into_response();
    }
    let request = request.map(s3s::Body::http_body_unsync);
    let answer = service.call(request).await.unwrap();
    answer.map(Body::new)
}

impl Service {
    fn bucket(&self, key: &str) -> Bucket {
        Bucket::open(&BucketOptions {
            address: format!("s3://{BUCKET}/moments/media").parse().unwrap(),
            endpoint: Some(self.url.clone()),
            region: "us-east-1".to_owned(),
            bucket_in_host: false,
            access_key_id: "the-id".into(),
            secret_access_key: key.into(),
        })
        .unwrap()
    }

    /// A process on a machine of its own.
    fn machine(&self) -> (MediaStore, TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let policy = FetchPolicy {
            allow_private_addresses: true,
            ..FetchPolicy::default()
        };
        let store = MediaStore::open(dir.path(), Fetcher::new(policy).unwrap(), 2).unwrap();
        (store.shared_through(self.bucket("the-key")), dir)
    }

    fn fails_with(&self, status: Option<StatusCode>) {
        *self.broken.lock().unwrap() = status;
    }
}

async fn sent(store: &MediaStore, bytes: &[u8]) -> Result<crate::KeptMedia, MediaError> {
    let mut incoming = store.receive()?;
    incoming.write(bytes).await?;
    store.adopt(incoming).await
}

#[tokio::test]
async fn what_one_machine_keeps_or_converts_is_at_hand_on_another() {
    let service = service().await;
    let ((here, _a), (there, _b)) = (service.machine(), service.machine());
    let original = jpeg(&quarters(1920, 1440));
    let kept = sent(&here, &original).await.unwrap();
    let fitted = here.fitted(&kept, &MediaLimits::WECOM, false).await.unwrap();
    assert_ne!(fitted.sha256, kept.sha256);
    for (sha256, path) in [
        (&kept.sha256, here.path_of(&kept.sha256).unwrap()),
        (&fitted.sha256, fitted.path),
    ] {
        assert_eq!(there.path_of(sha256), None);
        let found = there.at_hand(sha256).await.unwrap();
        assert_eq!(std::fs::read(found).unwrap(), std::fs::read(path).unwrap());
    }
    for text in ["../../etc/passwd", &"0".repeat(64), ""] {
        assert!(matches!(there.at_hand(text).await, Err(MediaError::NotKept)), "{text}");
    }
}

#[tokio::test]
async fn another_machine_fits_what_it_never_fetched() {
    let service = service().await;
    let ((here, _a), (there, _b)) = (service.machine(), service.machine());
    let kept = sent(&here, &jpeg(&quarters(1920, 1440))).await.unwrap();
    let fitted = there.fitted(&kept, &MediaLimits::WECOM, false).await.unwrap();
    assert_eq!((fitted.width, fitted.height), (1440, 1080));
    here.at_hand(&fitted.sha256).await.unwrap();
}

#[tokio::test]
async fn large_files_go_up_in_parts_and_come_back_whole() {
    let service = service().await;
    let (bucket, dir) = (service.bucket("the-key"), tempfile::tempdir().unwrap());
    let bytes: Vec<u8> = (0..2 * PART + 12_345).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let mut incoming = Incoming::in_folder(dir.path(), 1 << 30).unwrap();
    incoming.write(&bytes).await.unwrap();
    let received = incoming.end().await.unwrap();
    bucket.put(&received.sha256, &received.path).await.unwrap();
    let back = bucket
        .get(&received.sha256, dir.path(), 1 << 30)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(std::fs::read(&back.path).unwrap(), bytes);
    let too_large = bucket.get(&received.sha256, dir.path(), 1 << 20).await;
    assert!(matches!(too_large, Err(MediaError::TooLarge { .. })));
}

#[tokio::test]
async fn what_is_old_goes_everywhere_and_what_is_not_ours_stays() {
    let service = service().await;
    let ((here, _a), (there, _b)) = (service.machine(), service.machine());
    let kept = sent(&here, &jpeg(&quarters(64, 48))).await.unwrap();
    let bucket = service.bucket("the-key");
    let foreign = bucket.prefix.clone().join("notes.txt");
    bucket.objects.put(&foreign, "not ours".into()).await.unwrap();
    let came = written(&bucket.facts(&kept.sha256).await.unwrap().unwrap());
    let (past, future) = (SystemTime::UNIX_EPOCH, came + Duration::from_mins(1));
    assert!(there.older_than(past).await.unwrap().is_empty());
    assert_eq!(
        there.older_than(future).await.unwrap(),
        std::slice::from_ref(&kept.sha256),
        "seen from anywhere"
    );
    there.give_up(&kept.sha256, past).await.unwrap();
    assert!(bucket.has(&kept.sha256).await.unwrap(), "it came in again since");
    for store in [&there, &here, &there] {
        store.give_up(&kept.sha256, future).await.unwrap();
    }
    assert!(matches!(here.at_hand(&kept.sha256).await, Err(MediaError::NotKept)));
    bucket.objects.head(&foreign).await.unwrap();
}

#[tokio::test]
async fn a_bucket_that_fails_is_told_may_pass_and_costs_nothing_that_is_here() {
    let service = service().await;
    let ((here, _a), (there, _b)) = (service.machine(), service.machine());
    let kept = sent(&here, &jpeg(&quarters(64, 48))).await.unwrap();
    let another = jpeg(&quarters(48, 64));
    for (status, told) in [(StatusCode::FORBIDDEN, "403"), (StatusCode::NOT_IMPLEMENTED, "501")] {
        service.fails_with(Some(status));
        let error = there.at_hand(&kept.sha256).await.unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
        assert_eq!((error.reason_code(), error.retryable()), ("MEDIA_BUCKET", true));
        here.at_hand(&kept.sha256).await.unwrap();
        assert!(
            sent(&there, &another).await.is_err(),
            "nothing is promised that others cannot have"
        );
    }
    service.fails_with(None);
    there.at_hand(&kept.sha256).await.unwrap();
}

#[tokio::test]
async fn a_trial_tells_a_good_key_from_a_bad_one_and_shows_neither() {
    let service = service().await;
    let bucket = service.bucket("the-key");
    bucket.trial().await.unwrap();
    assert!(!format!("{bucket:?}").contains("the-key"));
    let refused = service.bucket("another-key").trial().await.unwrap_err().to_string();
    assert!(refused.contains("403") && !refused.contains("key\""), "{refused}");
}

#[test]
fn addresses_name_the_bucket_where_the_service_wants_it() {
    for (endpoint, in_host, address) in [
        (
            "https://oss-cn-hangzhou.aliyuncs.com",
            true,
            "https://media.oss-cn-hangzhou.aliyuncs.com",
        ),
        ("http://minio:9000/", false, "http://minio:9000"),
    ] {
        let found = addressed(&endpoint.parse().unwrap(), BUCKET, in_host).unwrap();
        assert_eq!(found, address);
    }
    assert!(addressed(&"ftp://minio".parse().unwrap(), BUCKET, false).is_err());
}
