//! The product through its front door: the real program as a child process, the sandbox as the outside world.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and its helpers with it"
)]

mod api;
mod audit;
mod bad_input;
mod broker;
mod bucket;
mod channels;
mod cluster;
mod corpus;
mod credentials;
mod database;
mod deploy;
mod doctor;
mod exposition;
mod fairness;
mod faults;
mod files;
#[path = "../fresh/mod.rs"]
mod fresh;
mod gate;
mod gateway;
mod health;
mod idempotency;
mod keys;
mod limits;
mod links;
mod login;
mod logs;
mod media;
mod promql;
mod publishing;
mod punctual;
mod rights;
mod schedule;
mod secrets;
mod server;
mod snapshots;
mod stopping;
mod suites;
mod sync;
mod traces;
mod unbinding;
mod uploads;
mod world;
