//! Who may do what, and what every answer carries.

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Answer, BASE, OWNER, PERMISSIONS, STRANGER, token};
use crate::world::World;

/// A route of the OpenAPI document that asks for a permission.
struct Route {
    method: Method,
    path: String,
    permission: String,
}

async fn routes(world: &World) -> Vec<Route> {
    let document = world
        .api
        .request(Method::GET, "/openapi.json".to_owned())
        .send()
        .await
        .json();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            if let Some(permission) = operation["security"][0]["bearer"][0].as_str() {
                routes.push(Route {
                    method: method.to_uppercase().parse().expect("a method"),
                    path: path.clone(),
                    permission: permission.to_owned(),
                });
            }
        }
    }
    assert!(routes.len() >= 8, "the document lists the API");
    routes
}

async fn call(world: &World, route: &Route, path: &str, token: Option<String>) -> Answer {
    let request = world.api.request(route.method.clone(), path.to_owned()).token(token);
    if [Method::POST, Method::PUT, Method::PATCH].contains(&route.method) {
        request.body(r#"{"remark":null}"#).send().await
    } else {
        request.send().await
    }
}

#[tokio::test]
async fn every_route_asks_for_a_token_and_its_own_permission() {
    let world = World::new().await;
    for route in routes(&world).await {
        let path = route.path.replace("{taskId}", "1").replace("{id}", "1");
        assert_eq!(
            call(&world, &route, &path, None).await.error(401),
            "TOKEN_MISSING",
            "{path}"
        );
        let forged = Some("a.b.c".to_owned());
        assert_eq!(
            call(&world, &route, &path, forged).await.error(401),
            "TOKEN_INVALID",
            "{path}"
        );
        let others: Vec<_> = PERMISSIONS
            .into_iter()
            .filter(|other| *other != route.permission)
            .collect();
        let answer = call(&world, &route, &path, Some(token(OWNER, &others))).await;
        let expected = json!({ "error": "PERMISSION_MISSING", "permission": route.permission });
        assert_eq!(answer.expect(403), expected, "{path}");
        let answer = call(&world, &route, &path, Some(token(OWNER, &[&route.permission]))).await;
        assert!(![401, 403].contains(&answer.status), "{path} {}", answer.text);
    }
}

/// Ids of things that this world has not: files, uploads, log-ins, installs and word lists have tests of their own.
const ELSEWHERE: [&str; 4] = ["/media/", "/logins/", "/installs/", "/compliance/"];

#[tokio::test]
async fn a_strangers_ids_are_not_there_on_any_route() {
    let world = World::new().await;
    let corp = world.corp("ww_mine").await;
    let task = world
        .sync("早安")
        .to(corp.accounts())
        .at(world.in_secs(3600))
        .accepted()
        .await;
    let mut with_id = routes(&world).await;
    with_id.retain(|route| route.path.contains('{') && !ELSEWHERE.iter().any(|part| route.path.contains(part)));
    // What deletes comes last.
    with_id.sort_by_key(|route| route.method == Method::DELETE);
    assert!(with_id.len() >= 3);
    for route in with_id {
        let filled = |task: i64, channel: i64, account: &str| {
            let path = route.path.replace("{taskId}", &task.to_string());
            let path = path.replace("{accountId}", account);
            path.replace("{id}", &channel.to_string())
        };
        let path = filled(task, corp.channel, &corp.account("li.na"));
        let nowhere = filled(999_999, 999_999, "nobody");
        assert!(!path.contains('{'), "an id that this test does not know: {path}");
        let stranger = Some(token(STRANGER, &PERMISSIONS));
        let theirs = call(&world, &route, &path, stranger.clone()).await;
        let missing = if path.contains("/accounts/") {
            "WechatAccountNotFoundException"
        } else {
            "NOT_FOUND"
        };
        assert_eq!(theirs.error(404), missing, "{path}");
        let nobodys = call(&world, &route, &nowhere, stranger).await;
        let told = |answer: &Answer, id: &str| answer.text.replace(id, "").split("timestamp").next().map(str::to_owned);
        assert_eq!(
            told(&nobodys, "nobody"),
            told(&theirs, &corp.account("li.na")),
            "it is not told which"
        );
        let owner = call(&world, &route, &path, Some(token(OWNER, &PERMISSIONS))).await;
        assert_ne!(owner.status, 404, "{path} {}", owner.text);
    }
}

#[tokio::test]
async fn a_stranger_sees_and_reaches_nothing_of_the_owners() {
    let world = World::new().await;
    let corp = world.corp("ww_mine").await;
    for list in ["/accounts", "/channels"] {
        assert_eq!(world.api.get(list).by(STRANGER).expect(200).await, json!([]), "{list}");
        assert_ne!(world.api.get(list).expect(200).await, json!([]), "{list}");
    }
    let answer = world.sync("早安").to(corp.accounts()).by(STRANGER).send().await;
    assert_eq!(answer.error(404), "WechatAccountNotFoundException");
}

#[tokio::test]
async fn a_request_id_is_echoed_or_made() {
    let world = World::new().await;
    let id = |answer: &Answer| answer.headers["x-request-id"].to_str().expect("text").to_owned();
    for path in ["/accounts", "/tasks/1", "/nowhere"] {
        let given = world.api.get(path).header("X-Request-ID", "trace-42").send().await;
        assert_eq!(id(&given), "trace-42", "{path}");
    }
    let (first, second) = (
        world.api.get("/accounts").send().await,
        world.api.get("/accounts").send().await,
    );
    assert!(!id(&first).is_empty());
    assert_ne!(id(&first), id(&second));
    let silly = world
        .api
        .get("/accounts")
        .header("X-Request-ID", "x".repeat(200))
        .send()
        .await;
    assert!(id(&silly).len() < 100, "what is too long to log is replaced");
}

#[tokio::test]
async fn every_answer_wears_the_envelope() {
    let world = World::new().await;
    for (method, path, status) in [
        (Method::GET, "/healthz", 200),
        (Method::GET, "/readyz", 200),
        (Method::GET, &format!("{BASE}/accounts")[..], 200),
        (Method::GET, &format!("{BASE}/nowhere"), 404),
        (Method::GET, "/", 404),
        (Method::PUT, &format!("{BASE}/accounts"), 405),
        (Method::GET, "/media/1/forged/x.jpg", 404),
    ] {
        world.api.request(method, path.to_owned()).expect(status).await;
    }
    let form = world
        .api
        .post("/sync", &Value::Null)
        .header("Content-Type", "text/plain");
    assert!([400, 415].contains(&form.send().await.status));
    let huge = world.api.post("/sync", &Value::Null).body(one_byte_too_many());
    assert_eq!(huge.send().await.error(413), "BODY_TOO_LARGE");
}

/// A body a byte above the limit of 1 MiB. A larger one would still be on its way when the answer comes.
pub(crate) fn one_byte_too_many() -> String {
    let (head, tail) = ("{\"text\":\"", "\"}");
    format!("{head}{}{tail}", "a".repeat((1 << 20) + 1 - head.len() - tail.len()))
}
