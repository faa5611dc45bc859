//! Every route that wants a token refuses whoever has no good one: the list is the OpenAPI document itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::world::{NOW, OWNER, STRANGER, World, request, token, token_until};
use crate::PERMISSIONS;

struct Guarded {
    method: String,
    path: String,
    permission: String,
}

/// The routes of the document that name a permission.
fn guarded() -> Vec<Guarded> {
    let document: Value = serde_json::from_str(&crate::openapi_json()).expect("JSON");
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let Some(permission) = operation["security"][0]["bearer"][0].as_str() else {
                assert!(path.ends_with('z'), "{path} is open to everyone");
                continue;
            };
            let path = with_parameters(path);
            routes.push(Guarded {
                method: method.to_uppercase(),
                path,
                permission: permission.to_owned(),
            });
        }
    }
    routes
}

/// The path with 1 for every parameter.
fn with_parameters(path: &str) -> String {
    let segment = |segment| if str::starts_with(segment, '{') { "1" } else { segment };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

async fn answer(world: &World, route: &Guarded, token: Option<&str>) -> super::world::Answer {
    let body = ["POST", "PUT", "PATCH"]
        .contains(&route.method.as_str())
        .then(|| "{}".to_owned());
    world.send(request(&route.method, &route.path, token, body)).await
}

fn signed(algorithm: Algorithm, secret: &str) -> String {
    let claims = json!({ "sub": 1, "permissions": PERMISSIONS, "exp": NOW.as_secs() + 60 });
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(algorithm), &claims, &key).expect("a token")
}

fn unsigned() -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "sub": 1, "permissions": PERMISSIONS, "exp": NOW.as_secs() + 60 });
    format!("{}.{}.", part(json!({ "alg": "none", "typ": "JWT" })), part(claims))
}

#[tokio::test]
async fn no_route_opens_without_a_good_token() {
    let world = World::new().await;
    let expired = token_until(OWNER, PERMISSIONS, NOW - std::time::Duration::from_secs(31));
    let bad = [
        ("TOKEN_INVALID", "no.such.token".to_owned()),
        ("TOKEN_INVALID", signed(Algorithm::HS256, "another secret")),
        (
            "TOKEN_INVALID",
            signed(Algorithm::HS512, "a secret of the tests, 32 bytes and more"),
        ),
        ("TOKEN_INVALID", unsigned()),
        ("TOKEN_EXPIRED", expired),
    ];
    let routes = guarded();
    assert_eq!(routes.len(), 42, "every route of the API is in the document");
    for route in &routes {
        assert_eq!(
            answer(&world, route, None).await.error(401),
            "TOKEN_MISSING",
            "{}",
            route.path
        );
        for (code, token) in &bad {
            let answer = answer(&world, route, Some(token)).await;
            assert_eq!(answer.error(401), *code, "{} {token}", route.path);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
}

#[tokio::test]
async fn no_route_opens_without_its_own_permission() {
    let world = World::new().await;
    for route in guarded() {
        let others: Vec<_> = PERMISSIONS
            .iter()
            .copied()
            .filter(|other| *other != route.permission)
            .collect();
        assert_eq!(others.len(), PERMISSIONS.len() - 1, "{} is known", route.permission);
        let data = answer(&world, &route, Some(&token(OWNER, &others))).await.expect(403);
        assert_eq!(
            data,
            json!({ "error": "PERMISSION_MISSING", "permission": route.permission })
        );
        let with_it = answer(&world, &route, Some(&token(OWNER, &[&route.permission]))).await;
        assert!(![401, 403, 405].contains(&with_it.status), "{} {with_it:?}", route.path);
    }
}

#[tokio::test]
async fn a_strangers_things_are_not_there() {
    let world = World::bound().await;
    let task = world
        .post("/sync", json!({ "text": "早安", "accountIds": ["ww1:zhangsan"] }))
        .await
        .expect(202);
    let channel = world.get("/channels").await.expect(200)[0]["id"].clone();
    let list = json!({ "name": "我的", "kind": "WORDS", "scope": "MINE", "content": "微信" });
    let list = world.post("/compliance/lists", list).await.expect(201)["id"].clone();
    for (method, path) in [
        ("GET", format!("/compliance/lists/{list}")),
        ("DELETE", format!("/compliance/lists/{list}")),
        ("GET", format!("/tasks/{}", task["syncTaskId"])),
        ("POST", format!("/tasks/{}/cancel", task["syncTaskId"])),
        ("POST", format!("/channels/{channel}/refresh")),
        ("DELETE", format!("/channels/{channel}")),
    ] {
        let path = format!("{}{path}", super::world::BASE);
        let send = |user| world.send(request(method, &path, Some(&token(user, PERMISSIONS)), None));
        assert_eq!(send(STRANGER).await.error(404), "NOT_FOUND", "{path}");
        send(OWNER).await.expect(200);
    }
}
