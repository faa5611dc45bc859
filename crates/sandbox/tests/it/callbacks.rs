use moments_sandbox::{CallbackSeed, CorpEvent, MemberChange, PushStyle, ViolationKind};
use serde_json::json;

use crate::receiver::{KEY, Receiver, TOKEN, field};
use crate::world::World;

async fn with_receiver() -> (World, Receiver, String) {
    let (w, receiver) = (World::new().await, Receiver::new().await);
    let corpid = w.corpid(0).to_owned();
    let callback = CallbackSeed {
        token: TOKEN.to_owned(),
        aes_key: KEY.to_owned(),
        url: receiver.url.clone(),
    };
    w.sandbox.set_callback(&corpid, &callback).unwrap();
    (w, receiver, corpid)
}

fn update_of(userid: &str) -> CorpEvent {
    CorpEvent::Contact {
        change: "update_user".to_owned(),
        userid: userid.to_owned(),
    }
}

#[tokio::test]
async fn an_address_is_checked_and_told_what_happens() {
    let (w, receiver, corpid) = with_receiver().await;
    let check = w.control(&format!("corps/{corpid}/callback/check"), &json!({})).await.1;
    assert_eq!(check["passed"], true, "{check}");
    let customer =
        json!({ "event": "customer", "change": "add_external_contact", "userid": "li.na", "external_userid": "wm1" });
    assert_eq!(w.control(&format!("corps/{corpid}/events"), &customer).await.0, 200);
    let heard = receiver.messages();
    assert_eq!(field(&heard[0], "Event"), "change_external_contact");
    assert_eq!(field(&heard[0], "ExternalUserID"), "wm1");
    assert_eq!(receiver.receive_ids(), std::slice::from_ref(&corpid));

    w.sandbox.change_member(&corpid, "li.na", &MemberChange::Leave).unwrap();
    for _ in 0..1000 {
        if receiver.messages().len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let last = receiver.messages().pop().unwrap();
    assert_eq!(
        (field(&last, "ChangeType"), field(&last, "UserID")),
        ("delete_user", "li.na")
    );
    assert!(w.sandbox.violations().is_empty());
}

#[tokio::test]
async fn pushes_are_doubled_spoiled_lost_and_replayed() {
    let (w, receiver, corpid) = with_receiver().await;
    let push = async |style: PushStyle| {
        w.sandbox.set_push_style(style);
        let records = w.sandbox.push_event(&corpid, &update_of("li.na")).await.unwrap();
        (records[0].clone(), receiver.messages().len())
    };
    let (first, heard) = push(PushStyle::default()).await;
    assert_eq!((first.sent, first.status, heard), (1, Some(200), 1));
    let twice = PushStyle {
        copies: 2,
        ..PushStyle::default()
    };
    let (record, heard) = push(twice).await;
    assert_eq!((record.sent, heard), (2, 3));
    let wrong = PushStyle {
        wrong_signature: true,
        ..PushStyle::default()
    };
    let (record, heard) = push(wrong).await;
    assert_eq!((record.status, heard), (Some(403), 3));
    assert!(w.sandbox.violations().is_empty(), "it was refused, as it must be");
    let foreign = PushStyle {
        receive_id: Some("ww-somebody-else".to_owned()),
        ..PushStyle::default()
    };
    push(foreign).await;
    assert_eq!(receiver.receive_ids().pop().unwrap(), "ww-somebody-else");
    assert_eq!(
        w.sandbox.violations()[0].kind,
        ViolationKind::CallbackRule,
        "it was taken"
    );
    let lost = PushStyle {
        lost: true,
        ..PushStyle::default()
    };
    let (record, heard) = push(lost).await;
    assert_eq!((record.sent, heard), (0, 4));
    w.sandbox.set_push_style(PushStyle::default());
    let again = w.sandbox.replay_push(first.id).await.unwrap();
    assert_eq!((again.sent, receiver.messages().len()), (2, 5));
    assert_eq!(receiver.messages()[0], receiver.messages()[4], "byte by byte");
}

#[tokio::test]
async fn held_pushes_come_in_the_order_wanted() {
    let (w, receiver, corpid) = with_receiver().await;
    let answer = w.control("pushes/style", &json!({ "held": true })).await;
    assert_eq!(answer.0, 204);
    for userid in ["li.na", "wang.fang"] {
        w.sandbox.push_event(&corpid, &update_of(userid)).await.unwrap();
    }
    assert!(receiver.messages().is_empty());
    let released = w.control("pushes/release", &json!({ "reverse": true })).await.1;
    assert_eq!(released.as_array().unwrap().len(), 2);
    let heard = receiver.messages();
    let order: Vec<&str> = heard.iter().map(|event| field(event, "UserID")).collect();
    assert_eq!(order, ["wang.fang", "li.na"]);
}
