//! The tools of operators: rules and dashboard are sound, every metric that they or the pages name exists in a
//! process at work, and every question has an answer in a Prometheus that watches it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

mod dashboard;
mod files;
mod live;
mod prometheus;
