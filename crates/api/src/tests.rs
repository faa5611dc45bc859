//! The edge as a caller sees it: the whole router over a real engine with a database in memory; only the platform is a stand-in.

mod accounts;
mod answers;
mod audit;
mod callbacks;
mod channels;
mod checks;
mod compliance;
mod duplicates;
mod early;
mod edge;
mod files;
mod gateway;
mod leases;
mod library;
mod limits;
mod links;
mod logins;
mod logs;
mod openapi;
mod platform;
mod preflight;
mod remarks;
mod sync;
mod tasks;
mod unbinding;
mod walk;
mod world;

pub(crate) use world::HandClock;
