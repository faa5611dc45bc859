use moments_queue::Link;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_760_000_000);

fn ago(secs: u64) -> Timestamp {
    NOW - Duration::from_secs(secs)
}

/// A process with every part, all well.
fn well() -> Progress {
    Progress {
        scheduler: Some(ago(1)),
        claim: Some(ago(1)),
        broker: Some(Link {
            since: ago(60),
            down: None,
            depth: None,
        }),
    }
}

fn facts(oldest: Result<Option<Timestamp>, &str>, progress: Progress) -> Facts {
    Facts {
        now: NOW,
        oldest: oldest.map_err(ToOwned::to_owned),
        progress,
    }
}

#[track_caller]
fn check(facts: &Facts, red: &[&str]) {
    let health = judge(facts, &Limits::default());
    let found: Vec<_> = health
        .checks
        .iter()
        .filter(|check| check.trouble.is_some())
        .map(|check| check.name)
        .collect();
    assert_eq!(found, red, "{health:?}");
    assert_eq!(health.is_ready(), red.is_empty());
}

#[test]
fn each_check_turns_red_by_itself() {
    let recent = Ok(Some(ago(1)));
    check(&facts(recent, well()), &[]);
    check(&facts(Ok(None), well()), &[]);
    check(&facts(Ok(Some(NOW + Duration::from_secs(9))), well()), &[]);
    check(&facts(Err("gone"), well()), &["database"]);
    check(&facts(Ok(Some(ago(300))), well()), &[]);
    check(&facts(Ok(Some(ago(301))), well()), &["oldest_due"]);
    let stalled = Some(ago(61));
    check(
        &facts(
            recent,
            Progress {
                scheduler: stalled,
                ..well()
            },
        ),
        &["scheduler"],
    );
    check(
        &facts(
            recent,
            Progress {
                claim: stalled,
                ..well()
            },
        ),
        &["worker"],
    );
    let broker = Some(Link {
        since: ago(7),
        down: Some("refused".to_owned()),
        depth: None,
    });
    check(&facts(recent, Progress { broker, ..well() }), &["broker"]);
}

#[test]
fn a_process_is_not_blamed_for_what_others_do() {
    let api_only = Progress {
        scheduler: None,
        claim: None,
        broker: None,
    };
    let facts = facts(Ok(Some(ago(9999))), api_only);
    check(&facts, &[]);
    let names: Vec<_> = judge(&facts, &Limits::default())
        .checks
        .iter()
        .map(|check| check.name)
        .collect();
    assert_eq!(names, ["database"]);
}
