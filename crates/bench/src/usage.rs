//! What a process has used, as `/proc` tells it.

use std::iter::Sum;
use std::ops::Sub;

use anyhow::Context as _;
use rustix::process::Pid;

/// Processor time and memory of one process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// User and system time together. Seconds.
    pub(crate) cpu_secs: f64,
    /// The most memory it ever held (`VmHWM`). MB of 10^6 bytes.
    pub(crate) peak_mb: f64,
}

impl Usage {
    /// Of a running process.
    pub(crate) fn of(pid: Pid) -> anyhow::Result<Self> {
        let read = |name: &str| {
            let path = format!("/proc/{pid}/{name}");
            std::fs::read_to_string(&path).with_context(|| path)
        };
        let ticks = ticks(&read("stat")?).context("/proc: stat has no processor time")?;
        let peak_kib = peak_kib(&read("status")?).context("/proc: status has no VmHWM")?;
        let per_second = rustix::param::clock_ticks_per_second();
        Ok(Self {
            cpu_secs: number(ticks) / number(per_second),
            peak_mb: number(peak_kib) * 1024.0 / 1e6,
        })
    }

    /// Of this process.
    pub(crate) fn of_this() -> anyhow::Result<Self> {
        Self::of(rustix::process::getpid())
    }
}

/// Processor seconds of a process with all its children, those that have ended too: a PostgreSQL server is one process for each connection.
pub(crate) fn cpu_secs_with_children(pid: Pid) -> anyhow::Result<f64> {
    let mut sum = 0;
    for entry in std::fs::read_dir("/proc")? {
        // A process may end between the list and the look.
        let Ok(stat) = std::fs::read_to_string(entry?.path().join("stat")) else {
            continue;
        };
        sum += ticks_in_family(&stat, pid).unwrap_or(0);
    }
    Ok(number(sum) / number(rustix::param::clock_ticks_per_second()))
}

impl Sub for Usage {
    type Output = Self;

    /// What was used since `earlier`; the peak stays.
    fn sub(self, earlier: Self) -> Self {
        Self {
            cpu_secs: self.cpu_secs - earlier.cpu_secs,
            peak_mb: self.peak_mb,
        }
    }
}

impl Sum for Usage {
    /// Of several processes. The peaks need not have been at the same time.
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            cpu_secs: sum.cpu_secs + one.cpu_secs,
            peak_mb: sum.peak_mb + one.peak_mb,
        })
    }
}

/// `utime` and `stime`.
fn ticks(stat: &str) -> Option<u64> {
    Some(field(stat, 14)? + field(stat, 15)?)
}

/// What `stat` adds to the time of `parent` and its children; with the parent's own goes that of children that ended, `cutime` and `cstime`.
fn ticks_in_family(stat: &str, parent: Pid) -> Option<u64> {
    let parent = u64::try_from(parent.as_raw_nonzero().get()).ok()?;
    let (own, _) = stat.split_once(' ')?;
    if own.parse() == Ok(parent) {
        return Some(ticks(stat)? + field(stat, 16)? + field(stat, 17)?);
    }
    if field(stat, 4)? == parent { ticks(stat) } else { None }
}

/// A field by its number in proc(5), from the third on. The name before them is in brackets and may hold blanks and brackets.
fn field(stat: &str, number: usize) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn peak_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
