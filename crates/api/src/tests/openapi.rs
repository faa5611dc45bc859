//! The document says what the code does.

use moments_domain::{FailReason, content, request};
use serde_json::Value;

use super::world::{self, BASE, World};

fn document() -> Value {
    serde_json::from_str(&crate::openapi_json()).expect("JSON")
}

fn operation<'a>(document: &'a Value, method: &str, path: &str) -> &'a Value {
    &document["paths"][format!("{BASE}{path}")][method]
}

fn schema<'a>(document: &'a Value, name: &str) -> &'a Value {
    &document["components"]["schemas"][name]
}

#[tokio::test]
async fn the_document_and_its_page_are_served() {
    let world = World::new().await;
    let served = world.send(world::request("GET", "/openapi.json", None, None)).await;
    assert_eq!(serde_json::from_str::<Value>(&served.text).expect("JSON"), document());
    assert_eq!(document()["openapi"], "3.1.0");
    let page = world.send(world::request("GET", "/docs/", None, None)).await;
    assert!(page.status == 200 && page.text.contains("swagger-ui"), "{page:?}");
}

#[test]
fn every_status_of_the_requirement_is_in_the_document() {
    let document = document();
    for (method, path, statuses) in [
        (
            "get",
            "/accounts",
            &["200", "400", "401", "403", "429", "500", "503"][..],
        ),
        (
            "post",
            "/sync",
            &[
                "202", "400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "502", "503",
            ][..],
        ),
        (
            "get",
            "/tasks/{taskId}",
            &["200", "400", "401", "403", "404", "429", "500", "503"][..],
        ),
    ] {
        let responses = operation(&document, method, path)["responses"]
            .as_object()
            .expect("responses");
        let mut named: Vec<_> = responses.keys().map(String::as_str).collect();
        named.sort_unstable();
        assert_eq!(named, statuses, "{path}");
    }
}

#[test]
fn constraints_are_those_of_the_domain() {
    let document = document();
    let body = &schema(&document, "CreateSync")["properties"];
    assert_eq!(body["accountIds"]["maxItems"], request::MAX_ACCOUNTS);
    assert_eq!(body["accountIds"]["minItems"], 1);
    assert_eq!(body["mediaUrls"]["maxItems"], content::MAX_MEDIA);
    assert_eq!(body["text"]["maxLength"], content::MAX_TEXT_UNITS);
    assert_eq!(body["contentId"]["maximum"], moments_domain::ids::MAX_ID);
    let path_id = &operation(&document, "get", "/tasks/{taskId}")["parameters"][0]["schema"];
    assert_eq!(
        (&path_id["minimum"], &path_id["maximum"]),
        (&1.into(), &moments_domain::ids::MAX_ID.into())
    );
    assert_eq!(
        schema(&document, "CreateSync")["required"],
        serde_json::json!(["accountIds"])
    );
}

#[test]
fn enumerations_are_complete() {
    let document = document();
    let result = &schema(&document, "SyncResult")["properties"];
    assert_eq!(
        result["errorReason"]["enum"].as_array().map(Vec::len),
        Some(FailReason::ALL.len() + 1)
    );
    assert_eq!(
        result["status"]["enum"],
        serde_json::json!(["PENDING", "PROCESSING", "SUCCESS", "FAILED"])
    );
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let text = document.to_string();
    for part in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().expect("a name");
        assert!(!schema(&document, name).is_null(), "{name} is missing");
    }
}

#[test]
fn the_document_changes_only_on_purpose() {
    let mut document = document();
    document["info"]["version"] = "[version]".into();
    insta::assert_json_snapshot!("openapi", document);
}
