//! Checks of channels over hours of a clock set by hand: what changes a status, and what does not.

use std::sync::atomic::Ordering;
use std::time::Duration;

use moments_domain::{ErrorClass, Standing, StatusCode, Timestamp};
use moments_engine::checker;
use moments_platforms::CallFailure;
use serde_json::{Value, json};

use super::platform::{Says, member, members, refusal};
use super::world::{NOW, World};

const HOUR: Duration = Duration::from_hours(1);

impl World {
    fn platform_says(&self, says: Says) {
        *self.platform.says.lock().expect("unpoisoned") = Some(says);
    }

    /// Time passes, and every check that is due by then is made; how often the platform was asked.
    async fn after(&self, span: Duration) -> u32 {
        let before = self.platform.asked.load(Ordering::SeqCst);
        self.clock.advance(span);
        checker::run_due(&self.engine).await.expect("a round");
        self.platform.asked.load(Ordering::SeqCst) - before
    }

    /// The status codes of the corp's accounts, in their order; empty where there is none.
    async fn codes(&self) -> Vec<String> {
        let accounts = self.get("/accounts").await.expect(200);
        let all = accounts.as_array().expect("a list").iter();
        all.map(|account| account["statusCode"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    async fn notice(&self) -> Value {
        self.get("/channels").await.expect(200)[0]["notice"].clone()
    }

    async fn schedule(&self, text: &str, at: Timestamp) -> i64 {
        let body = json!({ "text": text, "accountIds": ["ww1:zhangsan", "ww1:lisi"], "scheduledTime": at.to_string() });
        self.post("/sync", body).await.expect(202)["syncTaskId"]
            .as_i64()
            .expect("an id")
    }

    async fn warnings(&self, task: i64) -> Vec<String> {
        let task = self.get(&format!("/tasks/{task}")).await.expect(200);
        let warnings = task["warnings"].as_array().expect("a list").iter();
        let line = |warning: &Value| format!("{} {}", warning["accountId"], warning["code"]).replace('"', "");
        warnings.map(line).collect()
    }
}

const AS_BOUND: [&str; 3] = ["", "", "MEMBER_NOT_ACTIVATED"];

fn broken() -> CallFailure {
    refusal(ErrorClass::Configuration, "40001", "企业微信拒绝：invalid credential")
}

#[tokio::test]
async fn trouble_on_the_way_never_changes_a_status() {
    let world = World::bound().await;
    assert_eq!(world.after(Duration::ZERO).await, 0, "the first check is only planned");
    let untrusted = "not allow to access from your ip, hint: [1], from ip: 203.0.113.7, more info at https://x";
    for (trouble, told) in [
        (CallFailure::NotSent("连接被拒绝".into()), "连接被拒绝"),
        (CallFailure::NoAnswer("接口超时".into()), "接口超时"),
        (refusal(ErrorClass::BackOff, "-1", "system busy"), "-1"),
        (refusal(ErrorClass::Window, "45009", "api freq out of limit"), "45009"),
        (refusal(ErrorClass::Configuration, "48002", "api forbidden"), "48002"),
        (
            refusal(ErrorClass::Configuration, "60020", untrusted),
            "203.0.113.7，请加入企业可信IP",
        ),
    ] {
        world.platform_says(Err(trouble));
        assert!(world.after(2 * HOUR).await > 0, "{told}");
        let notice = world.notice().await;
        assert!(notice.as_str().is_some_and(|notice| notice.contains(told)), "{notice}");
        assert_eq!(world.codes().await, AS_BOUND, "{told}");
    }
    world.platform_says(Ok(members()));
    assert_eq!(world.after(2 * HOUR).await, 1);
    assert_eq!(
        (world.notice().await, world.codes().await),
        (Value::Null, AS_BOUND.map(str::to_owned).to_vec())
    );
}

#[tokio::test]
async fn a_refused_credential_is_asked_once_more_before_its_accounts_expire() {
    let world = World::bound().await;
    world.after(Duration::ZERO).await;
    for recovers in [true, false] {
        world.platform_says(Err(broken()));
        assert_eq!(world.after(2 * HOUR).await, 1, "once");
        assert_eq!(world.codes().await, AS_BOUND, "refused once");
        assert_eq!(world.after(Duration::from_secs(44)).await, 0, "too early");
        if recovers {
            world.platform_says(Ok(members()));
        }
        assert_eq!(world.after(Duration::from_secs(25)).await, 1, "one single further try");
        let expected = if recovers { AS_BOUND } else { ["CREDENTIAL_BROKEN"; 3] };
        assert_eq!(world.codes().await, expected);
    }
    assert_eq!(world.after(Duration::from_mins(30)).await, 0, "and no more for a while");
    world.platform_says(Ok(members()));
    assert_eq!(world.after(2 * HOUR).await, 1);
    assert_eq!(world.codes().await, AS_BOUND, "what works again is ACTIVE again");
    let history = world.get("/accounts/ww1%3Alisi/history").await.expect(200);
    let entries = history["records"].as_array().expect("a list").iter();
    let entries: Vec<_> = entries
        .map(|entry| format!("{} {}", entry["to"], entry["noticedBy"]).replace('"', ""))
        .collect();
    assert_eq!(entries, ["ACTIVE CHECK", "EXPIRED CHECK", "ACTIVE BIND"]);
}

#[tokio::test]
async fn a_check_asked_for_by_hand_counts_as_the_first_refusal() {
    let world = World::bound().await;
    world.after(Duration::ZERO).await;
    let id = world.get("/channels").await.expect(200)[0]["id"].clone();
    world.platform_says(Err(broken()));
    for _ in 0..2 {
        let refused = world.post(&format!("/channels/{id}/refresh"), json!({})).await;
        assert_eq!(refused.error(422), "WechatApiException");
        assert_eq!(world.codes().await, AS_BOUND);
    }
    assert_eq!(world.after(Duration::from_secs(69)).await, 1);
    assert_eq!(world.codes().await, ["CREDENTIAL_BROKEN"; 3]);
}

#[tokio::test]
async fn members_who_are_gone_are_noticed_with_the_reason() {
    let world = World::bound().await;
    world.after(Duration::ZERO).await;
    let gone = |code| Standing::of(code);
    *world.platform.missing.lock().expect("unpoisoned") = vec![
        member("zhangsan", "张三", gone(StatusCode::NoCustomerContact)),
        member("lisi", "李四", gone(StatusCode::MemberLeft)),
    ];
    let newcomer = member("zhaomin", "赵敏", Standing::Active);
    world.platform_says(Ok(vec![member("wangwu", "王五", Standing::Active), newcomer]));
    assert_eq!(world.after(2 * HOUR).await, 1);
    assert_eq!(world.codes().await, ["NO_CUSTOMER_CONTACT", "MEMBER_LEFT", "", ""]);
    world.platform.missing.lock().expect("unpoisoned").clear();
    assert_eq!(world.after(2 * HOUR).await, 1);
    assert_eq!(
        world.codes().await,
        ["NO_CUSTOMER_CONTACT", "MEMBER_LEFT", "", ""],
        "the reason stays"
    );
}

#[tokio::test]
async fn a_thousand_posts_of_an_hour_are_one_check_and_warn_of_what_would_fail() {
    let world = World::bound().await;
    world.after(Duration::ZERO).await;
    let due = NOW + 6 * HOUR;
    let task = world.schedule("早安 0", due).await;
    for n in 1..20 {
        world.schedule(&format!("早安 {n}"), due + Duration::from_secs(n)).await;
    }
    world.after(4 * HOUR).await;
    world.after(50 * Duration::from_mins(1)).await;
    assert_eq!(world.warnings(task).await, Vec::<String>::new());
    let untrusted = refusal(ErrorClass::Configuration, "60020", "from ip: 203.0.113.7, x");
    world.platform_says(Err(untrusted));
    assert_eq!(
        world.after(Duration::from_mins(11)).await,
        1,
        "an hour before, and for all of them together"
    );
    let all = ["ww1:zhangsan PERMISSION_MISSING", "ww1:lisi PERMISSION_MISSING"];
    assert_eq!(world.warnings(task).await, all);
    let mut left = members();
    left.remove(1);
    *world.platform.missing.lock().expect("unpoisoned") =
        vec![member("lisi", "李四", Standing::of(StatusCode::MemberLeft))];
    world.platform_says(Ok(left));
    world.after(Duration::from_mins(2)).await;
    assert_eq!(world.warnings(task).await, ["ww1:lisi MEMBER_LEFT"]);
    world.platform_says(Ok(members()));
    world.after(2 * HOUR).await;
    assert_eq!(
        world.warnings(task).await,
        Vec::<String>::new(),
        "cleared by a check that finds it well"
    );
}

#[tokio::test]
async fn a_post_for_the_near_future_has_its_channel_checked_soon_unless_that_was_asked_lately() {
    let world = World::bound().await;
    world.after(Duration::ZERO).await;
    world.schedule("马上", NOW + Duration::from_mins(5)).await;
    assert_eq!(
        world.after(Duration::from_mins(1)).await,
        0,
        "it was bound a minute ago"
    );
    world.after(3 * HOUR).await;
    let asked = world.after(Duration::from_mins(20)).await;
    world.schedule("稍后", NOW + 3 * HOUR + Duration::from_mins(50)).await;
    assert!(asked <= 1);
    assert_eq!(world.after(Duration::ZERO).await, 0, "asked within the hour before it");
}
