//! The limits of section 8: calls of one API in a minute and an hour, creations in a sliding minute and a month.

use std::collections::VecDeque;

use jiff::{Timestamp, tz};

use crate::wecom::api::Api;
use crate::wecom::refusal::Refusal;
use crate::wecom::seed::CorpSettings;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

/// Counters of one corp.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    calls: [CallWindows; Api::COUNT],
    creates: VecDeque<i64>,
    create_blocked_until_ms: i64,
    month: (i32, u32),
    /// When each running job ends.
    jobs: VecDeque<i64>,
}

#[derive(Debug, Default, Clone, Copy)]
struct CallWindows {
    minute: (i64, u32),
    hour: (i64, u32),
    blocked_until_ms: i64,
}

/// Why a creation has to wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CreateLimit {
    /// The sliding minute is full, or its block of 60 s still runs.
    Minute,
    Month,
    RunningJobs,
}

impl Rates {
    /// Counts one call of this API; 45009 when its minute or hour is full.
    pub(crate) fn call(&mut self, api: Api, settings: &CorpSettings, now_ms: i64) -> Result<(), Refusal> {
        let windows = &mut self.calls[api as usize];
        let full = Refusal::new(45009, "api freq out of limit");
        if now_ms < windows.blocked_until_ms {
            return Err(full);
        }
        if over(&mut windows.hour, HOUR_MS, settings.calls_per_hour, now_ms) {
            windows.blocked_until_ms = now_ms + HOUR_MS;
            return Err(full);
        }
        if over(&mut windows.minute, MINUTE_MS, settings.calls_per_minute, now_ms) {
            windows.blocked_until_ms = now_ms + MINUTE_MS;
            return Err(full);
        }
        Ok(())
    }

    /// Counts one valid creation, or tells the first limit in its way (order of reference wecom 12).
    pub(crate) fn create(&mut self, settings: &CorpSettings, now_ms: i64) -> Result<(), CreateLimit> {
        self.check_minute(settings.creates_per_minute, now_ms)?;
        let month = shanghai_month(now_ms);
        let made = if self.month.0 == month { self.month.1 } else { 0 };
        if settings.creates_per_month > 0 && made >= settings.creates_per_month {
            return Err(CreateLimit::Month);
        }
        self.jobs.retain(|end| *end > now_ms);
        if settings.running_jobs > 0 && self.jobs.len() >= settings.running_jobs as usize {
            return Err(CreateLimit::RunningJobs);
        }
        self.count_create(settings, (month, made + 1), now_ms);
        Ok(())
    }

    fn check_minute(&mut self, limit: u32, now_ms: i64) -> Result<(), CreateLimit> {
        if limit == 0 {
            return Ok(());
        }
        if now_ms < self.create_blocked_until_ms {
            return Err(CreateLimit::Minute);
        }
        while self.creates.front().is_some_and(|made| *made <= now_ms - MINUTE_MS) {
            self.creates.pop_front();
        }
        if self.creates.len() >= limit as usize {
            self.create_blocked_until_ms = now_ms + MINUTE_MS;
            return Err(CreateLimit::Minute);
        }
        Ok(())
    }

    fn count_create(&mut self, settings: &CorpSettings, month: (i32, u32), now_ms: i64) {
        self.month = month;
        if settings.creates_per_minute > 0 {
            self.creates.push_back(now_ms);
        }
        if settings.running_jobs > 0 && settings.job_delay_ms > 0 {
            self.jobs.push_back(now_ms + i64::from(settings.job_delay_ms));
        }
    }
}

/// Counts in a window that begins with its first call. Whether the platform's window slides is not documented.
fn over(window: &mut (i64, u32), length_ms: i64, limit: u32, now_ms: i64) -> bool {
    if now_ms >= window.0 + length_ms || now_ms < window.0 {
        *window = (now_ms, 0);
    }
    window.1 += 1;
    limit > 0 && window.1 > limit
}

/// Calendar month of Asia/Shanghai (UTC+8, no summer time) as one number.
fn shanghai_month(now_ms: i64) -> i32 {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
    let local = tz::offset(8).to_datetime(now);
    i32::from(local.year()) * 12 + i32::from(local.month())
}

#[cfg(test)]
mod tests;
