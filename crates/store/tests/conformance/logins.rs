//! Log-ins of personal accounts.

use futures::future::join_all;
use moments_domain::{
    AccountId, AccountStatus, AccountType, AppKind, AuditAction, ChannelId, ChannelKind, DeviceType, LoginStatus,
    NewAudit, NoticedBy, Standing, StatusCode, Timestamp, UserId,
};
use moments_store::{LoggedIn, Login, NewAccount, NewChannel, StoreError};

use crate::audit::told_since;
use crate::checks::secs;
use crate::world::{NOW, USER, World, told};

const OTHER: UserId = UserId(2);

fn begins() -> NewAudit {
    told(AuditAction::Login)
}

fn ends() -> Vec<NewAudit> {
    vec![told(AuditAction::Bind), told(AuditAction::LoginEnd)]
}

async fn wish(w: &World, user: UserId) -> Login {
    Login {
        id: w.store.new_login_id().await.expect("an id"),
        user_id: user,
        status: LoginStatus::Waiting,
        gateway: "gateway".into(),
        base_url: None,
        app_id: None,
        device_time: None,
        device_type: DeviceType::Ipad,
        region_id: "330000".into(),
        name: None,
        channel_id: None,
        wxid: None,
        nick_name: None,
        avatar_url: None,
        secrets: Some("sealed".into()),
        number: None,
        message: None,
        expire_time: NOW + secs(120),
        look_time: Some(NOW + secs(60)),
        lease: 1,
    }
}

/// A log-in with its device, due at `look`.
async fn begun(w: &World, user: UserId, app_id: &str, look: Timestamp) -> Login {
    let mut login = w
        .store
        .begin_login(&wish(w, user).await, &begins())
        .await
        .expect("a row");
    w.store.keep_device(login.id, app_id, NOW).await.expect("a write");
    login.app_id.get_or_insert_with(|| app_id.to_owned());
    login.device_time = Some(NOW);
    login.look_time = Some(look);
    assert!(w.store.save_login(&login, NOW).await.expect("a write"));
    login
}

fn logged_in(login: &Login, channel_id: ChannelId, wxid: &str) -> (Login, LoggedIn) {
    let done = Login {
        status: LoginStatus::Done,
        channel_id: Some(channel_id),
        wxid: Some(wxid.into()),
        look_time: None,
        ..login.clone()
    };
    let new = NewChannel {
        user_id: login.user_id,
        kind: ChannelKind::Gewe,
        app: AppKind::SelfBuilt,
        suite_id: None,
        name: "小禾咖啡".into(),
        handle: login.app_id.clone().expect("a device"),
        agent_id: None,
        wxid: Some(wxid.into()),
        base_url: None,
    };
    let end = LoggedIn {
        channel_id,
        bind: Some((new, "sealed".into())),
        account: NewAccount {
            account_id: AccountId(wxid.into()),
            account_name: "小禾咖啡".into(),
            account_type: AccountType::Personal,
            standing: Standing::Active,
            departments: Vec::new(),
        },
    };
    (done, end)
}

pub(crate) async fn an_unused_device_is_taken_again_by_its_owner_alone(w: World) {
    let first = begun(&w, USER, "wx_1", NOW).await;
    let again = w
        .store
        .begin_login(&wish(&w, USER).await, &begins())
        .await
        .expect("a row");
    assert_eq!((again.app_id.as_deref(), again.device_time), (Some("wx_1"), Some(NOW)));
    let first = w
        .store
        .find_login(USER, first.id)
        .await
        .expect("a read")
        .expect("a row");
    assert_eq!(
        (first.status, first.app_id, first.secrets),
        (LoginStatus::Cancelled, None, None)
    );
    assert_eq!(
        told_since(&w).await,
        [
            "LOGIN 31".to_owned(),
            format!("LOGIN_END {}", first.id),
            "LOGIN 31".to_owned()
        ]
    );
    let stranger = w
        .store
        .begin_login(&wish(&w, OTHER).await, &begins())
        .await
        .expect("a row");
    assert_eq!(stranger.app_id, None);
    w.store.forget_device(USER, "wx_1").await.expect("a write");
    let anew = Login {
        app_id: Some("wx_2".into()),
        ..again
    };
    assert!(
        w.store
            .save_login(
                &Login {
                    status: LoginStatus::Failed,
                    wxid: Some("wxid_x".into()),
                    look_time: None,
                    ..anew
                },
                NOW
            )
            .await
            .expect("a write")
    );
    let fresh = w
        .store
        .begin_login(&wish(&w, USER).await, &begins())
        .await
        .expect("a row");
    assert_eq!(fresh.app_id, None, "somebody has logged in on that device");
}

pub(crate) async fn one_log_in_at_a_time_asks_a_gateway_for_a_device(w: World) {
    let (stores, entry) = (w.three().await, begins());
    let mut wishes = Vec::new();
    for _ in &stores {
        wishes.push(wish(&w, USER).await);
    }
    let begun = join_all(
        stores
            .iter()
            .zip(&wishes)
            .map(|(store, wish)| store.begin_login(wish, &entry)),
    )
    .await;
    let refused = begun
        .iter()
        .filter(|one| matches!(one, Err(StoreError::Conflict(_))))
        .count();
    assert_eq!(
        (begun.iter().filter(|one| one.is_ok()).count(), refused),
        (1, 2),
        "{begun:?}"
    );
}

pub(crate) async fn a_log_in_is_polled_by_one_and_lost_to_whoever_takes_it(w: World) {
    let login = begun(&w, USER, "wx_1", NOW).await;
    let stores = w.three().await;
    let claims = join_all(stores.iter().map(|store| store.claim_logins(NOW, NOW + secs(60), 9))).await;
    let mut claimed: Vec<_> = claims.into_iter().flat_map(|claim| claim.expect("a claim")).collect();
    assert_eq!(claimed.len(), 1, "{claimed:?}");
    let mut polled = claimed.remove(0);
    let ours = w
        .store
        .take_login(USER, login.id, NOW + secs(60))
        .await
        .expect("a write")
        .expect("a row");
    assert!(
        w.store
            .take_login(OTHER, login.id, NOW)
            .await
            .expect("a write")
            .is_none()
    );
    polled.status = LoginStatus::Scanned;
    assert!(
        !w.store.save_login(&polled, NOW).await.expect("a write"),
        "it was taken"
    );
    let (done, end) = logged_in(&polled, w.store.new_channel_id().await.expect("an id"), "wxid_k");
    assert!(
        !w.store.finish_login(&done, &end, NOW, &ends()).await.expect("a write"),
        "it was taken"
    );
    assert!(w.store.find_channel(end.channel_id).await.expect("a read").is_none());
    let end = &ends()[1];
    assert!(!w.store.end_login(&polled, end).await.expect("a write"), "it was taken");
    assert_eq!(told_since(&w).await, ["LOGIN 31"], "what did not happen is not told");
    assert!(w.store.end_login(&ours, end).await.expect("a write"));
    assert_eq!(told_since(&w).await, ["LOGIN 31", "LOGIN_END 31"]);
}

pub(crate) async fn a_log_in_ends_with_its_channel_or_not_at_all(w: World) {
    let login = begun(&w, USER, "wx_1", NOW).await;
    let id = w.store.new_channel_id().await.expect("an id");
    let (done, end) = logged_in(&login, id, "wxid_k");
    assert!(w.store.finish_login(&done, &end, NOW, &ends()).await.expect("a write"));
    let accounts = w.store.accounts_of(id).await.expect("a read");
    assert_eq!((accounts.len(), accounts[0].status), (1, AccountStatus::Active));
    assert_eq!(first_login(&w, id).await, Some(NOW));
    // Bound again through another device: the same WeChat must not be on two.
    let second = begun(&w, USER, "wx_2", NOW).await;
    let (done, end) = logged_in(&second, w.store.new_channel_id().await.expect("an id"), "wxid_k");
    let refused = w.store.finish_login(&done, &end, NOW, &ends()).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    let still = w
        .store
        .find_login(USER, second.id)
        .await
        .expect("a read")
        .expect("a row");
    assert_eq!(still.status, LoginStatus::Waiting);
    assert_eq!(
        told_since(&w).await,
        ["LOGIN 31", "BIND 31", "LOGIN_END 31", "LOGIN 31"]
    );
    // Off line, and on line again through the same device.
    w.store
        .set_account_status(id, &Standing::of(StatusCode::DeviceOffline), NoticedBy::Check, NOW)
        .await
        .expect("a write");
    let again = Login {
        channel_id: Some(id),
        app_id: Some("wx_1".into()),
        ..wish(&w, USER).await
    };
    let again = w.store.begin_login(&again, &begins()).await.expect("a row");
    let (done, end) = logged_in(&again, id, "wxid_k");
    assert!(
        w.store
            .finish_login(&done, &LoggedIn { bind: None, ..end }, NOW + secs(9), &ends())
            .await
            .expect("a write")
    );
    assert_eq!(
        w.store.accounts_of(id).await.expect("a read")[0].status,
        AccountStatus::Active
    );
    assert_eq!(first_login(&w, id).await, Some(NOW));
    assert_eq!(
        w.store.last_login(id).await.expect("a read").expect("a row").id,
        again.id
    );
    w.store
        .remove_channel(USER, id, moments_store::Waiting::Fail, &told(AuditAction::Unbind))
        .await
        .expect("a write");
    assert!(w.store.last_login(id).await.expect("a read").is_none());
}

pub(crate) async fn a_number_waits_for_the_poll_that_carries_it(w: World) {
    let login = begun(&w, USER, "wx_1", NOW + secs(60)).await;
    assert!(
        w.store
            .put_login_number(USER, login.id, "first", NOW)
            .await
            .expect("a write")
    );
    let mut polled = w
        .store
        .claim_logins(NOW, NOW + secs(60), 9)
        .await
        .expect("a claim")
        .remove(0);
    assert_eq!(polled.number.as_deref(), Some("first"));
    assert!(
        w.store
            .put_login_number(USER, login.id, "second", NOW)
            .await
            .expect("a write")
    );
    polled.look_time = Some(NOW);
    assert!(w.store.save_login(&polled, NOW).await.expect("a write"));
    let mut polled = w
        .store
        .claim_logins(NOW, NOW + secs(60), 9)
        .await
        .expect("a claim")
        .remove(0);
    assert_eq!(polled.number.as_deref(), Some("second"));
    (polled.status, polled.look_time) = (LoginStatus::Expired, None);
    assert!(w.store.save_login(&polled, NOW).await.expect("a write"));
    let over = w
        .store
        .find_login(USER, login.id)
        .await
        .expect("a read")
        .expect("a row");
    assert_eq!((over.number, over.look_time), (None, None));
    assert!(
        !w.store
            .put_login_number(USER, login.id, "third", NOW)
            .await
            .expect("a write")
    );
    assert_eq!(
        w.store.prune_logins(NOW + secs(1)).await.expect("a write"),
        0,
        "it keeps its device"
    );
    w.store.forget_device(USER, "wx_1").await.expect("a write");
    assert_eq!(w.store.prune_logins(NOW + secs(1)).await.expect("a write"), 1);
}

pub(crate) async fn an_address_of_events_is_known_until_another_one_is(w: World) {
    for (address, time) in [("a", NOW), ("b", NOW), ("b", NOW + secs(1))] {
        w.store.put_callback("gateway", address, time).await.expect("a write");
        assert!(w.store.has_callback("gateway", address).await.expect("a read"));
    }
    assert!(!w.store.has_callback("gateway", "a").await.expect("a read"));
    assert!(!w.store.has_callback("another", "b").await.expect("a read"));
}

async fn first_login(w: &World, id: ChannelId) -> Option<Timestamp> {
    let channel = w.store.find_channel(id).await.expect("a read").expect("a channel");
    channel.first_login_time
}
