//! A request is repeated because its connection broke; meanwhile the world has moved on.

use moments_sandbox::Sandbox;

use crate::orders::Order;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_its_task_although_it_would_be_refused_as_a_new_one() {
    let world = World::new().await;
    let client = world.client();
    let program = world.start(None).await;
    let audience = world.bind(&client).await;
    let order = Order::text("repeated", vec![audience.personal.clone()]);
    let id = client.create(&order).await;
    client.finished(id).await;
    program.kill().await;

    let _program = world.start(None).await;
    log_out(&world.sandbox);
    for channel in client.get("/channels").await.as_array().expect("channels") {
        client
            .post(&format!("/channels/{}/refresh", channel["id"]), &().into())
            .await;
    }
    let accounts = client.get("/accounts").await;
    let offline = |account: &serde_json::Value| account["status"] == "OFFLINE";
    assert!(
        accounts.as_array().expect("accounts").iter().any(offline),
        "{accounts:#}"
    );
    assert_eq!(client.create(&order).await, id);
    assert_eq!(world.made(&order).len(), 1);
}

fn log_out(sandbox: &Sandbox) {
    for device in sandbox.devices() {
        let dropped = sandbox.change_switches(&device.app_id, |switches| switches.stale_online = true);
        dropped.expect("a device");
    }
}
