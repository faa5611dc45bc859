//! What goes in comes out.

use std::time::Duration;

use moments_domain::{
    AccountId, AuditAction, ChannelKind, MomentLink, Move, NoticedBy, Outcome, Timestamp, UserId, Visibility,
};
use moments_store::{
    AccountOutcome, CHANNEL_CREDENTIAL, CHANNEL_TOKEN, Hold, MediaRow, NewResult, Saved, SealKey, StoreError,
};

use crate::checks::secs;
use crate::world::{NOW, USER, World, account, corp, member, save, step, told};

pub(crate) async fn times_keep_their_microseconds(w: World) {
    for micros in [0, 1, 999_999] {
        let at = Timestamp(NOW.0 + 3_600_000_000 + micros);
        let mut task = World::task(&micros.to_string(), &w.channels[..1], Some(at));
        task.now = Timestamp(NOW.0 + micros);
        let id = w.create(task).await;
        let task = w.store.find_task(USER, id).await.expect("a read").expect("a task");
        let created = Timestamp(NOW.0 + micros);
        assert_eq!(
            (task.scheduled_time, task.create_time, task.update_time),
            (Some(at), created, created)
        );
    }
}

pub(crate) async fn texts_of_every_kind_come_back_as_they_were(w: World) {
    let long = "朋友圈🎉".repeat(4000 / "朋友圈🎉".len());
    let texts = [
        "",
        "早安 👨‍👩‍👧‍👦",
        "it's \"so\" \\n {not} $1 ? ; --",
        "one\ntwo\t\u{1}",
        &long,
    ];
    for text in texts {
        let mut task = World::task(text, &w.channels[..1], None);
        task.fingerprint = "f".into();
        task.publications[0].accounts[0].account_name = Some("小禾\u{1F33E}'".into());
        let id = w.create(task).await;
        let claimed = w.claim_one(NOW).await;
        assert_eq!(claimed.content.text, text);
        assert_eq!(
            w.store.save(save(&claimed, Move::GiveUp, NOW)).await.expect("a save"),
            Saved::Done
        );
        let task = w.store.find_task(USER, id).await.expect("a read").expect("a task");
        assert_eq!(task.results[0].account_name.as_deref(), Some("小禾\u{1F33E}'"));
    }
    // No platform answers so; if one does, the row must be stored all the same.
    w.create(World::task("a\0b", &w.channels[..1], None)).await;
    assert!(w.claim_one(NOW).await.content.text.starts_with('a'));
}

pub(crate) async fn a_link_and_an_audience_come_back_as_they_were(w: World) {
    let link = MomentLink {
        title: "it's \"new\" 🎉".into(),
        url: "https://shop.example.com/a?b=1&c=\\".into(),
        cover_url: Some("https://cdn.example.com/1.jpg".into()),
    };
    let bare = MomentLink {
        cover_url: None,
        ..link.clone()
    };
    let visibility = Visibility {
        customer_tags: vec!["etAbC0001".into()],
        deny: vec!["wxid_a".into(), "wxid_b".into()],
        ..Visibility::default()
    };
    for (link, visibility) in [
        (Some(link), Some(visibility.clone())),
        (Some(bare), None),
        (None, Some(visibility)),
        (None, None),
    ] {
        let mut task = World::task("早安", &w.channels[..1], None);
        (task.content.link, task.content.visibility) = (link.clone(), visibility.clone());
        let id = w.create(task).await;
        let claimed = w.claim_one(NOW).await;
        assert_eq!(
            (&claimed.content.link, &claimed.content.visibility),
            (&link, &visibility)
        );
        let task = w.store.find_task(USER, id).await.expect("a read").expect("a task");
        assert_eq!((task.link, task.visibility), (link, visibility));
        let saved = w.store.save(save(&claimed, Move::GiveUp, NOW)).await;
        assert_eq!(saved.expect("a save"), Saved::Done);
    }
}

pub(crate) async fn ten_thousand_accounts_fit_into_one_task(w: World) {
    let name = |n: u32| format!("member-{n}");
    let mut task = World::task("早安", &w.channels[..1], None);
    task.publications[0].accounts = (0..10_000)
        .map(|place| NewResult {
            place,
            account_id: account(w.channels[0], &name(place)),
            account_name: None,
        })
        .collect();
    let id = w.create(task).await;
    let mut claimed = w.claim_one(NOW).await;
    assert_eq!(claimed.targets.len(), 10_000);
    for by in [Move::Submit, Move::Create] {
        assert_eq!(step(&w, &mut claimed, by, NOW).await, Saved::Done);
    }
    let mut settle = save(&claimed, Move::Settle, NOW);
    settle.outcomes = (0..10_000)
        .map(|n| AccountOutcome {
            account_id: account(w.channels[0], &name(n)),
            outcome: if n % 100 == 0 {
                Outcome::Expired
            } else {
                Outcome::Published
            },
            failure: None,
        })
        .collect();
    let begun = std::time::Instant::now();
    assert_eq!(w.store.save(settle).await.expect("a save"), Saved::Done);
    assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
    let task = w.store.find_task(USER, id).await.expect("a read").expect("a task");
    assert_eq!((task.counts().success, task.counts().failed), (9_900, 100));
    assert_eq!(task.results[5].account_id, account(w.channels[0], &name(5)));
}

pub(crate) async fn accounts_that_differ_in_case_are_different(w: World) {
    let channel = w.channels[0];
    let found = w.store.find_channel(channel).await.expect("a read").expect("a channel");
    let both = ["Abc", "abc"].map(|name| member(channel, name));
    w.store
        .refresh_channel(&found, &both, NoticedBy::Check, NOW)
        .await
        .expect("a write");
    let wanted = ["abc", "ABC", "Abc"].map(|name| account(channel, name));
    let found = w.store.find_accounts(USER, &wanted).await.expect("a read");
    let found: Vec<_> = found.into_iter().map(|account| account.account_id).collect();
    assert_eq!(found, [wanted[0].clone(), wanted[2].clone()]);
    let mut task = World::task("早安", &[channel], None);
    for (result, id) in task.publications[0].accounts.iter_mut().zip(found) {
        result.account_id = id;
    }
    let id = w.create(task).await;
    let mut claimed = w.claim_one(NOW).await;
    step(&w, &mut claimed, Move::Submit, NOW).await;
    step(&w, &mut claimed, Move::Create, NOW).await;
    let mut settle = save(&claimed, Move::Settle, NOW);
    settle.hold = Hold::Release;
    settle.outcomes = [("Abc", Outcome::Published), ("abc", Outcome::Expired)]
        .map(|(name, outcome)| AccountOutcome {
            account_id: account(channel, name),
            outcome,
            failure: None,
        })
        .to_vec();
    w.store.save(settle).await.expect("a save");
    assert_eq!(
        w.task_line(id).await,
        "PARTIAL_SUCCESS: abc FAILED FAILED, Abc SUCCESS PUBLISHED"
    );
}

pub(crate) async fn a_long_name_is_shortened_not_refused(w: World) {
    let channel = w.channels[0];
    let found = w.store.find_channel(channel).await.expect("a read").expect("a channel");
    let mut reported = member(channel, "a");
    reported.account_name = "禾".repeat(200);
    w.store
        .refresh_channel(&found, &[reported], NoticedBy::Check, NOW)
        .await
        .expect("a write");
    let accounts = w.store.accounts_of(channel).await.expect("a read");
    assert_eq!(accounts[0].account_name, Some("禾".repeat(100)));
}

pub(crate) async fn a_channel_is_bound_again_and_never_over_anothers(w: World) {
    let id = w.channels[0];
    let again = w
        .store
        .put_channel(
            id,
            &corp("corp1"),
            "newer",
            &[member(id, "a")],
            NOW + secs(1),
            &told(AuditAction::Bind),
        )
        .await;
    again.expect("a write");
    let bound = w.store.find_channel(id).await.expect("a read").expect("a channel");
    assert_eq!(
        (bound.credential.as_str(), bound.credential_version, bound.create_time),
        ("newer", 2, NOW)
    );
    let fresh = w.store.new_channel_id().await.expect("an id");
    let mut stranger = corp("corp1");
    stranger.user_id = UserId(2);
    let refused = w
        .store
        .put_channel(fresh, &stranger, "theirs", &[], NOW, &told(AuditAction::Bind))
        .await;
    assert!(matches!(refused, Err(StoreError::Conflict("channel"))), "{refused:?}");
    let refused = w
        .store
        .put_channel(
            fresh,
            &corp("corp3"),
            "theirs",
            &[member(id, "a")],
            NOW,
            &told(AuditAction::Bind),
        )
        .await;
    assert!(matches!(refused, Err(StoreError::Conflict("account"))), "{refused:?}");
    let bound = w
        .store
        .find_channel_by_handle(ChannelKind::Wecom, "corp1")
        .await
        .expect("a read");
    let bound = bound.expect("a channel");
    assert_eq!(
        (bound.id, bound.user_id, bound.credential.as_str()),
        (id, USER, "newer")
    );
    assert!(w.store.find_channel(fresh).await.expect("a read").is_none());
}

pub(crate) async fn what_is_known_of_media_is_written_once_and_found_again(w: World) {
    let id = w.create(World::task("早安", &w.channels[..1], None)).await;
    let row = |media: &str| MediaRow {
        sha256: "0a".to_owned(),
        media: media.to_owned(),
    };
    let media = ["{\"a\":1}", "{\"b\":\"图\"}"];
    for known in [&media.map(row)[..], &[row("{}")]] {
        w.store.put_media(id, known).await.expect("a write");
        assert_eq!(w.store.media(id).await.expect("a read"), media);
    }
    let channel = w.channels[0];
    for (reference, until) in [("first", 60), ("second", 120)] {
        let put = w.store.put_upload(channel, "hash", reference, NOW + secs(until));
        put.await.expect("a write");
        let find = |at| w.store.find_upload(channel, "hash", NOW + secs(at));
        assert_eq!(find(until - 1).await.expect("a read").as_deref(), Some(reference));
        assert_eq!(find(until).await.expect("a read"), None);
    }
    w.store
        .forget_uploads(channel, &["hash".to_owned()])
        .await
        .expect("a write");
    assert_eq!(w.store.find_upload(channel, "hash", NOW).await.expect("a read"), None);
}

pub(crate) async fn a_draft_is_its_owners(w: World) {
    let row = "INSERT INTO t_workbench_content (id, user_id, title, content_type, content_data, status, create_time, update_time) \
               VALUES (7, 1, '秋季新品', 'TEXT', '{\"text\":\"早安\"}', 'READY', '2026-01-01 00:00:00', '2026-01-01 00:00:00')";
    w.meddle(row).await;
    let draft = w.store.find_draft(USER, 7).await.expect("a read").expect("a draft");
    assert_eq!(
        (draft.title.as_str(), draft.content_data.as_str()),
        ("秋季新品", "{\"text\":\"早安\"}")
    );
    assert_eq!(
        (draft.status.as_str(), draft.version.as_str()),
        ("READY", "2026-01-01T00:00:00Z")
    );
    assert!(w.store.find_draft(UserId(2), 7).await.expect("a read").is_none());
    let nobody = AccountId("nobody".into());
    assert_eq!(w.store.find_accounts(USER, &[nobody]).await.expect("a read"), []);
}

pub(crate) async fn sealed_texts_are_found_page_by_page_and_swapped_only_where_nobody_was_faster(w: World) {
    let place = &CHANNEL_CREDENTIAL;
    let read = async |after: Option<&SealKey>, most| w.store.sealed(place, after, most).await.expect("a read");
    let first = read(None, 1).await;
    let second = read(Some(&first[0].key), 1).await;
    let keys = w.channels.map(|id| SealKey::Number(id.0));
    assert_eq!([&first[0].key, &second[0].key], [&keys[0], &keys[1]]);
    assert!(read(Some(&second[0].key), 1).await.is_empty());
    w.store
        .put_channel(
            w.channels[1],
            &corp("corp2"),
            "faster",
            &[],
            NOW,
            &told(AuditAction::Bind),
        )
        .await
        .expect("a write");
    let swaps = [first, second]
        .concat()
        .into_iter()
        .map(|value| (value, Some("swapped".to_owned())));
    let swaps: Vec<_> = swaps.collect();
    w.store.swap_seals(place, &swaps).await.expect("a write");
    let texts: Vec<_> = read(None, 9).await.into_iter().map(|value| value.sealed).collect();
    assert_eq!(texts, ["swapped", "faster"]);
    assert!(
        w.store
            .sealed(&CHANNEL_TOKEN, None, 9)
            .await
            .expect("a read")
            .is_empty(),
        "no token was ever fetched"
    );
}
