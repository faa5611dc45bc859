//! Trouble with WeCom, one kind for each row: how the post ends, how many Moments there are, how often creating was tried.
//!
//! Every row has a corp of its own, and all rows of a table run at the same time over one program.

use futures::future::join_all;
use moments_sandbox::{FaultKind, Mix, MixPart, World as Platform};

use crate::api::OWNER;
use crate::world::{Corp, World, corp_seed, secret_of};

/// One kind of trouble and what must come of it.
struct Row {
    /// The corp's id, which names the row.
    name: &'static str,
    /// The struck call.
    call: &'static str,
    kind: FaultKind,
    /// See [`crate::sync::Task::outcome`].
    outcome: &'static str,
    /// Moments of the corp that exist in the end.
    moments: usize,
    /// Calls of `add_moment_task`.
    creations: u64,
}

const fn row(
    (name, call): (&'static str, &'static str),
    kind: FaultKind,
    (outcome, moments, creations): (&'static str, usize, u64),
) -> Row {
    Row {
        name,
        call,
        kind,
        outcome,
        moments,
        creations,
    }
}

const fn errcode(errcode: i64) -> FaultKind {
    FaultKind::Errcode {
        errcode,
        errmsg: String::new(),
    }
}

/// Short waits for whatever has no clear answer.
async fn impatient() -> World {
    World::with(&[("PUBLISH_CALL_TIMEOUT_SECS", "10")]).await
}

async fn check_all(rows: Vec<Row>) {
    let world = impatient().await;
    join_all(rows.iter().map(|row| check(&world, row))).await;
    assert_eq!(world.sandbox.faults_waiting().0, [], "every fault struck");
    world.assert_no_violation();
}

async fn check(world: &World, row: &Row) {
    let corp = world.corp(row.name).await;
    world.strike(Platform::Wecom, row.name, row.call, row.kind.clone());
    let picture = format!("{}/pictures/{}.jpg", world.sandbox_url, row.name);
    let id = world
        .sync("早安")
        .to([corp.account("li.na")])
        .media([picture])
        .accepted()
        .await;
    let task = world.check(id, row.outcome).await;
    let found = (existing(world, &corp), world.calls(row.name, "add_moment_task"));
    assert_eq!(found, (row.moments, row.creations), "{}: {}", row.name, task.0);
    let failed = task.results()[0]["status"] == "FAILED";
    assert_eq!(
        failed,
        !task.message().is_empty(),
        "{}: whoever failed reads why",
        row.name
    );
}

/// Moments that are there, failed creations left out.
fn existing(world: &World, corp: &Corp) -> usize {
    let moments = world.moments_of(&corp.id);
    moments
        .iter()
        .filter(|moment| moment.stage != moments_sandbox::MomentStage::Failed)
        .count()
}

const SENT_AGAIN: (&str, usize, u64) = ("li.na SUCCESS", 1, 2);
const FOUND: (&str, usize, u64) = ("li.na SUCCESS", 1, 1);

#[tokio::test]
async fn after_a_create_call_without_a_clear_answer_the_platform_is_asked_first() {
    let create = |name| (name, "add_moment_task");
    check_all(vec![
        row(create("ww_busy"), errcode(-1), SENT_AGAIN),
        row(create("ww_cut_before"), FaultKind::CutBefore, SENT_AGAIN),
        row(create("ww_502_before"), FaultKind::Html502Before, SENT_AGAIN),
        row(create("ww_html_200"), FaultKind::Html200, SENT_AGAIN),
        row(create("ww_cut_after"), FaultKind::CutAfter, FOUND),
        row(create("ww_502_after"), FaultKind::Html502After, FOUND),
        row(create("ww_half_body"), FaultKind::HalfBody, FOUND),
        row(create("ww_slow"), FaultKind::Slow { ms: 30_000 }, FOUND),
    ])
    .await;
}

#[tokio::test]
async fn an_answer_that_only_looks_different_is_understood() {
    let create = |name| (name, "add_moment_task");
    let job = |name| (name, "get_moment_task_result");
    let tasks = |name| (name, "get_moment_task");
    let (drift, more, bare) = (FaultKind::Drift, FaultKind::ExtraFields, FaultKind::MissingErrcode);
    check_all(vec![
        row(create("ww_drift_1"), drift.clone(), FOUND),
        row(job("ww_drift_2"), drift.clone(), FOUND),
        row(tasks("ww_drift_3"), drift, FOUND),
        row(create("ww_more_1"), more.clone(), FOUND),
        row(job("ww_more_2"), more.clone(), FOUND),
        row(tasks("ww_more_3"), more, FOUND),
        row(create("ww_bare_1"), bare.clone(), FOUND),
        row(job("ww_bare_2"), bare.clone(), FOUND),
        row(tasks("ww_bare_3"), bare, FOUND),
    ])
    .await;
}

#[tokio::test]
async fn a_clear_no_ends_the_post_or_makes_it_wait_by_its_code() {
    let create = |name| (name, "add_moment_task");
    let no = |reason| (reason, 0, 1);
    check_all(vec![
        row(create("ww_40201"), errcode(40201), no("li.na FAILED CONTENT_REFUSED")),
        row(
            create("ww_job_40201"),
            FaultKind::JobFails { errcode: 40201 },
            no("li.na FAILED CONTENT_REFUSED"),
        ),
        row(create("ww_41080"), errcode(41080), no("li.na FAILED MEDIA_REJECTED")),
        row(
            create("ww_48002"),
            errcode(48002),
            no("li.na FAILED PERMISSION_MISSING"),
        ),
        row(create("ww_60020"), errcode(60020), no("li.na WAITING_ONLINE")),
        row(create("ww_40001"), errcode(40001), no("li.na FAILED CREDENTIAL_BROKEN")),
        row(create("ww_81013"), errcode(81013), no("li.na FAILED TARGET_GONE")),
        row(
            create("ww_701008"),
            errcode(701_008),
            no("li.na FAILED LICENCE_MISSING"),
        ),
        row(
            create("ww_unknown"),
            errcode(987_654),
            no("li.na FAILED REQUEST_REJECTED"),
        ),
        row(create("ww_45009"), errcode(45009), no("li.na WAITING_QUOTA")),
        row(create("ww_41078"), errcode(41078), no("li.na WAITING_QUOTA")),
        row(create("ww_41210"), errcode(41210), no("li.na WAITING_QUOTA")),
    ])
    .await;
}

/// What is tried again waits half a minute first; so all of it runs side by side.
#[tokio::test]
async fn trouble_on_the_way_costs_time_and_nothing_else() {
    let upload = |name| (name, "upload_attachment");
    let job = |name| (name, "get_moment_task_result");
    let tasks = |name| (name, "get_moment_task");
    let create = |name| (name, "add_moment_task");
    check_all(vec![
        row(upload("ww_up_busy"), errcode(-1), FOUND),
        row(upload("ww_up_cut"), FaultKind::CutAfter, FOUND),
        row(upload("ww_up_502"), FaultKind::Html502Before, FOUND),
        row(job("ww_job_busy"), errcode(-1), FOUND),
        row(job("ww_job_cut"), FaultKind::CutBefore, FOUND),
        row(tasks("ww_41079"), errcode(41079), FOUND),
        row(tasks("ww_41063"), errcode(41063), FOUND),
        row(tasks("ww_tasks_half"), FaultKind::HalfBody, FOUND),
        row(create("ww_40007"), errcode(40007), SENT_AGAIN),
        row(create("ww_40014"), errcode(40014), SENT_AGAIN),
        row(create("ww_42001"), errcode(42001), SENT_AGAIN),
    ])
    .await;
}

#[tokio::test]
async fn a_stale_medium_is_uploaded_once_more() {
    let world = World::new().await;
    let corp = world.corp("ww_stale").await;
    world.strike(Platform::Wecom, &corp.id, "add_moment_task", errcode(40007));
    let picture = format!("{}/pictures/a.jpg", world.sandbox_url);
    let id = world
        .sync("早安")
        .to([corp.account("li.na")])
        .media([picture])
        .accepted()
        .await;
    world.check(id, "li.na WAITING_RETRY").await;
    world.check(id, "li.na SUCCESS").await;
    assert_eq!(world.calls(&corp.id, "upload_attachment"), 2);
    assert_eq!(world.moments_of(&corp.id).len(), 1);
}

/// From binding to confirmation, every answer with strange types and fields.
#[tokio::test]
async fn a_platform_that_drifts_everywhere_is_still_understood() {
    let world = World::new().await;
    for (name, kind) in [
        ("ww_all_drift", FaultKind::Drift),
        ("ww_all_more", FaultKind::ExtraFields),
    ] {
        world.sandbox.add_corp(corp_seed(name)).expect("a corp");
        let part = MixPart { share: 1.0, kind };
        let mix = Mix {
            seed: 1,
            world: None,
            calls: Vec::new(),
            probabilities: vec![part],
        };
        world.sandbox.set_mix(Some(mix));
        world.bind(OWNER, name, &secret_of(name)).await.expect(201);
        let wxid = world.device(name).await;
        let picture = format!("{}/pictures/{name}.jpg", world.sandbox_url);
        let id = world
            .sync("早安")
            .to([format!("{name}:li.na")])
            .media([picture])
            .accepted()
            .await;
        world.check(id, "li.na SUCCESS").await;
        let id = world.sync("早安").to([&wxid]).accepted().await;
        world.check(id, &format!("{wxid} SUCCESS")).await;
    }
    world.assert_no_violation();
}
