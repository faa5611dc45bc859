use super::*;

/// 2026-01-31 23:59:59.999 in Shanghai.
const END_OF_JANUARY: i64 = 1_769_875_199_999;

fn creates(settings: &CorpSettings, times: &[i64]) -> Vec<bool> {
    let mut rates = Rates::default();
    times.iter().map(|now| rates.create(settings, *now).is_ok()).collect()
}

#[test]
fn the_minute_of_creations_slides() {
    let settings = CorpSettings {
        creates_per_minute: 2,
        ..CorpSettings::default()
    };
    assert_eq!(creates(&settings, &[0, 59_000, 60_000]), [true, true, true]);
    assert_eq!(creates(&settings, &[0, 59_000, 59_999]), [true, true, false]);
}

#[test]
fn after_a_trip_the_block_lasts_a_minute() {
    let settings = CorpSettings {
        creates_per_minute: 1,
        ..CorpSettings::default()
    };
    assert_eq!(
        creates(&settings, &[0, 59_000, 61_000, 118_999, 119_000]),
        [true, false, false, false, true]
    );
}

#[test]
fn a_limit_of_zero_is_no_limit() {
    let settings = CorpSettings {
        creates_per_minute: 0,
        running_jobs: 0,
        ..CorpSettings::default()
    };
    assert!(creates(&settings, &[5; 1000]).iter().all(|made| *made));
}

#[test]
fn the_month_ends_at_midnight_in_shanghai() {
    let settings = CorpSettings {
        creates_per_month: 1,
        ..CorpSettings::default()
    };
    let times = [END_OF_JANUARY - 1, END_OF_JANUARY, END_OF_JANUARY + 1];
    assert_eq!(creates(&settings, &times), [true, false, true]);
}

#[test]
fn a_job_that_ended_makes_room() {
    let settings = CorpSettings {
        running_jobs: 1,
        job_delay_ms: 500,
        ..CorpSettings::default()
    };
    assert_eq!(creates(&settings, &[0, 499, 500]), [true, false, true]);
}

#[test]
fn too_many_calls_of_one_api_block_only_that_api() {
    let settings = CorpSettings {
        calls_per_minute: 2,
        ..CorpSettings::default()
    };
    let mut rates = Rates::default();
    let mut ok = |api, now| rates.call(api, &settings, now).is_ok();
    assert!(ok(Api::UserGet, 0) && ok(Api::UserGet, 1));
    assert!(!ok(Api::UserGet, 2), "the third");
    assert!(ok(Api::AgentGet, 3), "another API");
    assert!(
        !ok(Api::UserGet, 60_001) && ok(Api::UserGet, 60_002),
        "the block lasts a minute from the trip"
    );
}
