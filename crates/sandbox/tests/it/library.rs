//! Drafts of the workbench's content library.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::World;

async fn draft(world: &World, id: &str, token: bool) -> (StatusCode, Value) {
    let mut question = world.http.get(format!("{}/workbench/content/{id}", world.base));
    if token {
        question = question.bearer_auth("anybody's");
    }
    let answer = question.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn there_is_a_draft_of_each_kind_and_its_media_can_be_had() {
    let world = World::new().await;
    for (id, kind, media) in [("4001", "ARTICLE", 2), ("4002", "IMAGE", 3), ("4003", "VIDEO", 1)] {
        let (status, body) = draft(&world, id, true).await;
        let data = &body["data"];
        assert_eq!((status, &body["code"]), (StatusCode::OK, &json!(200)), "{body}");
        assert_eq!(
            (&data["contentId"].to_string()[..], &data["contentType"]),
            (id, &json!(kind))
        );
        let pictures = data["content"]["images"].as_array().into_iter().flatten();
        let urls: Vec<_> = pictures
            .chain(data["content"].get("video"))
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(urls.len(), media, "{body}");
        for url in urls {
            assert_eq!(
                world.http.get(url).send().await.unwrap().status(),
                StatusCode::OK,
                "{url}"
            );
        }
    }
    let (status, body) = draft(&world, "4009", true).await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!(404)), "{body}");
    assert_eq!(draft(&world, "4001", false).await.0, StatusCode::UNAUTHORIZED);
}
