//! A provider's apps through the front door: the sandbox pushes, an administrator agrees, posts come out.

use futures::future::join_all;
use moments_sandbox::{Fault, FaultKind, PushStyle, SuiteKind, SuiteSeed, SuiteUrl, World as Platform};
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::api::{OWNER, STRANGER};
use crate::doctor::run;
use crate::server::Server;
use crate::world::{MEMBERS, World, corp_seed};

const SUITE: &str = "ww5f0a91c27d3be648";
const TEMPLATE: &str = "dk3b6e90f8a1c4d725";
const PROVIDER: &str = "ww7c1f0e9ab2d45388";
const TOKEN: &str = "kQ7mZ2vTx9Lr4Hd";
const AES_KEY: &str = "ISTYBvIdqX01QXnNIUr0rhaQFZNvrt7ArEKO84BJOAB";

pub(crate) const SETTINGS: [(&str, &str); 10] = [
    ("WECOM_SUITE_ID", SUITE),
    ("WECOM_SUITE_SECRET", "secret-of-the-suite"),
    ("WECOM_SUITE_TOKEN", TOKEN),
    ("WECOM_SUITE_AES_KEY", AES_KEY),
    ("WECOM_TEMPLATE_ID", TEMPLATE),
    ("WECOM_TEMPLATE_SECRET", "secret-of-the-template"),
    ("WECOM_TEMPLATE_TOKEN", TOKEN),
    ("WECOM_TEMPLATE_AES_KEY", AES_KEY),
    ("WECOM_PROVIDER_CORP_ID", PROVIDER),
    ("WECOM_PROVIDER_SECRET", "secret-of-the-provider"),
];

fn seed(suite_id: &str, kind: SuiteKind, secret: &str) -> SuiteSeed {
    SuiteSeed {
        suite_id: suite_id.to_owned(),
        kind,
        name: "门店朋友圈".to_owned(),
        secret: secret.to_owned(),
        token: TOKEN.to_owned(),
        aes_key: AES_KEY.to_owned(),
        instruction_url: String::new(),
        data_url: String::new(),
        provider_corpid: PROVIDER.to_owned(),
        provider_secret: "secret-of-the-provider".to_owned(),
    }
}

/// A world whose provider has a suite and a template, with a ticket of each, and one corp that has not installed anything.
async fn provider(corp: &str) -> World {
    provider_with(corp, &[]).await
}

/// The same with more settings.
async fn provider_with(corp: &str, settings: &[(&str, &str)]) -> World {
    let world = World::with(&[&SETTINGS, settings].concat()).await;
    provide(&world, corp).await;
    world
}

/// Brings the provider and the corp into a world that has the settings.
pub(crate) async fn provide(world: &World, corp: &str) {
    world.sandbox.add_corp(corp_seed(corp)).expect("a new corp");
    for (id, kind, secret) in [
        (SUITE, SuiteKind::ThirdParty, "secret-of-the-suite"),
        (TEMPLATE, SuiteKind::ProviderDeveloped, "secret-of-the-template"),
    ] {
        world.sandbox.add_suite(seed(id, kind, secret)).expect("a new suite");
        let ours = format!("{}/callbacks/wecom/suite/{id}", world.api.url);
        let (instruction, data) = (format!("{ours}/instruction"), format!("{ours}/data"));
        world.sandbox.set_suite_urls(id, &instruction, &data).expect("a suite");
        for address in [SuiteUrl::Instruction, SuiteUrl::Data] {
            let checked = world.sandbox.check_suite_url(id, address).await.expect("an address");
            assert!(checked.passed, "{checked:?}");
        }
        let pushed = world.sandbox.push_ticket(id).await.expect("a push");
        assert!(pushed.is_taken() && pushed.took_ms < 1000, "{pushed:?}");
    }
}

impl World {
    /// Begins an install, once the ticket is there.
    pub(crate) async fn begin(&self, kind: &str, name: &str) -> (String, String) {
        let body = json!({ "appKind": kind, "name": name });
        loop {
            let answer = self.api.post("/channels/wecom/installs", &body).send().await;
            if answer.status == 201 {
                let begun = answer.expect(201);
                let text = |field: &str| begun[field].as_str().expect("text").to_owned();
                return (text("state"), text("url"));
            }
            assert!(answer.text.contains("suite_ticket"), "{}", answer.text);
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
    }

    async fn install(&self, state: &str) -> Value {
        self.api
            .get(&format!("/channels/wecom/installs/{state}"))
            .expect(200)
            .await
    }

    /// The install when it is over.
    pub(crate) async fn installed(&self, state: &str) -> Value {
        for _ in 0..2400 {
            let install = self.install(state).await;
            if install["status"] != "WAITING" {
                return install;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("the install does not end");
    }

    /// The channel when it is as wanted.
    async fn channel(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..2400 {
            let channels = self.api.get("/channels").expect(200).await;
            if let Some(channel) = channels
                .as_array()
                .expect("a list")
                .iter()
                .find(|channel| wanted(channel))
            {
                return channel.clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("no such channel: {}", self.api.get("/channels").expect(200).await);
    }
}

/// What a browser shows, which follows no redirect.
async fn open(url: &str) -> (u16, String) {
    let browser = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build();
    let answer = browser.expect("a browser").get(url).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a page"))
}

#[tokio::test]
async fn a_third_party_app_is_installed_by_a_link_and_publishes_until_the_corp_takes_it_back() {
    let world = provider("ww_shop").await;
    let (state, link) = world.begin("THIRD_PARTY", "示例连锁 <b>").await;
    assert_eq!(world.install(&state).await["status"], "WAITING");
    let strangers = world
        .api
        .get(&format!("/channels/wecom/installs/{state}"))
        .by(STRANGER)
        .send()
        .await;
    assert_eq!(strangers.error(404), "NOT_FOUND");

    let back = world
        .sandbox
        .install(&link, "ww_shop")
        .await
        .expect("agreed")
        .redirect
        .expect("a redirect");
    for _ in 0..2 {
        let (status, page) = open(&back).await;
        assert_eq!(status, 200, "{page}");
        assert!(
            page.contains("授权成功") && page.contains("示例连锁 &lt;b&gt;"),
            "{page}"
        );
        assert_eq!(page.matches("<li>").count(), MEMBERS.len(), "{page}");
    }
    let done = world.installed(&state).await;
    let channel = &done["channel"];
    assert_eq!(
        (&done["status"], &channel["appKind"], &channel["accounts"]),
        (&json!("DONE"), &json!("THIRD_PARTY"), &json!(3)),
        "{done}"
    );
    let account = |userid| {
        let open = world.sandbox.open_userid(SUITE, "ww_shop", userid).expect("a member");
        format!("{}:{open}", channel["handle"].as_str().expect("a corp"))
    };
    let task = world.sync("到店有礼").to([account("li.na")]).accepted().await;
    let published = world.wait_for(task, crate::sync::Task::is_over).await;
    assert_eq!(published.status(), "COMPLETED", "{}", published.message());

    let waiting = world
        .sync("明天见")
        .to([account("li.na")])
        .at(world.in_secs(3600))
        .accepted()
        .await;
    let cancelled = world.sandbox.cancel_grant(SUITE, "ww_shop").await.expect("a push");
    assert!(cancelled.is_taken(), "{cancelled:?}");
    let ended = world.channel(|channel| channel["brokenReason"].is_string()).await;
    assert!(
        ended["brokenReason"].as_str().is_some_and(|why| why.contains("取消")),
        "{ended}"
    );
    let failed = world.wait_for(waiting, crate::sync::Task::is_over).await;
    assert!(failed.message().contains("取消"), "{}", failed.message());
    assert!(
        world
            .accounts()
            .await
            .iter()
            .all(|account| account["status"] == "EXPIRED" && account["accountName"].is_null())
    );

    let (again, link) = world.begin("THIRD_PARTY", "").await;
    let back = world
        .sandbox
        .install(&link, "ww_shop")
        .await
        .expect("agreed")
        .redirect
        .expect("a redirect");
    open(&back).await;
    let renewed = world.installed(&again).await;
    assert_eq!(
        renewed["channel"]["id"], channel["id"],
        "the same channel lives again: {renewed}"
    );
    let replayed = world.sandbox.replay_push(cancelled.id).await.expect("a push");
    assert!(replayed.is_taken(), "{replayed:?}");
    let task = world.sync("又见面了").to([account("wang.fang")]).accepted().await;
    let published = world.wait_for(task, crate::sync::Task::is_over).await;
    assert_eq!(published.status(), "COMPLETED", "{}", published.message());
    world.assert_no_violation();
}

#[tokio::test]
async fn an_exchange_that_takes_long_keeps_no_browser_waiting_and_is_made_once() {
    let world = provider_with("ww_slow", &[("WECOM_INSTALLED_WAIT_SECS", "0")]).await;
    let (state, link) = world.begin("THIRD_PARTY", "").await;
    let agreed = world.sandbox.install(&link, "ww_slow").await.expect("agreed");
    let back = agreed.redirect.expect("a redirect");
    let slow = FaultKind::Slow { ms: 1500 };
    world
        .sandbox
        .add_fault(Fault::next(Platform::Wecom, "get_permanent_code", slow));
    let (status, page) = open(&back).await;
    assert_eq!(status, 200, "{page}");
    assert!(
        page.contains("正在完成安装") && page.contains(r#"http-equiv="refresh""#),
        "{page}"
    );
    // Whoever reloads meanwhile changes nothing, whether it is over by then or not.
    for (status, page) in join_all((0..4).map(|_| open(&back))).await {
        assert_eq!(status, 200, "{page}");
        assert!(page.contains("正在完成安装") || page.contains("授权成功"), "{page}");
    }
    assert_eq!(world.installed(&state).await["status"], "DONE");
    let (_, page) = open(&back).await;
    assert!(page.contains("授权成功"), "{page}");
    assert_eq!(world.sandbox.faults_waiting().0, [], "the exchange was slow");
    let channels = world.api.get("/channels").expect(200).await;
    assert_eq!(channels.as_array().map(Vec::len), Some(1), "{channels}");
    assert_eq!(world.accounts().await.len(), MEMBERS.len());
    assert_eq!(
        world.sandbox.calls().wecom["get_permanent_code"],
        1,
        "a code is spent once"
    );
    world.assert_no_violation();
}

#[tokio::test]
async fn a_template_is_installed_by_a_push_and_survives_a_new_secret() {
    let world = provider("ww_cafe").await;
    let (state, link) = world.begin("PROVIDER_DEVELOPED", "").await;
    world.sandbox.set_push_style(PushStyle {
        copies: 3,
        ..PushStyle::default()
    });
    world.sandbox.install(&link, "ww_cafe").await.expect("scanned");
    world.sandbox.set_push_style(PushStyle::default());
    let done = world.installed(&state).await;
    let channel = &done["channel"];
    assert_eq!(
        (&done["status"], &channel["accounts"]),
        (&json!("DONE"), &json!(3)),
        "{done}"
    );
    let userid = world
        .sandbox
        .open_userid(TEMPLATE, "ww_cafe", "li.na")
        .expect("a member");
    let account = format!("{}:{userid}", channel["handle"].as_str().expect("a corp"));
    let task = world.sync("咖啡香").to([account.clone()]).accepted().await;
    let published = world.wait_for(task, crate::sync::Task::is_over).await;
    assert_eq!(published.status(), "COMPLETED", "{}", published.message());

    let reset = world.sandbox.reset_grant(TEMPLATE, "ww_cafe").await.expect("a push");
    assert!(reset.is_taken(), "{reset:?}");
    let task = world.sync("新密钥").to([account]).accepted().await;
    let published = world.wait_for(task, crate::sync::Task::is_over).await;
    assert_eq!(published.status(), "COMPLETED", "{}", published.message());

    world.assert_no_violation();
}

#[tokio::test]
async fn an_install_that_nobody_began_here_waits_for_the_owner_that_a_setting_names() {
    let mut world = provider("ww_market").await;
    world.sandbox.set_push_style(PushStyle {
        copies: 2,
        ..PushStyle::default()
    });
    let pushed = world
        .sandbox
        .install_from_market(SUITE, "ww_market")
        .await
        .expect("a push");
    assert!(pushed.is_taken(), "{pushed:?}");
    loop {
        let (_, report) = run(&world, &["doctor", "--json"], &[]).await;
        assert!(report.contains("the last suite_ticket came 0 min ago"), "{report}");
        if report.contains("1 installs that nobody began here wait for an owner") {
            break;
        }
    }
    assert_eq!(world.api.get("/channels").expect(200).await, json!([]));
    world.take_server().stop().await;
    world.database.end_leases().await;
    let mut environment = world.environment().to_vec();
    environment.push(("MOMENTS_WECOM_MARKETPLACE_USER".to_owned(), OWNER.to_string()));
    let server = Server::start(world.folder(), &environment).await;
    world.api.url.clone_from(&server.url);
    let channel = world.channel(|channel| channel["appKind"] == "THIRD_PARTY").await;
    assert_eq!(channel["accounts"], 3, "{channel}");
    let calls = world.sandbox.calls().wecom;
    let asked = [calls["get_permanent_code"], calls["get_suite_token"]];
    assert_eq!(
        asked,
        [1, 1],
        "a code is spent once, and a token outlives the process: {calls:?}"
    );
    world.assert_no_violation();
}
