//! What one process of an installation does (`serve --roles`).

use anyhow::bail;

use crate::settings::Settings;

/// The roles of this process; at least one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roles {
    /// Answers users.
    pub(crate) api: bool,
    /// Sends word of what is due to workers, and keeps house.
    pub(crate) scheduler: bool,
    /// Publishes.
    pub(crate) worker: bool,
}

impl Roles {
    pub(crate) const ALL: Self = Self {
        api: true,
        scheduler: true,
        worker: true,
    };

    /// Reads `--roles`.
    pub(crate) fn read(names: &[String]) -> anyhow::Result<Self> {
        let mut roles = Self::default();
        for name in names {
            match name.as_str() {
                "api" => roles.api = true,
                "scheduler" => roles.scheduler = true,
                "worker" => roles.worker = true,
                unknown => bail!("--roles: {unknown:?} is none of api, scheduler, worker"),
            }
        }
        if roles == Self::default() {
            bail!("--roles: name at least one of api, scheduler, worker");
        }
        Ok(roles)
    }

    /// Whether these roles can work with these settings.
    pub(crate) fn check(self, settings: &Settings, sandbox: bool) -> anyhow::Result<()> {
        if self != Self::ALL && settings.database.url.starts_with("sqlite:") {
            bail!(
                "--roles: SQLite belongs to one process, which needs api, scheduler and worker. For several processes set database.url \
                 to MySQL, MariaDB or PostgreSQL"
            );
        }
        if self != Self::ALL && sandbox {
            bail!("--sandbox needs api, scheduler and worker in one process");
        }
        if self.worker && !self.api && settings.gewe.enabled && settings.http.public_url.is_empty() {
            bail!(
                "set http.public_url: gateways fetch media from a process with the role api, and this worker has to tell them where it is"
            );
        }
        Ok(())
    }

    /// The names, as `--roles` takes them.
    pub(crate) fn names(self) -> String {
        let all = [
            (self.api, "api"),
            (self.scheduler, "scheduler"),
            (self.worker, "worker"),
        ];
        let given: Vec<_> = all.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect();
        given.join(",")
    }
}

#[cfg(test)]
mod tests;
