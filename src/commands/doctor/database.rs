//! Whether the database can be used, and by which version of what.

use moments_domain::Clock as _;
use moments_store::{Engine, ServerFacts, Store};

use super::finding::Finding;
use super::http::drift;
use crate::clock::SystemClock;
use crate::settings::Settings;
use crate::setup;

/// Opens the database beside whoever else uses it.
pub(crate) async fn look(settings: &Settings) -> (Option<Store>, Vec<Finding>) {
    let store = match setup::store_beside(settings).await {
        Ok(store) => store,
        Err(error) => {
            let action =
                "Check database.url, that the server runs and lets this user in, and that the user may create tables";
            return (None, vec![Finding::fail("database", format!("{error:#}"), action)]);
        }
    };
    let before = SystemClock.now();
    let findings = match store.server_facts().await {
        Ok(facts) => vec![
            version(&facts),
            drift("database clock", "the database server", before, facts.now),
        ],
        Err(error) => vec![Finding::fail(
            "database",
            format!("{error}: {}", super::causes(&error)),
            "See the database server's log",
        )],
    };
    (Some(store), findings)
}

fn version(facts: &ServerFacts) -> Finding {
    let ServerFacts {
        engine,
        version,
        schema,
        ..
    } = facts;
    let (name, least) = least(*engine, version);
    let detail = format!("{name} {version}, schema {schema}");
    if numbers(version, *engine) >= least {
        Finding::ok("database", detail)
    } else {
        let action = format!("Use {name} {}.{} or newer", least.0, least.1);
        Finding::fail("database", format!("{detail} is too old"), action)
    }
}

/// What an engine calls itself, and the oldest version that will do.
fn least(engine: Engine, version: &str) -> (&'static str, (u32, u32)) {
    match engine {
        Engine::Sqlite => ("SQLite", (3, 45)),
        Engine::Postgres => ("PostgreSQL", (13, 0)),
        Engine::Mysql if version.contains("MariaDB") => ("MariaDB", (10, 6)),
        Engine::Mysql => ("MySQL", (8, 0)),
    }
}

/// The first two numbers of a version. Some MariaDB servers put `5.5.5-` before theirs, for old clients' sake.
fn numbers(version: &str, engine: Engine) -> (u32, u32) {
    let version = match engine {
        Engine::Mysql if version.contains("MariaDB") => version.strip_prefix("5.5.5-").unwrap_or(version),
        _ => version,
    };
    let mut parts = version
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use moments_domain::Timestamp;

    use super::*;
    use crate::commands::doctor::finding::Status;

    #[track_caller]
    fn check(engine: Engine, text: &str, status: Status) {
        let facts = ServerFacts {
            engine,
            version: text.to_owned(),
            schema: "0001_initial".to_owned(),
            now: Timestamp::from_secs(1),
        };
        assert_eq!(version(&facts).status, status, "{text}");
    }

    #[test]
    fn old_servers_are_told_apart() {
        check(Engine::Sqlite, "3.53.1", Status::Ok);
        check(Engine::Mysql, "8.0.36", Status::Ok);
        check(Engine::Mysql, "5.7.44-log", Status::Fail);
        check(Engine::Mysql, "10.6.18-MariaDB", Status::Ok);
        check(Engine::Mysql, "5.5.5-10.11.6-MariaDB-0+deb12u1", Status::Ok);
        check(Engine::Mysql, "5.5.5-10.5.23-MariaDB", Status::Fail);
        check(Engine::Postgres, "15.14 (Debian 15.14-0+deb12u1)", Status::Ok);
        check(Engine::Postgres, "12.22", Status::Fail);
    }
}
