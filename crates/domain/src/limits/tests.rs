use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or_else(|| panic!("{text} is no time"))
}

fn choice(json: &str) -> LimitChoice {
    serde_json::from_str(json).expect("a choice")
}

fn earliest(limits: &str, wish: &str, others: &[&str]) -> (String, Option<LimitKind>) {
    let others: Vec<_> = others.iter().map(|text| at(text)).collect();
    let wish = Wish {
        at: at(wish),
        others: &others,
        since: at("2026-03-01T00:00:00Z"),
        share: 500,
    };
    let (time, limit) = Limits::from(&choice(limits)).earliest(wish);
    (time.to_string(), limit)
}

#[track_caller]
fn check(limits: &str, wish: &str, others: &[&str], expected: &str, limit: Option<LimitKind>) {
    let told = earliest(limits, wish, others);
    assert_eq!(told, (expected.to_owned(), limit), "{limits} {wish}");
}

#[test]
fn a_gap_lies_before_and_after_every_post() {
    let gap = r#"{"minGapMinutes":30,"gapJitterMinutes":6}"#;
    let other = &["2026-05-01T10:00:00Z"];
    let waits = Some(LimitKind::MinGap);
    check(r"{}", "2026-05-01T10:00:00Z", other, "2026-05-01T10:00:00Z", None);
    // 30 minutes and half of the jitter.
    check(gap, "2026-05-01T10:10:00Z", other, "2026-05-01T10:33:00Z", waits);
    check(gap, "2026-05-01T10:33:00Z", other, "2026-05-01T10:33:00Z", None);
    check(gap, "2026-05-01T09:40:00Z", other, "2026-05-01T10:33:00Z", waits);
}

#[test]
fn days_and_months_are_those_of_the_accounts_zone() {
    let day = r#"{"postsPerDay":2,"timeZone":"Asia/Shanghai"}"#;
    let month = r#"{"postsPerMonth":1,"timeZone":"Asia/Shanghai"}"#;
    let (today, waits) = ("2026-05-01T10:00:00Z", Some(LimitKind::PostsPerDay));
    let full = &["2026-05-01T09:00:00Z", "2026-05-01T08:00:00Z"];
    // 16:00 UTC is midnight there.
    check(day, today, full, "2026-05-01T16:00:00Z", waits);
    let yesterday = &["2026-05-01T09:00:00Z", "2026-04-30T15:59:59Z"];
    check(day, today, yesterday, today, None);
    let waits = Some(LimitKind::PostsPerMonth);
    let (last, first) = ("2026-12-31T10:00:00Z", "2026-12-31T16:00:00Z");
    check(month, last, &["2026-12-01T00:00:00Z"], first, waits);
    check(month, first, &["2026-12-31T15:59:59Z"], first, None);
}

#[test]
fn a_night_ends_when_the_accounts_clock_says_so() {
    let waits = Some(LimitKind::QuietHours);
    let night = r#"{"quietFrom":"22:00","quietUntil":"08:00","timeZone":"Asia/Shanghai"}"#;
    // Over midnight, from either side of it.
    check(night, "2026-05-01T14:00:00Z", &[], "2026-05-02T00:00:00Z", waits);
    check(night, "2026-05-01T23:59:59Z", &[], "2026-05-02T00:00:00Z", waits);
    check(night, "2026-05-02T00:00:00Z", &[], "2026-05-02T00:00:00Z", None);
    let noon = r#"{"quietFrom":"12:00","quietUntil":"13:30","timeZone":"Asia/Shanghai"}"#;
    check(noon, "2026-05-01T04:00:00Z", &[], "2026-05-01T05:30:00Z", waits);
    check(noon, "2026-05-01T03:59:59Z", &[], "2026-05-01T03:59:59Z", None);
    // 02:30 is not there on 8 March 2026: the night ends an hour later by that clock.
    let spring = r#"{"quietFrom":"22:00","quietUntil":"02:30","timeZone":"America/New_York"}"#;
    check(spring, "2026-03-08T05:00:00Z", &[], "2026-03-08T07:30:00Z", waits);
    // 01:30 is there twice on 1 November: whoever is in the second 01:10 waits for the second end.
    let autumn = r#"{"quietFrom":"00:30","quietUntil":"01:30","timeZone":"America/New_York"}"#;
    check(autumn, "2026-11-01T05:10:00Z", &[], "2026-11-01T05:30:00Z", waits);
    check(autumn, "2026-11-01T06:10:00Z", &[], "2026-11-01T06:30:00Z", waits);
}

#[test]
fn a_new_account_rests_at_first() {
    let warm = r#"{"warmUpHours":72}"#;
    let (early, ready) = ("2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z");
    check(warm, early, &[], ready, Some(LimitKind::WarmUp));
    check(warm, ready, &[], ready, None);
}

#[test]
fn limits_are_kept_all_at_once() {
    let limits =
        r#"{"postsPerDay":1,"minGapMinutes":60,"quietFrom":"22:00","quietUntil":"08:00","timeZone":"Asia/Shanghai"}"#;
    // The day is full, the next begins at night, and the morning lies within an hour of a post that is planned.
    let told = earliest(
        limits,
        "2026-05-01T10:00:00Z",
        &["2026-05-01T09:00:00Z", "2026-05-02T00:30:00Z"],
    );
    assert_eq!(told, ("2026-05-03T00:00:00Z".to_owned(), Some(LimitKind::QuietHours)));
}

#[test]
fn a_posts_share_of_the_jitter_stays_within_its_bounds() {
    let limits = Limits::from(&choice(r#"{"minGapMinutes":30,"gapJitterMinutes":5}"#));
    let last = at("2026-05-01T10:00:00Z");
    for (share, minutes) in [(0, 30), (1000, 35), (9999, 35)] {
        let wish = Wish {
            at: last,
            others: &[last],
            since: last,
            share,
        };
        let (time, _) = limits.earliest(wish);
        assert_eq!(time, last + Duration::from_mins(minutes), "{share}");
        let again = limits.earliest(Wish { at: time, ..wish });
        assert_eq!(again, (time, None), "who comes at the time told is let through");
    }
}

#[test]
fn a_narrower_choice_goes_before_a_wider_one() {
    let wide = choice(r#"{"postsPerDay":3,"minGapMinutes":30,"timeZone":"Asia/Shanghai"}"#);
    let own = choice(r#"{"postsPerDay":0}"#);
    let both = own.or(&wide);
    assert_eq!((both.posts_per_day, both.min_gap_minutes), (Some(0), Some(30)));
    assert!(Limits::from(&own).are_off() && !Limits::from(&both).are_off());
}

#[test]
fn slips_of_the_pen_are_told_all_at_once() {
    let bad = choice(r#"{"postsPerDay":100001,"quietFrom":"9:00","timeZone":"Asia/Peking"}"#);
    let fields: Vec<_> = bad.check().into_iter().map(|error| error.field).collect();
    assert_eq!(fields, ["postsPerDay", "quietFrom", "quietUntil", "timeZone"]);
    let good = choice(r#"{"quietFrom":"00:00","quietUntil":"00:00","timeZone":"Europe/Berlin","warmUpHours":0}"#);
    assert_eq!(good.check(), []);
    assert!(
        Limits::from(&good).are_off(),
        "from midnight to midnight there is no night"
    );
}

#[test]
fn the_quota_month_is_that_of_the_platform() {
    for (now, first) in [
        ("2026-05-31T15:59:59Z", "2026-05-31T16:00:00Z"),
        ("2026-05-31T16:00:00Z", "2026-06-30T16:00:00Z"),
        ("2026-12-15T00:00:00Z", "2026-12-31T16:00:00Z"),
    ] {
        assert_eq!(next_quota_month(at(now)).to_string(), first, "{now}");
    }
}
