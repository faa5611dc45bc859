use moments_sandbox::{Confirm, Customer, MemberSeed, MomentStage};
use serde_json::{Value, json};

use crate::world::{NOON, World, check, images_for, text_for};

async fn task(w: &World, moment_id: &str) -> Value {
    w.wecom("externalcontact/get_moment_task", json!({ "moment_id": moment_id }))
        .await
}

/// `userid publish_status` of every sender.
async fn statuses(w: &World, moment_id: &str) -> String {
    let answer = task(w, moment_id).await;
    check(&answer, 0);
    let rows = answer["task_list"].as_array().unwrap().iter();
    rows.map(|row| format!("{} {}", row["userid"].as_str().unwrap(), row["publish_status"]))
        .collect::<Vec<_>>()
        .join(", ")
}

async fn list(w: &World, body: Value) -> Value {
    let mut whole = json!({ "start_time": NOON / 1000 - 100, "end_time": NOON / 1000 + 100_000 });
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    w.wecom("externalcontact/get_moment_list", whole).await
}

fn ids(list: &Value) -> Vec<&str> {
    list["moment_list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["moment_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_job_goes_1_2_3_then_the_moment_is_dispatched_and_published() {
    let w = World::new().await;
    w.sandbox
        .change_settings(w.corpid(0), |settings| {
            settings.job_delay_ms = 10_000;
            settings.dispatch_delay_ms = 5_000;
            settings.confirm = Confirm::After { ms: 60_000 };
        })
        .unwrap();
    let jobid = w.job("hello", &["li.na"]).await;
    for (secs, status) in [(0, 1), (4, 1), (1, 2), (4, 2), (1, 3)] {
        w.advance(secs);
        let result = w.result(&jobid).await;
        assert_eq!(result["status"], status, "{result}");
        assert_eq!(result["result"]["moment_id"].is_string(), status == 3, "{result}");
    }
    let moment_id = w.result(&jobid).await["result"]["moment_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(moment_id.starts_with("mom") && moment_id.len() == 34, "{moment_id}");
    check(&task(&w, &moment_id).await, 41079);
    w.advance(5);
    assert_eq!(statuses(&w, &moment_id).await, "li.na 0");
    w.advance(60);
    assert_eq!(statuses(&w, &moment_id).await, "li.na 1");
}

#[tokio::test]
async fn a_jobid_dies_after_24_hours_and_is_not_shared() {
    let w = World::new().await;
    let jobid = w.job("hello", &["li.na"]).await;
    let other = w.token(1).await;
    let path = format!("/cgi-bin/externalcontact/get_moment_task_result?jobid={jobid}&access_token=");
    check(&w.get(&format!("{path}{other}")).await, 40088);
    w.advance(24 * 3600 - 1);
    check(&w.result(&jobid).await, 0);
    w.advance(1);
    check(&w.result(&jobid).await, 40088);
}

#[tokio::test]
async fn each_unfit_sender_ends_as_the_reference_says() {
    let w = World::new().await;
    let put = |member: MemberSeed| w.sandbox.put_member(w.corpid(0), member).unwrap();
    let named = |userid: &str| MemberSeed::new(userid, "");
    put(MemberSeed {
        visible: false,
        ..named("hidden")
    });
    put(MemberSeed {
        follow: false,
        ..named("no-follow")
    });
    put(MemberSeed {
        moments: false,
        ..named("no-moments")
    });
    put(MemberSeed {
        customers: Some(Vec::new()),
        ..named("lonely")
    });
    put(MemberSeed {
        status: 4,
        ..named("asleep")
    });
    w.sandbox
        .change_settings(w.corpid(0), |settings| {
            settings.undispatched = vec!["wang.fang".to_owned()];
        })
        .unwrap();
    let users = [
        "LI.NA",
        "li.na",
        "ghost",
        "hidden",
        "no-follow",
        "no-moments",
        "lonely",
        "asleep",
        "wang.fang",
    ];
    let jobid = w.job("hello", &users).await;
    w.advance(1);
    let result = &w.result(&jobid).await["result"];
    assert_eq!(result["errcode"], 0);
    assert_eq!(
        result["invalid_sender_list"],
        json!({ "user_list": ["ghost", "hidden"], "department_list": [] })
    );
    assert_eq!(
        statuses(&w, result["moment_id"].as_str().unwrap()).await,
        "li.na 1, asleep 0"
    );
}

#[tokio::test]
async fn only_invalid_senders_make_no_moment() {
    let w = World::new().await;
    let jobid = w.job("hello", &["ghost"]).await;
    w.advance(1);
    let result = w.result(&jobid).await;
    assert_eq!(
        (&result["errcode"], &result["result"]["errcode"]),
        (&json!(0), &json!(81013))
    );
    assert_eq!(result["result"]["invalid_sender_list"]["user_list"], json!(["ghost"]));
    assert_eq!(ids(&list(&w, json!({})).await), Vec::<&str>::new());
    assert_eq!(w.sandbox.moments()[0].stage, MomentStage::Failed);
}

#[tokio::test]
async fn departments_and_tags_choose_senders_and_audience() {
    let w = World::new().await;
    let tagged = Customer {
        external_userid: "wmTagged".to_owned(),
        tags: vec!["etAbC0001".to_owned()],
    };
    let plain = Customer {
        external_userid: "wmPlain".to_owned(),
        tags: Vec::new(),
    };
    let seed = MemberSeed {
        department: vec![7],
        customers: Some(vec![tagged, plain]),
        ..MemberSeed::new("sun.li", "孙丽")
    };
    w.sandbox.put_member(w.corpid(0), seed).unwrap();
    let body = json!({
        "text": { "content": "tags" },
        "visible_range": { "sender_list": { "department_list": [1, 99] }, "external_contact_list": { "tag_list": ["etAbC0001", "etGone"] } },
    });
    let jobid = w.create(body).await["jobid"].as_str().unwrap().to_owned();
    w.advance(1);
    let result = &w.result(&jobid).await["result"];
    assert_eq!(result["invalid_sender_list"]["department_list"], json!([99]));
    assert_eq!(result["invalid_external_contact_list"]["tag_list"], json!(["etGone"]));
    let moment_id = result["moment_id"].as_str().unwrap();
    assert_eq!(
        statuses(&w, moment_id).await,
        "sun.li 1",
        "the others have no tagged customer"
    );
    assert_eq!(list(&w, json!({})).await["moment_list"][0]["visible_type"], 0);
    let who = json!({ "moment_id": moment_id, "userid": "sun.li" });
    let customers = w.wecom("externalcontact/get_moment_customer_list", who.clone()).await;
    assert_eq!(
        customers["customer_list"],
        json!([{ "userid": "sun.li", "external_userid": "wmTagged" }])
    );
    let sent = w.wecom("externalcontact/get_moment_send_result", who.clone()).await;
    assert_eq!(sent["customer_list"], json!([{ "external_userid": "wmTagged" }]));
    check(&w.wecom("externalcontact/get_moment_comments", who).await, 0);
}

#[tokio::test]
async fn a_cancel_stops_those_who_have_not_published() {
    let w = World::new().await;
    w.sandbox
        .change_settings(w.corpid(0), |settings| settings.confirm = Confirm::Script)
        .unwrap();
    let moment_id = w.moment("hello", &["li.na", "wang.fang"]).await;
    let confirm = |userid: &str| {
        w.sandbox
            .confirm(w.corpid(0), &moment_id, &[userid.to_owned()])
            .unwrap()
    };
    assert_eq!(confirm("li.na"), 1);
    w.advance(1);
    for _ in 0..2 {
        check(
            &w.wecom("externalcontact/cancel_moment_task", json!({ "moment_id": moment_id }))
                .await,
            0,
        );
    }
    w.advance(60);
    assert_eq!(confirm("wang.fang"), 0, "too late");
    assert_eq!(statuses(&w, &moment_id).await, "li.na 1, wang.fang 0");
}

#[tokio::test]
async fn reads_name_what_is_wrong_with_the_moment() {
    let w = World::new().await;
    w.sandbox
        .change_settings(w.corpid(0), |settings| settings.confirm = Confirm::Never)
        .unwrap();
    let moment_id = w.moment("hello", &["li.na"]).await;
    let personal = w.sandbox.add_personal_post(w.corpid(0), "li.na", "晚霞").unwrap();
    for (call, body, errcode) in [
        ("get_moment_task", json!({}), 41059),
        ("get_moment_task", json!({ "moment_id": "momNo" }), 41060),
        ("get_moment_task", json!({ "moment_id": personal }), 41067),
        ("get_moment_customer_list", json!({ "moment_id": moment_id }), 41009),
        (
            "get_moment_customer_list",
            json!({ "moment_id": moment_id, "userid": "li.na" }),
            41062,
        ),
        (
            "get_moment_send_result",
            json!({ "moment_id": moment_id, "userid": "wang.fang" }),
            41061,
        ),
        (
            "get_moment_comments",
            json!({ "moment_id": personal, "userid": "li.na" }),
            0,
        ),
        (
            "get_moment_list",
            json!({ "start_time": 0, "end_time": 30 * 86400 + 1 }),
            40058,
        ),
        ("get_moment_list", json!({ "start_time": 5, "end_time": 5 }), 40058),
        (
            "get_moment_list",
            json!({ "start_time": 5, "end_time": 9, "cursor": "abc" }),
            50100,
        ),
    ] {
        let answer = w.wecom(&format!("externalcontact/{call}"), body.clone()).await;
        assert_eq!(answer["errcode"], errcode, "{call} {body} gave {answer}");
    }
}

#[tokio::test]
async fn the_list_filters_by_kind_creator_and_exclusive_window() {
    let w = World::new().await;
    let first = w.moment("first", &["li.na"]).await;
    let personal = w.sandbox.add_personal_post(w.corpid(0), "li.na", "晚霞").unwrap();
    let second = w.moment("second", &["li.na"]).await;
    let noon = NOON / 1000;
    for (body, expected) in [
        (json!({}), vec![&second, &personal, &first]),
        (json!({ "filter_type": 0 }), vec![&second, &first]),
        (json!({ "filter_type": 1 }), vec![&personal]),
        (json!({ "creator": "li.na" }), vec![&personal]),
        (json!({ "start_time": noon }), vec![&second, &personal]),
        (json!({ "end_time": noon + 1 }), vec![&first]),
        (json!({ "start_time": noon - 1, "end_time": noon + 1 }), vec![&first]),
    ] {
        assert_eq!(ids(&list(&w, body.clone()).await), expected, "{body}");
    }
    let items = list(&w, json!({})).await;
    let by_api = &items["moment_list"][0];
    assert!(
        by_api.get("creator").is_none() && by_api["create_type"] == 0,
        "{by_api}"
    );
    assert_eq!(items["moment_list"][1]["creator"], "li.na");
}

#[tokio::test]
async fn pages_hold_20_and_too_large_a_limit_means_the_default() {
    let w = World::new().await;
    w.sandbox
        .change_settings(w.corpid(0), |settings| settings.creates_per_minute = 0)
        .unwrap();
    for n in 0..45 {
        w.job(&format!("post {n}"), &["li.na"]).await;
    }
    w.advance(1);
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for length in [20, 20, 5] {
        let page = list(&w, json!({ "limit": 500, "cursor": cursor })).await;
        let found = ids(&page);
        assert_eq!(found.len(), length);
        seen.extend(found.into_iter().map(str::to_owned));
        cursor = page["next_cursor"].as_str().unwrap().to_owned();
    }
    assert_eq!(cursor, "");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 45);
}

#[tokio::test]
async fn the_task_list_is_paged_by_cursor() {
    let w = World::new().await;
    let moment_id = w.moment("hello", &["li.na", "wang.fang", "zhangwei_07"]).await;
    let page = |cursor: String| {
        w.wecom(
            "externalcontact/get_moment_task",
            json!({ "moment_id": moment_id, "limit": 2, "cursor": cursor }),
        )
    };
    let first = page(String::new()).await;
    assert_eq!(first["task_list"].as_array().unwrap().len(), 2);
    let second = page(first["next_cursor"].as_str().unwrap().to_owned()).await;
    assert_eq!(
        (&second["task_list"][0]["userid"], &second["next_cursor"]),
        (&json!("zhangwei_07"), &json!(""))
    );
}

#[tokio::test]
async fn listed_media_ids_are_new_and_useless_for_posting() {
    let w = World::new().await;
    let (one, two) = (w.image("one").await, w.image("two").await);
    check(
        &w.create(images_for("two pictures", &[&one, &two], &["li.na"])).await,
        0,
    );
    w.advance(1);
    let listed = list(&w, json!({})).await;
    let images = listed["moment_list"][0]["image"].as_array().unwrap();
    assert_eq!(images.len(), 2);
    let id = images[0]["media_id"].as_str().unwrap();
    assert!(id.starts_with("WWCISP_"));
    check(&w.create(images_for("again", &[id], &["li.na"])).await, 40007);
}

#[tokio::test]
async fn a_moment_is_listed_only_when_its_job_is_done() {
    let w = World::new().await;
    w.create(text_for("soon", &["li.na"])).await;
    assert!(ids(&list(&w, json!({})).await).is_empty());
    w.advance(1);
    assert_eq!(ids(&list(&w, json!({})).await).len(), 1);
}
