//! Unbinding accounts and channels while posts wait for them, are held, or are with the platform.

use moments_domain::{AuditAction, FailReason, Move, NoticedBy, Outcome, Timestamp, UserId};
use moments_store::{Account, Claimed, Hold, NewAccount, Removal, Saved, Unbinding, Waiting};

use crate::checks::secs;
use crate::standing::{line, report};
use crate::world::{NOW, USER, World, account, corp, gate, member, save, step, told};

async fn unbind(w: &World, name: &str, waiting: Waiting) -> Unbinding {
    let id = account(w.channels[0], name);
    let entry = told(AuditAction::Unbind);
    w.store
        .unbind_account(USER, &id, waiting, &entry)
        .await
        .expect("a write")
}

fn done(failed_publications: u64, unfollowed_publications: u64) -> Unbinding {
    Unbinding::Done(Removal {
        failed_publications,
        unfollowed_publications,
    })
}

async fn submit(w: &World, now: Timestamp) -> Claimed {
    let mut claimed = w.claim_one(now).await;
    let mut intent = save(&claimed, Move::Submit, now);
    intent.gate = Some(gate(0, now));
    intent.hold = Hold::Keep;
    claimed.publication = intent.publication.clone();
    assert_eq!(w.store.save(intent).await.expect("a save"), Saved::Done);
    claimed
}

pub(crate) async fn a_post_that_is_held_loses_its_unbound_account_and_its_holder(w: World) {
    let id = w.create(World::task("早安", &w.channels[..1], None)).await;
    let mut held = w.claim_one(NOW).await;
    assert_eq!(step(&w, &mut held, Move::Prepare, NOW).await, Saved::Done);
    assert_eq!(unbind(&w, "a", Waiting::Refuse).await, Unbinding::Waits(vec![id]));
    assert_eq!(unbind(&w, "a", Waiting::Fail).await, done(1, 0));
    assert_eq!(step(&w, &mut held, Move::Submit, NOW).await, Saved::LeaseLost);
    let again = w.claim_one(NOW).await;
    let open = again.targets.iter().filter(|target| target.outcome == Outcome::Pending);
    let open: Vec<_> = open.map(|target| target.account_id.platform_name()).collect();
    assert_eq!(open, ["b"]);
    assert_eq!(
        w.task_line(id).await,
        "PROCESSING: a FAILED FAILED, b PROCESSING UPLOADING"
    );
    let task = w.store.find_task(USER, id).await.expect("a read").expect("a task");
    assert_eq!(task.results[0].error_reason, Some(FailReason::AccountUnbound));
    assert_eq!(unbind(&w, "b", Waiting::Fail).await, done(1, 0));
    assert_eq!(w.task_line(id).await, "FAILED: a FAILED FAILED, b FAILED FAILED");
    assert!(
        w.claim(NOW + secs(600)).await.is_empty(),
        "nobody is left to publish for"
    );
}

pub(crate) async fn what_is_with_the_platform_is_followed_for_an_unbound_account(w: World) {
    let id = w.create(World::task("早安", &w.channels[..1], None)).await;
    let mut sent = submit(&w, NOW).await;
    assert_eq!(unbind(&w, "a", Waiting::Refuse).await, done(0, 0));
    assert_eq!(step(&w, &mut sent, Move::Accept, NOW).await, Saved::Done);
    assert_eq!(
        w.task_line(id).await,
        "PROCESSING: a PROCESSING CREATING, b PROCESSING CREATING"
    );
}

pub(crate) async fn an_unbound_account_comes_back_by_its_owners_wish_alone(w: World) {
    let (store, channel) = (&w.store, w.channels[0]);
    let both: [NewAccount; 2] = ["a", "b"].map(|name| NewAccount {
        departments: vec![2, 5],
        ..member(channel, name)
    });
    let names = |accounts: Vec<Account>| {
        let name = |account: &Account| account.account_id.platform_name().to_owned();
        accounts.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(unbind(&w, "a", Waiting::Refuse).await, done(0, 0));
    assert_eq!(
        unbind(&w, "a", Waiting::Refuse).await,
        Unbinding::Unknown,
        "it is unbound"
    );
    assert_eq!(report(&w, NoticedBy::Check, &both).await, 0, "nothing to tell");
    let bound = told(AuditAction::Bind);
    let changes = store
        .put_channel(channel, &corp("corp1"), "new", &both, NOW, &bound)
        .await;
    assert_eq!(changes.expect("a write"), []);
    assert_eq!(names(store.accounts_of(channel).await.expect("a read")), ["b"]);
    assert_eq!(names(store.accounts(USER).await.expect("a read")), ["b", "a", "b"]);
    assert_eq!(names(store.unbound_accounts(USER).await.expect("a read")), ["a"]);
    let unbound = store.unbound_of(channel).await.expect("a read");
    let a = account(channel, "a");
    assert!(unbound.contains(&a) && unbound.len() == 1);
    let entry = told(AuditAction::Restore);
    let restore = |user| store.restore_account(user, &a, &entry);
    assert_eq!(restore(UserId(2)).await.expect("an answer"), None, "another's");
    assert_eq!(restore(USER).await.expect("a write"), Some(channel));
    assert_eq!(restore(USER).await.expect("an answer"), None, "it is back");
    let untold = [member(channel, "a"), member(channel, "b")];
    assert_eq!(report(&w, NoticedBy::User, &untold).await, 1);
    assert_eq!(
        line(&w, "a").await,
        "ACTIVE : ACTIVE  by BIND, EXPIRED UNBOUND by USER, EXPIRED UNLISTED by USER, ACTIVE  by USER"
    );
    let accounts = store.accounts_of(channel).await.expect("a read");
    assert!(
        accounts.iter().all(|account| account.departments == [2, 5]),
        "what nobody tells stays: {accounts:?}"
    );
}

pub(crate) async fn a_removed_channel_tells_what_waited_from_what_may_be_out(w: World) {
    let sent = w.create(World::task("已提交", &w.channels[..1], None)).await;
    submit(&w, NOW).await;
    let waits = w
        .create(World::task("等待", &w.channels[..1], Some(NOW + secs(600))))
        .await;
    let remove = async |waiting| {
        let entry = told(AuditAction::Unbind);
        w.store.remove_channel(USER, w.channels[0], waiting, &entry).await
    };
    let refused = remove(Waiting::Refuse).await.expect("an answer");
    assert_eq!(refused, Unbinding::Waits(vec![sent, waits]));
    assert_eq!(
        w.task_line(waits).await,
        "PENDING: a PENDING SCHEDULED, b PENDING SCHEDULED"
    );
    assert_eq!(remove(Waiting::Fail).await.expect("a write"), done(1, 1));
    assert_eq!(w.task_line(waits).await, "FAILED: a FAILED FAILED, b FAILED FAILED");
    assert_eq!(w.task_line(sent).await, "FAILED: a FAILED HELD, b FAILED HELD");
}
