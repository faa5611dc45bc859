//! Key sets, against a login service that counts how often it is asked.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use jsonwebtoken::jwk::Jwk;

use super::keys::{KeyPair, ec, ed25519};
use super::*;

#[derive(Default)]
struct Login {
    keys: Mutex<Option<Vec<Value>>>,
    asked: AtomicUsize,
}

impl Login {
    fn publish(&self, keys: &[(&str, &KeyPair, Algorithm)]) {
        let jwk = |(kid, pair, algorithm): &(&str, &KeyPair, Algorithm)| {
            let mut jwk = Jwk::from_encoding_key(&pair.signing, *algorithm).expect("a JWK");
            jwk.common.key_id = Some((*kid).to_owned());
            json!(jwk)
        };
        *self.keys.lock().expect("a lock") = Some(keys.iter().map(jwk).collect());
    }
}

async fn serve(State(login): State<Arc<Login>>) -> Result<Json<Value>, StatusCode> {
    login.asked.fetch_add(1, Ordering::SeqCst);
    let keys = login.keys.lock().expect("a lock").clone();
    keys.map(|keys| Json(json!({ "keys": keys })))
        .ok_or(StatusCode::SERVICE_UNAVAILABLE)
}

async fn login() -> (Arc<Login>, Verifier) {
    let login = Arc::new(Login::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/jwks", listener.local_addr().expect("an address"));
    let router = Router::new().route("/jwks", get(serve)).with_state(login.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let verifier = Verifier::jwks(url.parse().expect("a URL"), ClaimNames::default()).expect("a verifier");
    (login, verifier)
}

fn signed(kid: &str, algorithm: Algorithm, pair: &KeyPair, jti: u32) -> String {
    let mut header = Header::new(algorithm);
    header.kid = Some(kid.to_owned());
    let mut claims = claims();
    claims["exp"] = json!(NOW.as_secs() + 7200);
    claims["jti"] = json!(jti);
    jsonwebtoken::encode(&header, &claims, &pair.signing).expect("a token")
}

async fn user_after(verifier: &Verifier, secs: u64, token: &str) -> Result<i64, TokenProblem> {
    verifier
        .verify(token, NOW + Duration::from_secs(secs))
        .await
        .map(|identity| identity.user.0)
}

#[tokio::test]
async fn a_new_key_is_fetched_but_not_more_than_once_a_minute() {
    let (login, verifier) = login().await;
    let (first, second) = (ec(), ed25519());
    login.publish(&[("one", &first, Algorithm::ES256)]);
    assert_eq!(
        user_after(&verifier, 0, &signed("one", Algorithm::ES256, &first, 1)).await,
        Ok(7)
    );

    login.publish(&[("one", &first, Algorithm::ES256), ("two", &second, Algorithm::EdDSA)]);
    let token = signed("two", Algorithm::EdDSA, &second, 2);
    assert_eq!(user_after(&verifier, 59, &token).await, Err(TokenProblem::Invalid));
    assert_eq!(
        login.asked.load(Ordering::SeqCst),
        1,
        "the set was fetched a moment ago"
    );
    assert_eq!(user_after(&verifier, 60, &token).await, Ok(7));
    for jti in 3..10 {
        assert_eq!(
            user_after(&verifier, 61, &signed("made up", Algorithm::ES256, &first, jti)).await,
            Err(TokenProblem::Invalid)
        );
    }
    assert_eq!(
        login.asked.load(Ordering::SeqCst),
        2,
        "invented names do not reach the login service"
    );
}

#[tokio::test]
async fn a_key_that_was_taken_back_stops_working() {
    let (login, verifier) = login().await;
    let (first, second) = (ec(), ec());
    login.publish(&[("one", &first, Algorithm::ES256)]);
    let token = signed("one", Algorithm::ES256, &first, 1);
    assert_eq!(user_after(&verifier, 0, &token).await, Ok(7));
    login.publish(&[("two", &second, Algorithm::ES256)]);
    assert_eq!(user_after(&verifier, 599, &token).await, Ok(7));
    assert_eq!(user_after(&verifier, 700, &token).await, Err(TokenProblem::Invalid));
}

#[tokio::test]
async fn without_keys_nobody_can_tell_and_with_old_ones_work_goes_on() {
    let (login, verifier) = login().await;
    let pair = ec();
    let token = |jti| signed("one", Algorithm::ES256, &pair, jti);
    assert_eq!(user_after(&verifier, 0, &token(1)).await, Err(TokenProblem::NoKeys));
    login.publish(&[("one", &pair, Algorithm::ES256)]);
    assert_eq!(user_after(&verifier, 5, &token(1)).await, Ok(7));
    *login.keys.lock().expect("a lock") = None;
    assert_eq!(
        user_after(&verifier, 3600, &token(2)).await,
        Ok(7),
        "the login service is down, its keys are known"
    );
}

#[tokio::test]
async fn a_secret_in_a_key_set_is_never_trusted() {
    let (login, verifier) = login().await;
    let secret = json!({ "kty": "oct", "kid": "one", "alg": "HS256", "k": "c2VjcmV0" });
    *login.keys.lock().expect("a lock") = Some(vec![secret]);
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("one".to_owned());
    let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(b"secret")).expect("a token");
    assert_eq!(user_after(&verifier, 0, &token).await, Err(TokenProblem::Invalid));
}
