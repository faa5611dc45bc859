//! Following one post through the log: from the request that asked for it to the call that published it.

use serde_json::{Value, json};

use crate::world::World;

/// The log's lines, each with the fields of the spans around it beside its own.
fn lines(world: &World) -> Vec<Value> {
    let log = world.server().log();
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    let mut lines: Vec<Value> = log.lines().map(read).collect();
    for line in &mut lines {
        for span in line["spans"].as_array().cloned().unwrap_or_default() {
            for (name, value) in span.as_object().expect("a span") {
                if line.get(name).is_none() {
                    line[name] = value.clone();
                }
            }
        }
    }
    lines
}

#[tokio::test]
async fn a_post_can_be_followed_from_the_request_to_the_platform() {
    let world = World::with(&[("LOG_FORMAT", "json"), ("LOG_LEVEL", "debug")]).await;
    let corp = world.corp("ww_logs").await;
    let post = json!({ "text": "早安", "accountIds": [corp.account("li.na")] });
    let request = world.api.post("/sync", &post).header("X-Request-ID", "trace-7f3a");
    let task = request.expect(202).await["syncTaskId"].as_i64().expect("an id");
    world.check(task, "li.na SUCCESS").await;
    let lines = lines(&world);
    let with = |field: &str, value: &str| -> Vec<&Value> {
        lines
            .iter()
            .filter(|line| line[field].as_str() == Some(value))
            .collect()
    };
    let created = with("request.id", "trace-7f3a");
    let created = created
        .iter()
        .find(|line| line["message"] == "a task was created")
        .expect("the request's line");
    assert_eq!(created["task.id"], task.to_string());
    let about = with("task.id", &task.to_string());
    let moved = about
        .iter()
        .find(|line| line["message"] == "moved" && line["to"] == "SETTLED")
        .expect("a worker's line");
    assert!(moved["publication.id"].is_string(), "{moved}");
    assert_eq!(moved["channel.id"], corp.channel.to_string());
    let calls = about
        .iter()
        .filter(|line| line["platform"] == "WECOM" && line["call"] == "create");
    assert!(calls.count() > 0, "the platform's answer says which post it was for");
}
