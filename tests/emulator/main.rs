//! The deployer against emulators, behind the test endpoint: plans, edits, what is left, and who may deploy.
//!
//! Plans are compared with the snapshots below `tests/snapshots/emulator`; `INSTA_UPDATE=always` writes them again.
#![cfg(test)]

mod cloud;
mod deployed;
mod deployments;
mod domain;
mod doors;
mod drift;
mod edits;
mod examples;
mod existing;
mod existing_function;
mod fan_out;
mod guarded;
mod large;
mod lifecycle;
mod links;
mod network;
mod plans;
mod queues;
mod regions;
mod rights;
mod routes;
mod sections;
mod session;
mod sources;
mod sources_bad;
mod sources_lost;
mod sources_send;
mod tables;
mod user_pools;
mod velocity;

/// The main pipeline.
const MAIN: &str = include_str!("../../pipeline.yaml");
