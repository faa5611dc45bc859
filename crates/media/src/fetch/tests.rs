use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::StatusCode as Status;
use axum::response::Redirect;
use axum::routing::get;
use futures::{StreamExt, stream};
use reqwest::dns::{Addrs, Name, Resolving};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use super::*;

/// Serves `routes` on a free port of 127.0.0.1 as long as the test's runtime lives.
pub(crate) async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

/// Every name leads to these addresses.
struct Table(Vec<IpAddr>);

impl Resolve for Table {
    fn resolve(&self, _: Name) -> Resolving {
        let found: Vec<_> = self.0.iter().map(|&address| SocketAddr::new(address, 0)).collect();
        Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
    }
}

/// Small files, a name table, and besides the public internet the test's own server.
fn guarded(names_lead_to: &[&str]) -> Fetcher {
    with_policy(
        names_lead_to,
        FetchPolicy {
            max_bytes: 5000,
            ..FetchPolicy::default()
        },
    )
}

fn with_policy(names_lead_to: &[&str], policy: FetchPolicy) -> Fetcher {
    let table = Table(names_lead_to.iter().map(|address| address.parse().unwrap()).collect());
    Fetcher::with(policy, AddressRule::public_and_test_server(), Arc::new(table)).unwrap()
}

async fn code_of(fetcher: &Fetcher, url: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let outcome = fetcher.fetch(url, dir.path()).await;
    if outcome.is_err() {
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            0,
            "a temporary file stayed"
        );
    }
    match outcome {
        Ok(fetched) => format!("{} bytes", fetched.bytes),
        Err(error) => error.reason_code().to_owned(),
    }
}

#[tokio::test]
async fn a_file_is_streamed_and_hashed() {
    let server = serve(Router::new().route("/a", get(|| async { "moments" }))).await;
    let dir = tempfile::tempdir().unwrap();
    let fetched = guarded(&[]).fetch(&format!("{server}/a"), dir.path()).await.unwrap();
    assert_eq!(std::fs::read(&fetched.path).unwrap(), b"moments");
    assert_eq!(fetched.sha256, hex::encode(Sha256::digest(b"moments")));
}

#[tokio::test]
async fn redirects_are_followed_and_each_hop_is_checked() {
    let to = |target: &'static str| get(move || async move { Redirect::temporary(target) });
    let routes = Router::new()
        .route("/file", get(|| async { "x" }))
        .route("/once", to("/file"))
        .route("/loop", to("/loop"))
        .route("/metadata", to("http://169.254.169.254/latest/meta-data"))
        .route("/lan", to("http://10.0.0.5/a.jpg"))
        .route("/decimal", to("http://2130706434/"))
        .route("/mapped", to("http://[::ffff:10.0.0.1]/"))
        .route("/localhost", to("http://intranet.example/"))
        .route("/file-scheme", to("file:///etc/passwd"))
        .route("/nowhere", get(|| async { Status::FOUND }));
    let server = serve(routes).await;
    let fetcher = guarded(&["10.1.2.3"]);
    for (path, outcome) in [
        ("/once", "1 bytes"),
        ("/loop", "MEDIA_REDIRECTS"),
        ("/nowhere", "MEDIA_REDIRECTS"),
        ("/metadata", "MEDIA_ADDRESS_FORBIDDEN"),
        ("/lan", "MEDIA_ADDRESS_FORBIDDEN"),
        ("/decimal", "MEDIA_ADDRESS_FORBIDDEN"),
        ("/mapped", "MEDIA_ADDRESS_FORBIDDEN"),
        ("/localhost", "MEDIA_ADDRESS_FORBIDDEN"),
        ("/file-scheme", "MEDIA_URL_INVALID"),
    ] {
        assert_eq!(code_of(&fetcher, &format!("{server}{path}")).await, outcome, "{path}");
    }
}

#[tokio::test]
async fn a_name_is_connected_to_only_at_its_allowed_addresses() {
    let server = serve(Router::new().route("/a", get(|| async { "x" }))).await;
    let url = server.replace("127.0.0.1", "media.example.com") + "/a";
    for (addresses, outcome) in [
        (&["10.0.0.1", "127.0.0.1", "fd00::1"][..], "1 bytes"),
        (&["127.0.0.2"][..], "MEDIA_ADDRESS_FORBIDDEN"),
        (&["169.254.169.254", "::1"][..], "MEDIA_ADDRESS_FORBIDDEN"),
    ] {
        assert_eq!(code_of(&guarded(addresses), &url).await, outcome, "{addresses:?}");
    }
}

#[tokio::test]
async fn the_setting_opens_the_private_network() {
    let server = serve(Router::new().route("/a", get(|| async { "x" }))).await;
    let closed = FetchPolicy::default();
    let open = FetchPolicy {
        allow_private_addresses: true,
        ..closed
    };
    for host in ["127.0.0.1", "localhost"] {
        let url = server.replace("127.0.0.1", host) + "/a";
        let outcome = code_of(&Fetcher::new(closed).unwrap(), &url).await;
        assert_eq!(outcome, "MEDIA_ADDRESS_FORBIDDEN", "{host}");
        assert_eq!(code_of(&Fetcher::new(open).unwrap(), &url).await, "1 bytes", "{host}");
    }
}

#[tokio::test]
async fn statuses_other_than_200_are_errors() {
    let fixed = |status: u16| get(move || async move { Status::from_u16(status).unwrap() });
    let routes = Router::new()
        .route("/404", fixed(404))
        .route("/500", fixed(500))
        .route("/204", fixed(204));
    let server = serve(routes).await;
    for (status, retryable) in [(404, false), (500, true), (204, false)] {
        let dir = tempfile::tempdir().unwrap();
        let error = guarded(&[])
            .fetch(&format!("{server}/{status}"), dir.path())
            .await
            .unwrap_err();
        assert!(
            matches!(error, MediaError::HttpStatus(found) if found == status),
            "{error}"
        );
        assert_eq!(error.retryable(), retryable, "{status}");
    }
}

#[tokio::test]
async fn size_is_limited_whether_announced_or_not() {
    let endless = || stream::repeat(Ok::<_, Infallible>(Bytes::from_static(&[0; 1000])));
    let routes = Router::new()
        .route("/announced", get(|| async { vec![0; 5001] }))
        .route("/fits", get(|| async { vec![0; 5000] }))
        .route("/endless", get(move || async move { Body::from_stream(endless()) }));
    let server = serve(routes).await;
    for (path, outcome) in [
        ("/announced", "MEDIA_TOO_LARGE"),
        ("/endless", "MEDIA_TOO_LARGE"),
        ("/fits", "5000 bytes"),
    ] {
        assert_eq!(
            code_of(&guarded(&[]), &format!("{server}{path}")).await,
            outcome,
            "{path}"
        );
    }
}

#[tokio::test]
async fn silence_and_trickling_end_in_a_time_out() {
    let first = || stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"x")) });
    let silent = move || async move { Body::from_stream(first().chain(stream::pending())) };
    let trickle = move || async move {
        let tick = tokio::time::interval(Duration::from_millis(50));
        Body::from_stream(stream::unfold(tick, |mut tick| async move {
            tick.tick().await;
            Some((Ok::<_, Infallible>(Bytes::from_static(b"x")), tick))
        }))
    };
    let server = serve(
        Router::new()
            .route("/silent", get(silent))
            .route("/trickle", get(trickle)),
    )
    .await;
    let (short, long) = (Duration::from_millis(300), Duration::from_hours(1));
    for (path, read_timeout, total_timeout) in [("/silent", short, long), ("/trickle", long, short)] {
        let policy = FetchPolicy {
            read_timeout,
            total_timeout,
            ..FetchPolicy::default()
        };
        let (fetcher, url) = (with_policy(&[], policy), format!("{server}{path}"));
        let code = tokio::time::timeout(Duration::from_secs(20), code_of(&fetcher, &url)).await;
        assert_eq!(code.as_deref(), Ok("MEDIA_TIMED_OUT"), "{path}");
    }
}

#[tokio::test]
async fn a_transfer_that_breaks_off_is_not_taken_for_a_file() {
    let start = || stream::iter([Ok(Bytes::from_static(b"x")), Err(std::io::Error::other("gone"))]);
    let broken = get(move || async move { Body::from_stream(start()) });
    let server = serve(Router::new().route("/a", broken)).await;
    let outcome = code_of(&guarded(&[]), &format!("{server}/a")).await;
    assert_eq!(outcome, "MEDIA_UNREACHABLE");
}

#[tokio::test]
async fn an_unreachable_host_is_retried_and_its_url_is_not_told() {
    let dir = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{free}/a.jpg?signature=secret");
    let error = guarded(&[]).fetch(&url, dir.path()).await.unwrap_err();
    assert!(matches!(error, MediaError::Unreachable(_)) && error.retryable());
    let told = format!("{error} {error:?} {}", error.operator_message());
    assert!(!told.contains("secret") && !told.contains("a.jpg"), "{told}");
}
