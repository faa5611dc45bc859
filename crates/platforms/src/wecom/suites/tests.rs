//! Tokens of suites, over a scripted platform: who asks, how often, and what a failure means.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use futures::future::join_all;
use moments_domain::{AppKind, ChannelKind};
use moments_wire::WireClient;
use secrecy::ExposeSecret as _;

use super::*;
use crate::testing::{FakePlatform, HandClock, MemoryShelf, NOW, Seen, channel, shown};
use crate::wecom::keeper::TokenKeeper;
use crate::{CachedToken, ChannelAccess, ShelfError, TokenShelf as _};

/// Ticket and token of one suite, for several processes. Only one at a time has the right to refresh.
#[derive(Default)]
struct SuiteRow(Mutex<Row>);

#[derive(Default)]
struct Row {
    ticket: Option<(String, Timestamp)>,
    token: Option<CachedToken>,
    fence: i64,
    is_taken: bool,
}

impl SuiteRow {
    fn with_ticket(came: Timestamp) -> Arc<Self> {
        let row = Self::default();
        row.push("Tk1", came);
        Arc::new(row)
    }

    fn push(&self, ticket: &str, came: Timestamp) {
        self.row().ticket = Some((ticket.into(), came));
    }

    fn row(&self) -> std::sync::MutexGuard<'_, Row> {
        self.0.lock().expect("not poisoned")
    }
}

#[async_trait]
impl SuiteShelf for SuiteRow {
    async fn ticket(&self, suite_id: &str) -> Result<Option<(SecretString, Timestamp)>, ShelfError> {
        assert!(suite_id == "ww5f" || suite_id == "dk1");
        Ok(self.row().ticket.clone().map(|(ticket, came)| (ticket.into(), came)))
    }

    async fn read(&self, _: &str) -> Result<Option<CachedToken>, ShelfError> {
        Ok(self.row().token.clone())
    }

    async fn begin_refresh(&self, _: &str, now: Timestamp, until: Timestamp) -> Result<Option<i64>, ShelfError> {
        assert!(until > now, "a right without a time");
        let mut row = self.row();
        if std::mem::replace(&mut row.is_taken, true) {
            return Ok(None);
        }
        row.fence += 1;
        Ok(Some(row.fence))
    }

    async fn finish_refresh(&self, _: &str, fence: i64, token: Option<&CachedToken>) -> Result<bool, ShelfError> {
        let mut row = self.row();
        assert_eq!(fence, row.fence);
        row.is_taken = false;
        if let Some(token) = token {
            row.token = Some(token.clone());
        }
        Ok(true)
    }
}

/// A platform with one suite and one corp, and processes that share a shelf.
struct World {
    platform: FakePlatform,
    shelf: Arc<SuiteRow>,
    clock: Arc<HandClock>,
}

impl World {
    async fn new(shelf: Arc<SuiteRow>, answer: impl Fn(&Seen) -> String + Send + Sync + 'static) -> Self {
        Self {
            platform: FakePlatform::start(answer).await,
            shelf,
            clock: HandClock::new(),
        }
    }

    fn client(&self) -> WecomClient {
        WecomClient::new(WireClient::new().expect("a client"), self.platform.base.clone())
    }

    /// The suites of one more process.
    fn process(&self) -> Arc<Suites> {
        let suite = |id: &str| SuiteConfig {
            id: id.into(),
            secret: "se".into(),
        };
        let configs = SuiteConfigs {
            third_party: Some(suite("ww5f")),
            template: Some(suite("dk1")),
            provider: Some(ProviderConfig {
                corp_id: "ww7c".into(),
                secret: "ps".into(),
            }),
        };
        Arc::new(Suites::new(
            self.client(),
            self.shelf.clone(),
            configs,
            self.clock.clone(),
        ))
    }

    /// A process with a channel of the third-party app.
    fn keeper(&self, shelf: &Arc<MemoryShelf>, suites: Option<Arc<Suites>>) -> TokenKeeper {
        let mut keeper = TokenKeeper::new(self.client(), shelf.clone(), self.clock.clone());
        keeper.suites = suites;
        keeper
    }

    fn asked(&self, api: &str) -> usize {
        self.platform.calls(api).len()
    }
}

fn installed() -> ChannelAccess {
    let mut channel = channel(ChannelKind::Wecom);
    channel.app = AppKind::ThirdParty;
    channel
}

/// Issues tokens `S1`, `S2`, … and accepts only those in `good`.
fn suite_of(good: &'static [&'static str]) -> impl Fn(&Seen) -> String + Send + Sync {
    let issued = AtomicU32::new(0);
    move |seen| match seen.api.as_str() {
        "get_suite_token" => {
            assert!(seen.body.contains(r#""suite_secret":"se""#));
            let n = issued.fetch_add(1, Ordering::SeqCst) + 1;
            format!(r#"{{"suite_access_token":"S{n}","expires_in":7200}}"#)
        }
        "get_provider_token" => r#"{"provider_access_token":"P","expires_in":7200}"#.into(),
        "get_customized_auth_url" => {
            r#"{"errcode":0,"qrcode_url":"https://open.example/x","expires_in":864000}"#.into()
        }
        _ if !good
            .iter()
            .any(|token| seen.query.ends_with(&format!("suite_access_token={token}"))) =>
        {
            r#"{"errcode":40082,"errmsg":"invalid suite_token"}"#.into()
        }
        "get_pre_auth_code" => r#"{"errcode":0,"pre_auth_code":"Cx","expires_in":1200}"#.into(),
        "get_corp_token" => r#"{"access_token":"C","expires_in":7200}"#.into(),
        "get_permanent_code" => {
            r#"{"permanent_code":"Qk","auth_corp_info":{"corpid":"wpA","corp_name":"示例连锁"},"state":""}"#.into()
        }
        other => panic!("unexpected call {other}"),
    }
}

async fn begun(suites: &Suites) -> String {
    match suites.install_code().await {
        Ok(start) => start.value.expose_secret().to_owned(),
        Err(failure) => shown(&failure),
    }
}

#[tokio::test]
async fn many_processes_ask_once_for_a_suites_token() {
    let world = World::new(SuiteRow::with_ticket(NOW), suite_of(&["S1"])).await;
    let processes: Vec<_> = (0..4).map(|_| world.process()).collect();
    let calls = processes.iter().flat_map(|suites| (0..5).map(move |_| begun(suites)));
    let mut outcomes = join_all(calls).await;
    outcomes.dedup();
    assert_eq!(outcomes, ["Cx"]);
    assert_eq!(
        (world.asked("get_suite_token"), world.asked("get_pre_auth_code")),
        (1, 20)
    );
}

#[tokio::test]
async fn a_rejected_suite_token_is_replaced_once_for_all() {
    let world = World::new(SuiteRow::with_ticket(NOW), suite_of(&["S2"])).await;
    let suites = world.process();
    let mut outcomes = join_all((0..10).map(|_| begun(&suites))).await;
    outcomes.dedup();
    assert_eq!((outcomes, world.asked("get_suite_token")), (vec!["Cx".to_owned()], 2));

    let never = World::new(SuiteRow::with_ticket(NOW), suite_of(&[])).await;
    assert_eq!(begun(&never.process()).await, "Token 40082");
    assert_eq!(
        (never.asked("get_suite_token"), never.asked("get_pre_auth_code")),
        (2, 2)
    );
}

#[tokio::test]
async fn without_a_fresh_ticket_nothing_is_asked_and_nobody_is_to_blame() {
    let world = World::new(Arc::default(), suite_of(&["S1"])).await;
    let (suites, shelf) = (world.process(), Arc::<MemoryShelf>::default());
    let keeper = world.keeper(&shelf, Some(suites.clone()));
    let channel = installed();
    let old = Timestamp::from_secs(NOW.as_secs() - 1801);
    for ticket in [None, Some(old)] {
        if let Some(came) = ticket {
            world.shelf.push("Tk0", came);
        }
        let failure = suites.install_code().await.expect_err("no ticket");
        assert!(
            matches!(&failure, CallFailure::NotSent(why) if why.contains("suite_ticket")),
            "{failure}"
        );
        assert_eq!(
            keeper.prove(&channel).await.map_err(|failure| shown(&failure)),
            Err("not sent".into())
        );
        assert!(keeper.is_working(&channel));
    }
    assert_eq!(world.asked("get_suite_token"), 0);
    world.shelf.push("Tk1", Timestamp::from_secs(NOW.as_secs() - 1800));
    assert!(keeper.prove(&channel).await.is_ok());
    assert!(world.platform.calls("get_suite_token")[0].body.contains("Tk1"));
}

#[tokio::test]
async fn a_ticket_that_the_platform_does_not_take_is_waited_for() {
    let world = World::new(SuiteRow::with_ticket(NOW), |seen| match seen.body.contains("Tk2") {
        true => r#"{"suite_access_token":"S1","expires_in":7200}"#.into(),
        false if seen.api == "get_suite_token" => r#"{"errcode":40085,"errmsg":"invalid suite_ticket"}"#.into(),
        false => r#"{"errcode":0,"pre_auth_code":"Cx","expires_in":1200}"#.into(),
    })
    .await;
    let suites = world.process();
    assert_eq!(begun(&suites).await, "not sent");
    world.shelf.push("Tk2", NOW);
    assert_eq!(begun(&suites).await, "Cx");
}

#[tokio::test]
async fn a_wrong_suite_secret_is_tried_once_in_ten_minutes_and_condemns_no_channel() {
    let world = World::new(SuiteRow::with_ticket(NOW), |_| {
        r#"{"errcode":40080,"errmsg":"invalid suite_secret"}"#.into()
    })
    .await;
    let (suites, shelf) = (world.process(), Arc::<MemoryShelf>::default());
    let keeper = world.keeper(&shelf, Some(suites.clone()));
    let channel = installed();
    for _ in 0..3 {
        assert_eq!(begun(&suites).await, "Configuration 40080");
        assert!(keeper.prove(&channel).await.is_err());
    }
    assert!(keeper.is_working(&channel));
    assert_eq!(world.asked("get_suite_token"), 1);
    world.clock.set(NOW + Duration::from_mins(10));
    world.shelf.push("Tk1", NOW + Duration::from_mins(10));
    assert_eq!(begun(&suites).await, "Configuration 40080");
    assert_eq!(world.asked("get_suite_token"), 2);
}

#[tokio::test]
async fn corps_share_the_suites_token_and_fetch_their_own_once() {
    let world = World::new(SuiteRow::with_ticket(NOW), suite_of(&["S1"])).await;
    let shelf = Arc::<MemoryShelf>::default();
    let channel = installed();
    for _ in 0..3 {
        let keeper = world.keeper(&shelf, Some(world.process()));
        let used = keeper.with_token(&channel, |token| async move {
            Ok(token.secret().expose_secret().to_owned())
        });
        assert_eq!(used.await.map_err(|failure| shown(&failure)), Ok("C".into()));
    }
    assert_eq!(
        (
            world.asked("get_suite_token"),
            world.asked("get_corp_token"),
            world.asked("gettoken")
        ),
        (1, 1, 0)
    );
    assert!(shelf.read(channel.id).await.expect("read").is_some());
    assert!(
        world.platform.calls("get_corp_token")[0]
            .body
            .contains(r#""auth_corpid":"handle","permanent_code":"secret""#)
    );
}

#[tokio::test]
async fn a_cancelled_authorisation_ends_the_channel_but_not_the_suite() {
    for code in ["40084", "48004"] {
        let world = World::new(SuiteRow::with_ticket(NOW), move |seen| match seen.api.as_str() {
            "get_corp_token" => format!(r#"{{"errcode":{code},"errmsg":"x"}}"#),
            "get_suite_token" => r#"{"suite_access_token":"S1","expires_in":7200}"#.into(),
            _ => r#"{"errcode":0,"pre_auth_code":"Cx","expires_in":1200}"#.into(),
        })
        .await;
        let (suites, shelf) = (world.process(), Arc::<MemoryShelf>::default());
        let keeper = world.keeper(&shelf, Some(suites.clone()));
        let channel = installed();
        let refused = Err(format!("Configuration {code}"));
        for _ in 0..2 {
            assert_eq!(keeper.prove(&channel).await.map_err(|failure| shown(&failure)), refused);
        }
        assert!(!keeper.is_working(&channel));
        assert_eq!(
            (begun(&suites).await.as_str(), world.asked("get_corp_token")),
            ("Cx", 1)
        );
    }
}

#[tokio::test]
async fn the_credential_of_each_kind_of_app_is_used_its_own_way() {
    for (app, api) in [
        (AppKind::SelfBuilt, "gettoken"),
        (AppKind::ProviderDeveloped, "gettoken"),
        (AppKind::ThirdParty, "get_corp_token"),
    ] {
        let world = World::new(SuiteRow::with_ticket(NOW), |seen| match seen.api.as_str() {
            "get_suite_token" => r#"{"suite_access_token":"S1","expires_in":7200}"#.into(),
            _ => r#"{"access_token":"C","expires_in":7200}"#.into(),
        })
        .await;
        let mut channel = installed();
        channel.app = app;
        let keeper = world.keeper(&Arc::default(), Some(world.process()));
        assert_eq!(keeper.prove(&channel).await, Ok(()));
        assert_eq!(world.asked(api), 1, "{app}");
    }
    let world = World::new(Arc::default(), suite_of(&[])).await;
    let outcome = world.keeper(&Arc::default(), None).prove(&installed()).await;
    assert_eq!(
        outcome.map_err(|failure| shown(&failure)),
        Err("Configuration SUITE_NOT_CONFIGURED".into())
    );
}

#[tokio::test]
async fn an_authorisation_code_is_exchanged_and_an_unknown_suite_refused() {
    let world = World::new(SuiteRow::with_ticket(NOW), suite_of(&["S1"])).await;
    let suites = world.process();
    let new = suites.exchange("dk1", &"ac".into()).await.expect("an authorisation");
    assert_eq!(
        (new.corp_id.as_str(), new.permanent_code.expose_secret()),
        ("wpA", "Qk")
    );
    assert_eq!((new.admin_userid, new.state), (None, None));
    let failure = suites.exchange("dk2", &"ac".into()).await.expect_err("refused");
    assert_eq!(shown(&failure), "Configuration SUITE_NOT_CONFIGURED");
}

#[tokio::test]
async fn a_template_is_installed_by_an_address_that_the_provider_asks_for() {
    let world = World::new(Arc::default(), suite_of(&[])).await;
    let suites = world.process();
    for _ in 0..2 {
        let start = suites.customized_auth_url("st1").await.expect("an address");
        assert_eq!(start.value.expose_secret(), "https://open.example/x");
        assert_eq!(start.expires, NOW + Duration::from_hours(240));
    }
    assert_eq!(world.asked("get_provider_token"), 1);
    assert!(
        world.platform.calls("get_customized_auth_url")[0]
            .body
            .contains(r#"{"state":"st1","templateid_list":["dk1"]}"#)
    );
}

#[tokio::test]
async fn an_authorisation_without_our_app_is_a_clear_refusal() {
    for (agents, expected) in [
        (
            r#"[{"agentid":1000012,"name":"门店助手","auth_mode":0}]"#,
            "1000012 门店助手",
        ),
        ("[]", "Configuration APP_REMOVED"),
    ] {
        let world = World::new(SuiteRow::with_ticket(NOW), move |seen| match seen.api.as_str() {
            "get_suite_token" => r#"{"suite_access_token":"S1","expires_in":7200}"#.into(),
            _ => format!(r#"{{"auth_corp_info":{{"corpid":"wpA"}},"auth_info":{{"agent":{agents}}}}}"#),
        })
        .await;
        let outcome = match world.process().auth_info("ww5f", "wpA", &"Qk".into()).await {
            Ok(info) => format!("{} {}", info.agent_id, info.agent_name),
            Err(failure) => shown(&failure),
        };
        assert_eq!(outcome, expected);
    }
}
