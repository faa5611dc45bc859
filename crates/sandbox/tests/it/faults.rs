use moments_sandbox::{Fault, FaultKind, Mix, MixPart, World as Platform};
use serde_json::{Value, json};

use crate::world::{World, check, text_for};

/// What a client notices of one creation.
#[derive(Debug, PartialEq)]
enum Seen {
    Json(Value),
    /// Status of an answer that is not JSON.
    Page(u16),
    /// No whole answer.
    Broken,
}

async fn create(w: &World, text: &str) -> Seen {
    let url = format!(
        "{}/cgi-bin/externalcontact/add_moment_task?access_token={}",
        w.base,
        w.token(0).await
    );
    let Ok(answer) = w.http.post(url).json(&text_for(text, &["li.na"])).send().await else {
        return Seen::Broken;
    };
    let status = answer.status().as_u16();
    match answer.bytes().await {
        Err(_) => Seen::Broken,
        Ok(bytes) => serde_json::from_slice(&bytes).map_or(Seen::Page(status), Seen::Json),
    }
}

fn strike(w: &World, kind: FaultKind) {
    w.sandbox
        .add_fault(Fault::next(Platform::Wecom, "add_moment_task", kind));
}

/// The fault strikes one creation; `done` tells whether the moment exists all the same. The next call is healthy.
async fn check_broken(kind: FaultKind, seen: Seen, done: usize) {
    let w = World::new().await;
    strike(&w, kind.clone());
    assert_eq!(create(&w, "struck").await, seen, "{kind:?}");
    assert_eq!(w.sandbox.moment_count(), done, "{kind:?}");
    assert!(
        matches!(create(&w, "healthy").await, Seen::Json(answer) if answer["errcode"] == 0),
        "{kind:?}"
    );
}

#[tokio::test]
async fn a_cut_connection_is_a_broken_connection_before_and_after() {
    check_broken(FaultKind::CutBefore, Seen::Broken, 0).await;
    check_broken(FaultKind::CutAfter, Seen::Broken, 1).await;
    check_broken(FaultKind::HalfBody, Seen::Broken, 1).await;
}

#[tokio::test]
async fn a_cut_leaves_not_a_single_byte() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let w = World::new().await;
    w.sandbox
        .add_fault(Fault::next(Platform::Wecom, "gettoken", FaultKind::CutAfter));
    let mut stream = tokio::net::TcpStream::connect(w.base.trim_start_matches("http://"))
        .await
        .unwrap();
    stream
        .write_all(b"GET /cgi-bin/gettoken HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    // A reset is as good as an end.
    let _ = stream.read_to_end(&mut answer).await;
    assert_eq!(answer, b"");
}

#[tokio::test]
async fn half_a_body_really_arrives() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let w = World::new().await;
    w.sandbox
        .add_fault(Fault::next(Platform::Wecom, "gettoken", FaultKind::HalfBody));
    let mut stream = tokio::net::TcpStream::connect(w.base.trim_start_matches("http://"))
        .await
        .unwrap();
    stream
        .write_all(b"GET /cgi-bin/gettoken HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8(answer).unwrap();
    assert!(
        text.starts_with("HTTP/1.1 200") && text.contains("{\"errcode\"") && !text.ends_with('}'),
        "{text}"
    );
}

#[tokio::test]
async fn proxies_answer_with_pages() {
    check_broken(FaultKind::Html502Before, Seen::Page(502), 0).await;
    check_broken(FaultKind::Html502After, Seen::Page(502), 1).await;
    check_broken(FaultKind::Html200, Seen::Page(200), 0).await;
}

#[tokio::test]
async fn a_scripted_error_does_nothing_else() {
    let busy = json!({ "errcode": -1, "errmsg": "system busy" });
    check_broken(
        FaultKind::Errcode {
            errcode: -1,
            errmsg: String::new(),
        },
        Seen::Json(busy),
        0,
    )
    .await;
}

#[tokio::test]
async fn a_slow_call_has_happened_when_the_client_gives_up() {
    let w = World::new().await;
    strike(&w, FaultKind::Slow { ms: 60_000 });
    let url = format!(
        "{}/cgi-bin/externalcontact/add_moment_task?access_token={}",
        w.base,
        w.token(0).await
    );
    let call = w.http.post(url).json(&text_for("slow", &["li.na"])).send();
    tokio::select! {
        answer = call => panic!("answered: {answer:?}"),
        () = until(|| w.sandbox.moment_count() == 1) => (),
    }
}

#[tokio::test]
async fn a_late_call_happens_after_the_client_has_left() {
    let w = World::new().await;
    strike(&w, FaultKind::Late { ms: 1000 });
    let url = format!(
        "{}/cgi-bin/externalcontact/add_moment_task?access_token={}",
        w.base,
        w.token(0).await
    );
    let call = w.http.post(url).json(&text_for("late", &["li.na"])).send();
    tokio::select! {
        answer = call => panic!("answered: {answer:?}"),
        () = until(|| w.sandbox.calls().wecom.contains_key("add_moment_task")) => (),
    }
    assert_eq!(w.sandbox.moment_count(), 0, "not yet");
    until(|| w.sandbox.moment_count() == 1).await;
}

/// Waits for a state; the test runner's own limit is the deadline.
async fn until(reached: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_mins(1);
    while !reached() {
        assert!(tokio::time::Instant::now() < deadline, "the state was not reached");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn drift_turns_numbers_to_texts_but_not_the_errcode() {
    let w = World::new().await;
    w.sandbox
        .add_fault(Fault::next(Platform::Wecom, "get_moment_task", FaultKind::Drift));
    let moment_id = w.moment("hello", &["li.na"]).await;
    let answer = w
        .wecom("externalcontact/get_moment_task", json!({ "moment_id": moment_id }))
        .await;
    assert_eq!(
        (&answer["errcode"], &answer["task_list"][0]["publish_status"]),
        (&json!(0), &json!("1"))
    );
}

#[tokio::test]
async fn a_success_can_lose_its_errcode_and_gain_strange_fields() {
    let w = World::new().await;
    strike(&w, FaultKind::MissingErrcode);
    let Seen::Json(bare) = create(&w, "one").await else {
        panic!("no JSON")
    };
    assert!(bare.get("errcode").is_none() && bare["jobid"].is_string(), "{bare}");
    strike(&w, FaultKind::ExtraFields);
    let Seen::Json(rich) = create(&w, "two").await else {
        panic!("no JSON")
    };
    assert!(rich.get("ext_info").is_some() && rich["errcode"] == 0, "{rich}");
}

#[tokio::test]
async fn a_job_can_fail_although_the_call_succeeded() {
    let w = World::new().await;
    strike(&w, FaultKind::JobFails { errcode: 40201 });
    let jobid = w.job("bad words", &["li.na"]).await;
    w.advance(1);
    let result = w.result(&jobid).await;
    assert_eq!(
        (&result["errcode"], &result["status"], &result["result"]["errcode"]),
        (&json!(0), &json!(3), &json!(40201))
    );
    assert!(result["result"].get("moment_id").is_none());
    w.job("bad words", &["li.na"]).await;
    assert!(
        w.sandbox.violations().is_empty(),
        "trying again after a failed job is no second moment"
    );
}

#[tokio::test]
async fn a_fault_strikes_only_its_corp_and_as_often_as_ordered() {
    let w = World::new().await;
    let fault = json!({ "world": "wecom", "call": "gettoken", "corp": w.corpid(1), "count": 2, "kind": "errcode", "errcode": 45009 });
    assert_eq!(w.control("faults", &fault).await.0, 204);
    w.token(0).await;
    let other = format!(
        "/cgi-bin/gettoken?corpid={}&corpsecret={}",
        w.corpid(1),
        w.demo.corps[1].secret
    );
    for errcode in [45009, 45009, 0] {
        check(&w.get(&other).await, errcode);
    }
    assert_eq!(w.get("/sandbox/faults").await, json!({ "waiting": [], "fired": 2 }));
}

#[tokio::test]
async fn a_mix_is_the_same_for_the_same_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let w = World::new().await;
        let part = |share, kind| MixPart { share, kind };
        let busy = FaultKind::Errcode {
            errcode: -1,
            errmsg: String::new(),
        };
        let probabilities = vec![part(0.3, busy), part(0.2, FaultKind::MissingErrcode)];
        w.sandbox.set_mix(Some(Mix {
            seed: 42,
            world: None,
            calls: vec!["user/get".to_owned()],
            probabilities,
        }));
        let path = format!("/cgi-bin/user/get?userid=li.na&access_token={}", w.token(0).await);
        let mut codes = Vec::new();
        for _ in 0..60 {
            codes.push(w.get(&path).await["errcode"].as_i64());
        }
        runs.push(codes);
    }
    assert_eq!(runs[0], runs[1]);
    let share = |code| runs[0].iter().filter(|seen| **seen == code).count();
    assert!(
        (8..30).contains(&share(Some(-1))) && (4..24).contains(&share(None)),
        "{runs:?}"
    );
}

#[tokio::test]
async fn gewe_calls_are_struck_too() {
    let w = World::new().await;
    w.sandbox.add_fault(Fault::next(
        Platform::Gewe,
        "checkOnline",
        FaultKind::Errcode {
            errcode: 500,
            errmsg: "忙".to_owned(),
        },
    ));
    assert_eq!(
        w.gewe("login/checkOnline", json!({})).await,
        json!({ "ret": 500, "msg": "忙" })
    );
    assert_eq!(w.gewe("login/checkOnline", json!({})).await["data"], true);
}
