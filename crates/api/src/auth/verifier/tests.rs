mod keys;
mod set;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use moments_domain::UserId;
use serde_json::{Value, json};

use self::keys::{KeyPair, ec, ed25519, rsa};
use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_760_000_000);
const SECRET: &str = "a secret of the tests, 32 bytes and more";

fn hs256() -> Verifier {
    Verifier::hs256(&SECRET.into(), ClaimNames::default()).expect("a verifier")
}

fn claims() -> Value {
    json!({ "sub": 7, "permissions": ["workbench:wechat:moments:task:view"], "exp": NOW.as_secs() + 60, "aud": "workbench" })
}

fn token(algorithm: Algorithm, key: &EncodingKey, claims: &Value) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, key).expect("a token")
}

fn with(name: &str, value: Value) -> String {
    let mut claims = claims();
    claims[name] = value;
    token(Algorithm::HS256, &EncodingKey::from_secret(SECRET.as_bytes()), &claims)
}

async fn check(verifier: &Verifier, token: &str, expected: Result<i64, TokenProblem>) {
    let found = verifier.verify(token, NOW).await.map(|identity| identity.user.0);
    assert_eq!(found, expected, "{token}");
}

#[tokio::test]
async fn a_token_has_an_end_and_clocks_may_differ_by_half_a_minute() {
    let verifier = hs256();
    let now = NOW.as_secs();
    check(&verifier, &with("exp", json!(now + 1)), Ok(7)).await;
    check(&verifier, &with("exp", json!(now - 29)), Ok(7)).await;
    check(&verifier, &with("exp", json!(now - 30)), Err(TokenProblem::Expired)).await;
    check(&verifier, &with("exp", json!(null)), Err(TokenProblem::Invalid)).await;
    check(&verifier, &with("exp", json!("tomorrow")), Err(TokenProblem::Invalid)).await;
    check(&verifier, &with("nbf", json!(now + 30)), Ok(7)).await;
    check(&verifier, &with("nbf", json!(now + 31)), Err(TokenProblem::Invalid)).await;
    check(&verifier, &with("sub", json!("alice")), Err(TokenProblem::Invalid)).await;
}

#[tokio::test]
async fn a_token_that_was_good_ends_all_the_same() {
    let verifier = hs256();
    let token = with("exp", json!(NOW.as_secs() + 5));
    for (secs, expected) in [
        (0, Ok(UserId(7))),
        (34, Ok(UserId(7))),
        (35, Err(TokenProblem::Expired)),
    ] {
        let found = verifier.verify(&token, NOW + Duration::from_secs(secs)).await;
        assert_eq!(found.map(|identity| identity.user), expected, "after {secs} s");
    }
}

#[tokio::test]
async fn the_key_decides_the_algorithm() {
    for (pair, algorithm) in [
        (rsa(), Algorithm::RS256),
        (ec(), Algorithm::ES256),
        (ed25519(), Algorithm::EdDSA),
    ] {
        let verifier = Verifier::public_key(pair.public_pem.as_bytes(), ClaimNames::default()).expect("a verifier");
        check(&verifier, &token(algorithm, &pair.signing, &claims()), Ok(7)).await;
        // The public key is no secret: whoever signs with it as one must not get in.
        let confused = EncodingKey::from_secret(pair.public_pem.as_bytes());
        check(
            &verifier,
            &token(Algorithm::HS256, &confused, &claims()),
            Err(TokenProblem::Invalid),
        )
        .await;
    }
}

#[tokio::test]
async fn a_strong_signature_with_another_algorithm_is_refused() {
    let KeyPair {
        signing, public_pem, ..
    } = rsa();
    let verifier = Verifier::public_key(public_pem.as_bytes(), ClaimNames::default()).expect("a verifier");
    for algorithm in [Algorithm::RS512, Algorithm::PS256] {
        check(
            &verifier,
            &token(algorithm, &signing, &claims()),
            Err(TokenProblem::Invalid),
        )
        .await;
    }
    let other = rsa();
    check(
        &verifier,
        &token(Algorithm::RS256, &other.signing, &claims()),
        Err(TokenProblem::Invalid),
    )
    .await;
}

#[test]
fn only_a_public_key_of_a_known_kind_is_taken() {
    let read = |pem: &str| Verifier::public_key(pem.as_bytes(), ClaimNames::default()).map(|_| ());
    assert!(matches!(read(&rsa().private_pem), Err(KeyError::NoPublicKey)));
    assert!(matches!(
        read("-----BEGIN CERTIFICATE-----"),
        Err(KeyError::NoPublicKey)
    ));
    assert!(matches!(
        read(&keys::ec_p384_public_pem()),
        Err(KeyError::UnsupportedKey)
    ));
    assert!(matches!(
        read("-----BEGIN PUBLIC KEY-----\noops"),
        Err(KeyError::UnsupportedKey)
    ));
    assert!(matches!(
        Verifier::hs256(&"".into(), ClaimNames::default()),
        Err(KeyError::EmptySecret)
    ));
}

#[tokio::test]
async fn a_development_token_fits_the_installation_that_made_it() {
    let names = ClaimNames {
        user: "user.id".to_owned(),
        permissions: "scope".to_owned(),
    };
    let view = "workbench:wechat:moments:task:view";
    let token = crate::development_token(&SECRET.into(), &names, UserId(9), &[view], NOW + Duration::from_mins(1));
    let verifier = Verifier::hs256(&SECRET.into(), names).expect("a verifier");
    let identity = verifier
        .verify(&token.expect("a token"), NOW)
        .await
        .expect("a good token");
    assert_eq!(
        (identity.user, identity.permissions.as_slice()),
        (UserId(9), &[view][..])
    );
}

#[test]
fn no_debug_output_shows_a_key() {
    assert!(!format!("{:?}", hs256()).contains("secret of the tests"));
    let bytes = format!("{:?}", SECRET.as_bytes());
    assert!(!format!("{:?}", hs256()).contains(bytes.trim_matches(['[', ']'])));
}
