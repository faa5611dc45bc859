//! Who did what: told as it happens, and nobody can change it unnoticed.

use serde_json::Value;

use crate::database::Database;
use crate::doctor::run;
use crate::world::World;

/// The owner's entries, newest first, once there are so many.
async fn entries(world: &World, count: usize) -> Vec<Value> {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_mins(1);
    loop {
        let page = world.api.get("/audit?size=100").expect(200).await;
        let records = page["records"].as_array().expect("records");
        if records.len() >= count {
            return records.clone();
        }
        assert!(tokio::time::Instant::now() < deadline, "they never came: {page}");
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
}

#[tokio::test]
async fn what_was_done_is_told_and_a_change_of_it_is_noticed() {
    let world = World::new().await;
    let corp = world.corp("ww_audit").await;
    let planned = world
        .sync("早安")
        .to([corp.account("li.na")])
        .at(world.in_secs(3600))
        .accepted()
        .await;
    world
        .api
        .post(&format!("/tasks/{planned}/cancel"), &serde_json::json!({}))
        .expect(200)
        .await;
    world
        .api
        .delete(&format!("/channels/{}", corp.channel))
        .expect(200)
        .await;
    let entries = entries(&world, 4).await;
    let actions: Vec<_> = entries
        .iter()
        .map(|entry| entry["action"].as_str().expect("text"))
        .collect();
    assert_eq!(actions, ["UNBIND", "CANCEL", "PUBLISH", "BIND"]);
    let (well, text) = run(&world, &["audit", "verify"], &[]).await;
    let last = entries[0]["hash"].as_str().expect("a hash");
    assert!(
        well && text.contains(&format!("4 entries, the last with the hash {last}; 0 wait")),
        "{text}"
    );
    let database = Database::of(&world).await;
    database
        .run("UPDATE t_moment_audit SET object_id = '999' WHERE action = 'CANCEL'")
        .await;
    let (well, text) = run(&world, &["audit", "verify"], &[]).await;
    assert!(!well && text.contains("entry 3 was changed"), "{text}");
    database.run("DELETE FROM t_moment_audit WHERE number > 2").await;
    let (well, text) = run(&world, &["audit", "verify"], &[]).await;
    assert!(!well && text.contains("entry 3 is missing"), "{text}");
}
