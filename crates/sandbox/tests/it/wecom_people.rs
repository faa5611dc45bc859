use moments_sandbox::{DepartmentSeed, MemberChange, TokenEvent};
use serde_json::{Value, json};

use crate::world::{World, check, text_for};

async fn get(w: &World, path: &str) -> Value {
    let token = w.token(0).await;
    let joint = if path.contains('?') { '&' } else { '?' };
    w.get(&format!("/cgi-bin/{path}{joint}access_token={token}")).await
}

fn ids(list: &Value, name: &str) -> Vec<Value> {
    list.as_array().unwrap().iter().map(|row| row[name].clone()).collect()
}

#[tokio::test]
async fn departments_form_a_tree_that_can_be_walked() {
    let w = World::new().await;
    let corpid = w.corpid(0).to_owned();
    for (id, parent) in [(2, 1), (7, 2), (8, 7)] {
        let (status, _) = w
            .control(
                &format!("corps/{corpid}/departments"),
                &json!({ "id": id, "parent": parent }),
            )
            .await;
        assert_eq!(status, 204);
    }
    let ring = w.sandbox.put_department(&corpid, &DepartmentSeed { id: 2, parent: 8 });
    assert!(ring.is_err(), "a ring");
    let all = get(&w, "department/simplelist").await;
    assert_eq!(ids(&all["department_id"], "id"), [1, 2, 7, 8]);
    assert_eq!(ids(&all["department_id"], "parentid"), [0, 1, 2, 7]);
    let below = get(&w, "department/simplelist?id=7").await;
    assert_eq!(ids(&below["department_id"], "id"), [7, 8]);
    check(&get(&w, "department/simplelist?id=99").await, 60003);

    let moved = MemberChange::Move { department: vec![8] };
    w.sandbox.change_member(&corpid, "li.na", &moved).unwrap();
    let inside = get(&w, "user/list?department_id=8").await;
    assert_eq!(
        inside["userlist"],
        json!([{ "userid": "li.na", "name": "李娜", "department": [8], "main_department": 8, "status": 1 }])
    );
    assert_eq!(
        get(&w, "user/simplelist?department_id=7").await["userlist"],
        json!([]),
        "one level only"
    );
    let body =
        json!({ "text": { "content": "to a branch" }, "visible_range": { "sender_list": { "department_list": [2] } } });
    check(&w.create(body).await, 0);
    assert_eq!(
        w.sandbox.moments()[0].senders[0].userid,
        "li.na",
        "a department counts with those below it"
    );
}

#[tokio::test]
async fn a_member_leaves_is_disabled_and_loses_rights() {
    let w = World::new().await;
    let corpid = w.corpid(0).to_owned();
    let follows = async || get(&w, "externalcontact/get_follow_user_list").await["follow_user"].clone();
    for (change, userid, status, listed) in [
        (json!({ "change": "disable" }), "li.na", json!(2), true),
        (json!({ "change": "activate" }), "li.na", json!(1), true),
        (json!({ "change": "lose_customer_contact" }), "li.na", json!(1), false),
        (json!({ "change": "regain_customer_contact" }), "li.na", json!(1), true),
        (json!({ "change": "hide" }), "li.na", Value::Null, false),
        (json!({ "change": "show" }), "li.na", json!(1), true),
        (json!({ "change": "leave" }), "wang.fang", Value::Null, false),
    ] {
        let answer = w.control(&format!("corps/{corpid}/members/{userid}"), &change).await;
        assert_eq!(answer.0, 204, "{change}: {}", answer.1);
        let user = get(&w, &format!("user/get?userid={userid}")).await;
        assert_eq!(user["status"], status, "{change}: {user}");
        assert_eq!(
            follows().await.as_array().unwrap().contains(&json!(userid)),
            listed,
            "{change}"
        );
    }
    let rename = MemberChange::Rename {
        name: "李娜娜".to_owned(),
    };
    w.sandbox.change_member(&corpid, "LI.NA", &rename).unwrap();
    assert_eq!(get(&w, "user/get?userid=li.na").await["name"], "李娜娜");
    assert!(w.sandbox.change_member(&corpid, "ghost", &rename).is_err());
}

#[tokio::test]
async fn the_app_tells_its_range_its_rights_and_whether_it_is_open() {
    let w = World::new().await;
    let corpid = w.corpid(0).to_owned();
    let settings = async |changes: Value| w.control(&format!("corps/{corpid}/settings"), &changes).await;
    w.sandbox
        .change_member(&corpid, "li.na", &MemberChange::Move { department: vec![5] })
        .unwrap();
    settings(json!({ "visible_parties": [5], "can_read": false })).await;
    let app = get(&w, "agent/get?agentid=1000012").await;
    assert_eq!(app["allow_partys"]["partyid"], json!([5]));
    assert_eq!(
        ids(&app["allow_userinfos"]["user"], "userid"),
        ["zhangwei_07", "wang.fang"]
    );
    let rights = w.wecom("agent/get_permissions", json!({})).await;
    assert_eq!(
        rights["app_permissions"],
        json!(["externalcontact:base:base", "externalcontact:moment:post"])
    );
    check(&w.wecom("externalcontact/get_moment_list", json!({})).await, 48002);
    settings(json!({ "can_read_customers": false })).await;
    check(&get(&w, "externalcontact/get_follow_user_list").await, 48002);
    check(&w.wecom("externalcontact/get_corp_tag_list", json!({})).await, 48002);
    settings(json!({ "closed": true })).await;
    assert_eq!(get(&w, "agent/get?agentid=1000012").await["close"], 1);
    check(&w.create(text_for("closed", &["li.na"])).await, 50003);
    assert_eq!(
        get(&w, "getcallbackip").await["errcode"],
        50003,
        "a closed app may only look at itself"
    );
    settings(json!({ "closed": false })).await;
    assert_eq!(get(&w, "getcallbackip").await["ip_list"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn tags_are_filtered_by_group_before_id() {
    let w = World::new().await;
    for (body, found, deleted) in [
        (json!({}), 1, Value::Null),
        (json!({ "tag_id": ["etAbC0001"] }), 1, json!(false)),
        (json!({ "tag_id": ["etOther"] }), 0, Value::Null),
        (
            json!({ "tag_id": ["etOther"], "group_id": ["etGroupDemo01"] }),
            1,
            json!(false),
        ),
        (
            json!({ "tag_id": ["etAbC0001"], "group_id": ["etNoGroup"] }),
            0,
            Value::Null,
        ),
    ] {
        let groups = w.wecom("externalcontact/get_corp_tag_list", body.clone()).await["tag_group"].clone();
        assert_eq!(groups.as_array().unwrap().len(), found, "{body}");
        assert_eq!(groups[0]["tag"][0]["deleted"], deleted, "{body}");
    }
}

#[tokio::test]
async fn an_untrusted_address_is_named_and_an_old_secret_stops_at_once() {
    let w = World::new().await;
    let corpid = w.corpid(0).to_owned();
    let ask = async |secret: &str| {
        w.get(&format!("/cgi-bin/gettoken?corpid={corpid}&corpsecret={secret}"))
            .await
    };
    let (old, token) = (w.demo.corps[0].secret.clone(), w.token(0).await);
    w.sandbox.token_event(&corpid, TokenEvent::UntrustIp).unwrap();
    for address in ["203.0.113.7", "198.51.100.9"] {
        assert_eq!(w.control("caller", &json!({ "ip": address })).await.0, 204);
        let refused = ask(&old).await;
        check(&refused, 60020);
        let errmsg = refused["errmsg"].as_str().unwrap();
        assert!(
            errmsg.starts_with("not allow to access from your ip, hint: ["),
            "{errmsg}"
        );
        assert!(
            errmsg.contains(&format!("from ip: {address}, more info at")),
            "{errmsg}"
        );
    }
    w.sandbox.token_event(&corpid, TokenEvent::TrustIp).unwrap();
    let reset = json!({ "action": "reset_secret", "secret": "Fresh-Secret-1" });
    assert_eq!(w.control(&format!("corps/{corpid}/token"), &reset).await.0, 204);
    check(&ask(&old).await, 40001);
    check(
        &w.get(&format!("/cgi-bin/user/get?userid=li.na&access_token={token}"))
            .await,
        40014,
    );
    check(&ask("Fresh-Secret-1").await, 0);
}
