//! The sandbox as a client sees it: over HTTP, on a port of its own.
#![expect(clippy::unwrap_used, reason = "a test helper that cannot go on should stop the test")]

mod callbacks;
mod controls;
mod faults;
mod gewe;
mod gewe_login;
mod library;
mod receiver;
mod suites;
mod wecom_life;
mod wecom_media;
mod wecom_people;
mod wecom_rules;
mod world;
