//! How often, and when, an account may post. A limit delays a post; it never fails one.

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use serde::{Deserialize, Serialize};

use crate::account::named;
use crate::error::FieldError;
use crate::time::Timestamp;

/// Which limit a post waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LimitKind {
    /// The account has had its posts of the day.
    PostsPerDay,
    /// The account has had its posts of the month: more would not be shown to customers (reference wecom 7.10).
    PostsPerMonth,
    /// The account's last post is too recent.
    MinGap,
    /// It is night where the account is.
    QuietHours,
    /// The account has been logged in only recently (reference personal-gateway 11).
    WarmUp,
    /// The platform allows the corp or the device no more creations at the moment.
    CreationRate,
    /// The platform has said no to more, or has restricted the account.
    PlatformPause,
}
named!(LimitKind {
    PostsPerDay = "POSTS_PER_DAY",
    PostsPerMonth = "POSTS_PER_MONTH",
    MinGap = "MIN_GAP",
    QuietHours = "QUIET_HOURS",
    WarmUp = "WARM_UP",
    CreationRate = "CREATION_RATE",
    PlatformPause = "PLATFORM_PAUSE",
});

/// What an installation, a channel or an account chooses; what is `None` is left to the next wider choice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitChoice {
    /// Most posts in a calendar day of the account's zone; 0: no limit.
    pub posts_per_day: Option<u32>,
    /// Most posts in a calendar month of the account's zone; 0: no limit.
    pub posts_per_month: Option<u32>,
    /// Least minutes between two posts; 0: no limit.
    pub min_gap_minutes: Option<u32>,
    /// Up to so many minutes are added to a gap and to the end of a night, a different share for each post.
    pub gap_jitter_minutes: Option<u32>,
    /// When the night begins, `HH:MM` in the account's zone.
    pub quiet_from: Option<String>,
    /// When it ends. The same as `quiet_from`: there is no night.
    pub quiet_until: Option<String>,
    /// The account's zone, by its IANA name.
    pub time_zone: Option<String>,
    /// No post for so many hours after the account's first log-in; 0: no limit.
    pub warm_up_hours: Option<u32>,
    /// No post for so many hours after the platform has restricted the account; 0: only as long as the platform asks.
    pub cool_down_hours: Option<u32>,
}

/// Most hours and posts that make sense; anything larger is a slip of the pen.
const MOST_HOURS: u32 = 24 * 90;
const MOST_POSTS: u32 = 100_000;
const MOST_MINUTES: u32 = 24 * 60;

impl LimitChoice {
    /// All broken rules at once; `time_zone` must be known, and times must be written `HH:MM`.
    pub fn check(&self) -> Vec<FieldError> {
        let numbers = [
            ("postsPerDay", self.posts_per_day, MOST_POSTS),
            ("postsPerMonth", self.posts_per_month, MOST_POSTS),
            ("minGapMinutes", self.min_gap_minutes, MOST_MINUTES),
            ("gapJitterMinutes", self.gap_jitter_minutes, MOST_MINUTES),
            ("warmUpHours", self.warm_up_hours, MOST_HOURS),
            ("coolDownHours", self.cool_down_hours, MOST_HOURS),
        ];
        let numbers = numbers
            .into_iter()
            .filter(|(_, value, most)| value.is_some_and(|n| n > *most));
        let numbers = numbers.map(|(field, _, most)| FieldError::new(field, format!("应为 0 到 {most} 的整数")));
        let times = [("quietFrom", &self.quiet_from), ("quietUntil", &self.quiet_until)];
        let times = times
            .into_iter()
            .filter_map(|(field, value)| match clock_time(value.as_deref()?) {
                Some(_) => None,
                None => Some(FieldError::new(field, "应为 HH:MM 格式的时间，例如 22:00")),
            });
        let mut errors: Vec<_> = numbers.chain(times).collect();
        if self.quiet_from.is_some() != self.quiet_until.is_some() {
            errors.push(FieldError::new(
                "quietUntil",
                "quietFrom 与 quietUntil 须同时设置或同时为 null",
            ));
        }
        if self.time_zone.as_deref().is_some_and(|name| zone(name).is_none()) {
            errors.push(FieldError::new(
                "timeZone",
                "未知的时区，应为 IANA 名称，例如 Asia/Shanghai",
            ));
        }
        errors
    }

    /// This choice, completed by a wider one.
    #[must_use]
    pub fn or(&self, wider: &Self) -> Self {
        Self {
            posts_per_day: self.posts_per_day.or(wider.posts_per_day),
            posts_per_month: self.posts_per_month.or(wider.posts_per_month),
            min_gap_minutes: self.min_gap_minutes.or(wider.min_gap_minutes),
            gap_jitter_minutes: self.gap_jitter_minutes.or(wider.gap_jitter_minutes),
            quiet_from: self.quiet_from.clone().or_else(|| wider.quiet_from.clone()),
            quiet_until: self.quiet_until.clone().or_else(|| wider.quiet_until.clone()),
            time_zone: self.time_zone.clone().or_else(|| wider.time_zone.clone()),
            warm_up_hours: self.warm_up_hours.or(wider.warm_up_hours),
            cool_down_hours: self.cool_down_hours.or(wider.cool_down_hours),
        }
    }
}

fn clock_time(text: &str) -> Option<Time> {
    let shaped = text.len() == 5;
    Time::strptime("%H:%M", text).ok().filter(|_| shaped)
}

fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// A night in the account's zone; it may contain midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Night {
    from: Time,
    until: Time,
}

/// The limits of one account, ready to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    posts_per_day: usize,
    posts_per_month: usize,
    min_gap: Duration,
    jitter: Duration,
    night: Option<Night>,
    zone: TimeZone,
    warm_up: Duration,
    /// How long the account rests after the platform has restricted it.
    pub cool_down: Duration,
}

/// One post as its account's limits see it.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// When it is wanted.
    pub at: Timestamp,
    /// When the account's other posts were sent, or are going to be; in any order.
    pub others: &'a [Timestamp],
    /// When the account first logged in.
    pub since: Timestamp,
    /// The post's own share of the jitter, in thousandths. It stays the same, or the post would never be on time.
    pub share: u32,
}

impl From<&LimitChoice> for Limits {
    /// What a choice leaves open, or what does not keep the rules of [`LimitChoice::check`], is no limit. The zone is UTC+8 then.
    fn from(choice: &LimitChoice) -> Self {
        let count = |n: Option<u32>| usize::try_from(n.unwrap_or(0)).unwrap_or(usize::MAX);
        let minutes = |n: Option<u32>| Duration::from_mins(n.unwrap_or(0).into());
        let hours = |n: Option<u32>| Duration::from_hours(n.unwrap_or(0).into());
        let time = |text: &Option<String>| text.as_deref().and_then(clock_time);
        let night = time(&choice.quiet_from).zip(time(&choice.quiet_until));
        Self {
            posts_per_day: count(choice.posts_per_day),
            posts_per_month: count(choice.posts_per_month),
            min_gap: minutes(choice.min_gap_minutes),
            jitter: minutes(choice.gap_jitter_minutes),
            night: night
                .filter(|(from, until)| from != until)
                .map(|(from, until)| Night { from, until }),
            zone: choice.time_zone.as_deref().and_then(zone).unwrap_or_else(beijing),
            warm_up: hours(choice.warm_up_hours),
            cool_down: hours(choice.cool_down_hours),
        }
    }
}

impl Limits {
    /// Whether no post can ever wait because of them.
    pub fn are_off(&self) -> bool {
        self.posts_per_day == 0
            && self.posts_per_month == 0
            && self.min_gap.is_zero()
            && self.night.is_none()
            && self.warm_up.is_zero()
    }

    /// How old a post may be and still count at `now`.
    pub fn look_back(&self, now: Timestamp) -> Timestamp {
        let days = match (self.posts_per_day, self.posts_per_month) {
            (_, 1..) => 32,
            (1.., _) => 2,
            _ => 0,
        };
        (now - Duration::from_hours(24 * days)).min(now - self.min_gap - self.jitter)
    }

    /// The first time from `wish.at` on that every limit allows, with the limit that it waits for.
    pub fn earliest(&self, wish: Wish<'_>) -> (Timestamp, Option<LimitKind>) {
        let (mut at, mut waits) = (wish.at, None);
        // Each step goes on in time and passes a post, a night, a day or a month: a bound only keeps what cannot be from lasting.
        for _ in 0..10_000 {
            let Some((later, limit)) = self.step(at, wish) else {
                return (at, waits);
            };
            (at, waits) = (later, Some(limit));
        }
        (at, waits)
    }

    /// The next time worth a look, when a limit stands against `at`.
    fn step(&self, at: Timestamp, wish: Wish<'_>) -> Option<(Timestamp, LimitKind)> {
        let own = self.jitter.saturating_mul(wish.share.min(1000)) / 1000;
        let warm = wish.since + self.warm_up;
        if at < warm && !self.warm_up.is_zero() {
            return Some((warm, LimitKind::WarmUp));
        }
        if let Some(free) = self.after_gap(at, wish.others, own) {
            return Some((free, LimitKind::MinGap));
        }
        let now = local(at, &self.zone);
        if full(self.posts_per_month, wish.others, month(&now)) {
            return Some((month(&now).1 + own, LimitKind::PostsPerMonth));
        }
        if full(self.posts_per_day, wish.others, day(&now)) {
            return Some((day(&now).1 + own, LimitKind::PostsPerDay));
        }
        let morning = self.night?.end(&now)?;
        Some((morning + own, LimitKind::QuietHours))
    }

    /// The end of the latest gap that `at` falls into. A post that is going to be sent has its gap before it as well.
    fn after_gap(&self, at: Timestamp, others: &[Timestamp], own: Duration) -> Option<Timestamp> {
        if self.min_gap.is_zero() {
            return None;
        }
        let gap = self.min_gap + own;
        let near = others
            .iter()
            .filter(|other| at.since(**other) < gap && other.since(at) < gap);
        near.max().map(|other| *other + gap)
    }
}

impl Night {
    /// When the night ends that `now` lies in; `None` by day.
    fn end(self, now: &Zoned) -> Option<Timestamp> {
        let time = now.time();
        let (inside, tomorrow) = if self.from < self.until {
            (self.from <= time && time < self.until, false)
        } else {
            (time >= self.from || time < self.until, time >= self.from)
        };
        if !inside {
            return None;
        }
        let date = if tomorrow {
            now.date().tomorrow().ok()?
        } else {
            now.date()
        };
        let end = now.time_zone().to_ambiguous_zoned(date.to_datetime(self.until));
        // In the hour that is there twice, the first end may be over already.
        let ends = [end.clone().compatible().ok()?, end.later().ok()?];
        ends.into_iter().find(|end| end > now).map(|end| stamp(&end))
    }
}

/// The first of next month in UTC+8, by which WeCom counts (reference wecom 9.2 and 12: 41210).
pub fn next_quota_month(now: Timestamp) -> Timestamp {
    month(&local(now, &beijing())).1
}

fn beijing() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(8))
}

fn full(most: usize, posts: &[Timestamp], (begin, end): (Timestamp, Timestamp)) -> bool {
    most > 0 && posts.iter().filter(|at| (begin..end).contains(*at)).count() >= most
}

fn day(now: &Zoned) -> (Timestamp, Timestamp) {
    span(now, now.date(), 1.day())
}

fn month(now: &Zoned) -> (Timestamp, Timestamp) {
    span(now, now.date().first_of_month(), 1.month())
}

fn span(now: &Zoned, first: Date, length: jiff::Span) -> (Timestamp, Timestamp) {
    let midnight = |date: Date| {
        date.to_zoned(now.time_zone().clone())
            .map_or(Timestamp(i64::MAX), |at| stamp(&at))
    };
    (
        midnight(first),
        first.checked_add(length).map_or(Timestamp(i64::MAX), midnight),
    )
}

fn local(at: Timestamp, zone: &TimeZone) -> Zoned {
    jiff::Timestamp::from_microsecond(at.0)
        .unwrap_or_default()
        .to_zoned(zone.clone())
}

fn stamp(at: &Zoned) -> Timestamp {
    Timestamp(at.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests;
