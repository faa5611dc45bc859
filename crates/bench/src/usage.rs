//! What a process has used, as `/proc` tells it.

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

/// `utime` and `stime`, fields 14 and 15. The name before them is in brackets and may hold blanks and brackets.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
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
