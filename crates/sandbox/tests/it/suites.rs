use moments_sandbox::{SuiteKind, SuiteSeed, SuiteUrl, TokenEvent, ViolationKind};
use serde_json::{Value, json};

use crate::receiver::{KEY, Receiver, TOKEN, field};
use crate::world::{World, check, text_for};

const SUITE: &str = "ww1111111111111111";
const TEMPLATE: &str = "dk2222222222222222";

/// The demo world with one suite and one template whose pushes are heard.
struct Shop {
    w: World,
    receiver: Receiver,
}

impl Shop {
    async fn new() -> Self {
        let (w, receiver) = (World::new().await, Receiver::new().await);
        for (suite_id, kind) in [(SUITE, SuiteKind::ThirdParty), (TEMPLATE, SuiteKind::ProviderDeveloped)] {
            let seed = SuiteSeed {
                suite_id: suite_id.to_owned(),
                kind,
                name: "店".to_owned(),
                secret: format!("secret-of-{suite_id}"),
                token: TOKEN.to_owned(),
                aes_key: KEY.to_owned(),
                instruction_url: receiver.url.clone(),
                data_url: receiver.url.clone(),
                provider_corpid: "wwProvider00000001".to_owned(),
                provider_secret: "provider-secret".to_owned(),
            };
            w.sandbox.add_suite(seed).unwrap();
        }
        Self { w, receiver }
    }

    fn corpid(&self) -> String {
        self.w.corpid(0).to_owned()
    }

    async fn service(&self, call: &str, token: &str, body: Value) -> Value {
        self.w
            .post(&format!("/cgi-bin/service/{call}?suite_access_token={token}"), &body)
            .await
    }

    async fn ask_token(&self, suite_id: &str, ticket: &str) -> Value {
        let body =
            json!({ "suite_id": suite_id, "suite_secret": format!("secret-of-{suite_id}"), "suite_ticket": ticket });
        self.w.post("/cgi-bin/service/get_suite_token", &body).await
    }

    async fn ticket(&self, suite_id: &str) -> String {
        let record = self.w.sandbox.push_ticket(suite_id).await.unwrap();
        assert!(record.is_taken(), "{record:?}");
        field(&record.event, "SuiteTicket").to_owned()
    }

    async fn suite_token(&self, suite_id: &str) -> String {
        let answer = self.ask_token(suite_id, &self.ticket(suite_id).await).await;
        assert_eq!(answer.get("errcode"), None, "{answer}");
        answer["suite_access_token"].as_str().unwrap().to_owned()
    }

    /// From the install link to the permanent code, by redirect. Answers suite token, corpid and code.
    async fn install(&self) -> (String, String, String) {
        let token = self.suite_token(SUITE).await;
        let target = self.install_link(&token, "inst1").await;
        let installed = self.w.sandbox.install(&target, &self.corpid()).await.unwrap();
        let redirect = reqwest::Url::parse(&installed.redirect.unwrap()).unwrap();
        let query: std::collections::HashMap<_, _> = redirect.query_pairs().into_owned().collect();
        assert_eq!(
            (query["expires_in"].as_str(), query["state"].as_str()),
            ("600", "inst1")
        );
        let (corpid, code) = self.exchange(&token, &query["auth_code"]).await;
        (token, corpid, code)
    }

    async fn install_link(&self, token: &str, state: &str) -> String {
        let code = self
            .w
            .get(&format!(
                "/cgi-bin/service/get_pre_auth_code?suite_access_token={token}"
            ))
            .await["pre_auth_code"]
            .as_str()
            .unwrap()
            .to_owned();
        let back = "http%3A%2F%2Fexample.com%2Fback%3Fa%3D1";
        format!(
            "{}/3rdapp/install?suite_id={SUITE}&pre_auth_code={code}&redirect_uri={back}&state={state}",
            self.w.base
        )
    }

    async fn exchange(&self, token: &str, auth_code: &str) -> (String, String) {
        let answer = self
            .service("v2/get_permanent_code", token, json!({ "auth_code": auth_code }))
            .await;
        check(&answer, 0);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&answer["auth_corp_info"]["corpid"]),
            text(&answer["permanent_code"]),
        )
    }

    fn violations(&self) -> Vec<ViolationKind> {
        let found = self.w.sandbox.violations();
        found.into_iter().map(|violation| violation.kind).collect()
    }
}

#[tokio::test]
async fn an_install_by_redirect_ends_in_a_post_under_encrypted_ids() {
    let shop = Shop::new().await;
    let (token, corpid, code) = shop.install().await;
    assert!(corpid.starts_with("wp"), "{corpid}");
    let who = json!({ "auth_corpid": corpid, "permanent_code": code });
    let info = shop.service("v2/get_auth_info", &token, who.clone()).await;
    let agent = &info["auth_info"]["agent"][0];
    assert_eq!(agent["privilege"]["allow_user"].as_array().unwrap().len(), 3, "{info}");
    let issued = shop.service("get_corp_token", &token, who).await;
    assert_eq!(issued.get("errcode"), None, "{issued}");
    let access = issued["access_token"].as_str().unwrap();
    let call = |path: &str| format!("/cgi-bin/{path}access_token={access}");
    let rights = shop.w.post(&call("agent/get_permissions?"), &json!({})).await;
    assert_eq!(rights["app_permissions"].as_array().unwrap().len(), 3);
    let users = shop.w.get(&call("externalcontact/get_follow_user_list?")).await["follow_user"].clone();
    let open = shop.w.sandbox.open_userid(SUITE, &shop.corpid(), "li.na").unwrap();
    assert_eq!(users[1], open);
    let user = shop.w.get(&call(&format!("user/get?userid={open}&"))).await;
    assert_eq!(
        (&user["name"], &user["open_userid"]),
        (&json!(open), &json!(open)),
        "no real name"
    );
    let created = shop
        .w
        .post(
            &call("externalcontact/add_moment_task?"),
            &text_for("hello", &[&open, "li.na"]),
        )
        .await;
    check(&created, 0);
    shop.w.advance(1);
    let jobid = created["jobid"].as_str().unwrap();
    let path = format!("externalcontact/get_moment_task_result?jobid={jobid}&");
    let result = shop.w.get(&call(&path)).await["result"].clone();
    assert_eq!(
        result["invalid_sender_list"]["user_list"],
        json!(["li.na"]),
        "a plain id is nobody's"
    );
    let task = shop
        .w
        .post(
            &call("externalcontact/get_moment_task?"),
            &json!({ "moment_id": result["moment_id"] }),
        )
        .await;
    assert_eq!(task["task_list"][0]["userid"], open);
    assert_eq!(shop.w.sandbox.moments()[0].senders[0].userid, "li.na");
    assert!(shop.violations().is_empty(), "{:?}", shop.w.sandbox.violations());
}

#[tokio::test]
async fn a_template_is_scanned_and_its_code_is_a_secret() {
    let shop = Shop::new().await;
    let provider = json!({ "corpid": "wwProvider00000001", "provider_secret": "provider-secret" });
    let token = shop.w.post("/cgi-bin/service/get_provider_token", &provider).await["provider_access_token"].clone();
    let path = format!(
        "/cgi-bin/service/get_customized_auth_url?provider_access_token={}",
        token.as_str().unwrap()
    );
    let wish = |state: &str| json!({ "state": state, "templateid_list": [TEMPLATE] });
    check(&shop.w.post(&path, &wish(&"s".repeat(33))).await, 40058);
    let scan = shop.w.post(&path, &wish("tpl7")).await;
    assert_eq!(scan["expires_in"], 864_000);
    let page = shop
        .w
        .http
        .get(scan["qrcode_url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert!(page.text().await.unwrap().contains("同意安装"));
    let wish = json!({ "url": scan["qrcode_url"], "corpid": shop.corpid() });
    assert_eq!(shop.w.control("install", &wish).await.1["redirect"], Value::Null);
    let event = shop.receiver.messages().pop().unwrap();
    assert_eq!(
        (field(&event, "InfoType"), field(&event, "State")),
        ("create_auth", "tpl7")
    );
    assert_eq!(shop.receiver.receive_ids().pop().unwrap(), TEMPLATE);

    let suite_token = shop.suite_token(TEMPLATE).await;
    let (corpid, code) = shop.exchange(&suite_token, field(&event, "AuthCode")).await;
    let gettoken = |code: &str| format!("/cgi-bin/gettoken?corpid={corpid}&corpsecret={code}");
    check(&shop.w.get(&gettoken(&code)).await, 0);
    let who = json!({ "auth_corpid": corpid, "permanent_code": code });
    check(&shop.service("get_corp_token", &suite_token, who).await, 48002);
    assert_eq!(shop.violations(), [ViolationKind::SuiteRule], "the wrong call");

    let reset = shop.w.sandbox.reset_grant(TEMPLATE, &shop.corpid()).await.unwrap();
    check(&shop.w.get(&gettoken(&code)).await, 40001);
    let (same, fresh) = shop.exchange(&suite_token, field(&reset.event, "AuthCode")).await;
    assert_eq!(same, corpid);
    check(&shop.w.get(&gettoken(&fresh)).await, 0);
}

#[tokio::test]
async fn tickets_and_codes_live_as_long_as_they_should() {
    let shop = Shop::new().await;
    let first = shop.ticket(SUITE).await;
    let token = shop.ask_token(SUITE, &first).await["suite_access_token"].clone();
    assert_eq!(
        shop.ask_token(SUITE, &first).await["suite_access_token"],
        token,
        "the same while it is valid"
    );
    check(&shop.ask_token(SUITE, "never-pushed").await, 40085);
    shop.w.advance(30 * 60);
    check(&shop.ask_token(SUITE, &first).await, 40085);
    check(&shop.ask_token("wwUnknown", &first).await, 40083);
    let wrong = json!({ "suite_id": SUITE, "suite_secret": "x", "suite_ticket": first });
    check(&shop.w.post("/cgi-bin/service/get_suite_token", &wrong).await, 40080);
    let kinds = shop.violations();
    assert_eq!(kinds, [ViolationKind::SuiteRule], "the ticket nobody pushed");

    for (event, errcode) in [(TokenEvent::Invalidate, 40082), (TokenEvent::Expire, 42009)] {
        let token = shop.suite_token(SUITE).await;
        shop.w.sandbox.suite_token_event(SUITE, event).unwrap();
        check(&shop.service("v2/get_permanent_code", &token, json!({})).await, errcode);
    }
    let token = shop.suite_token(SUITE).await;
    let link = shop.install_link(&token, "late").await;
    shop.w.advance(1200);
    assert!(shop.w.sandbox.install(&link, &shop.corpid()).await.is_err());
    let market = shop.w.sandbox.install_from_market(SUITE, &shop.corpid()).await.unwrap();
    let code = json!({ "auth_code": field(&market.event, "AuthCode") });
    check(&shop.service("v2/get_permanent_code", &token, code.clone()).await, 0);
    check(&shop.service("v2/get_permanent_code", &token, code).await, 40078);
    assert_eq!(shop.violations().len(), 2, "a code is exchanged once");
}

#[tokio::test]
async fn a_corp_changes_and_cancels_what_it_allows() {
    let shop = Shop::new().await;
    let (token, corpid, code) = shop.install().await;
    let who = json!({ "auth_corpid": corpid, "permanent_code": code });
    let access = shop.service("get_corp_token", &token, who.clone()).await["access_token"].clone();
    let create = format!(
        "/cgi-bin/externalcontact/add_moment_task?access_token={}",
        access.as_str().unwrap()
    );
    let path = format!("suites/{SUITE}/grants/{}", shop.corpid());
    let changed = shop
        .w
        .control(&path, &json!({ "permissions": ["externalcontact:base:base"] }))
        .await;
    assert_eq!(field(changed.1["event"].as_str().unwrap(), "AuthCorpId"), corpid);
    check(&shop.w.post(&create, &text_for("x", &["li.na"])).await, 48002);

    let lower = json!({ "auth_corpid": corpid.to_lowercase(), "permanent_code": code });
    check(&shop.service("get_corp_token", &token, lower).await, 40013);
    assert_eq!(shop.violations(), [ViolationKind::SuiteRule], "a corpid keeps its case");

    let cancelled = shop.w.sandbox.cancel_grant(SUITE, &shop.corpid()).await.unwrap();
    assert_eq!(field(&cancelled.event, "InfoType"), "cancel_auth");
    check(&shop.w.post(&create, &text_for("x", &["li.na"])).await, 48004);
    check(&shop.service("get_corp_token", &token, who.clone()).await, 40084);
    assert_eq!(shop.violations().len(), 1, "it has just been told");
    shop.w.advance(61);
    check(&shop.service("get_corp_token", &token, who).await, 40084);
    assert_eq!(shop.violations()[1], ViolationKind::AfterCancel);
    let (_, again, fresh) = shop.install().await;
    assert_eq!(again, corpid, "the same corp, seen by the same provider");
    assert_ne!(fresh, code);
}

#[tokio::test]
async fn a_page_has_one_button_and_both_addresses_are_checked() {
    let shop = Shop::new().await;
    for which in [SuiteUrl::Instruction, SuiteUrl::Data] {
        let passed = shop.w.sandbox.check_suite_url(SUITE, which).await.unwrap();
        assert!(passed.passed, "{passed:?}");
    }
    let token = shop.suite_token(SUITE).await;
    let link = shop.install_link(&token, "page1").await;
    let page = shop.w.http.get(&link).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("<button>同意安装</button>"));
    let (path, query) = link.split_once('?').unwrap();
    let form = format!("corpid={}&{query}", shop.corpid());
    let no_redirect = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let agreed = no_redirect
        .post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();
    assert_eq!(agreed.status(), 303);
    let target = agreed.headers()["location"].to_str().unwrap();
    assert!(target.starts_with("http://example.com/back?a=1&auth_code="), "{target}");
    let again = shop.w.http.get(&link).send().await.unwrap();
    assert_eq!(again.status(), 400, "the pre_auth_code is used");
    *shop.receiver.heard.answer.lock().unwrap() = "ok";
    shop.w.sandbox.push_ticket(SUITE).await.unwrap();
    assert_eq!(shop.violations(), [ViolationKind::CallbackRule], "anything but success");
}
