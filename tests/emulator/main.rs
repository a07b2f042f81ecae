//! The deployer against emulators, behind the test endpoint: plans, edits, and what is left.
//!
//! Plans are compared with the snapshots below `tests/snapshots/emulator`; `INSTA_UPDATE=always` writes them anew.
#![cfg(test)]

mod cloud;
mod deployments;
mod drift;
mod edits;
mod existing;
mod lifecycle;
mod regions;
mod sections;
mod session;

/// The main pipeline.
const MAIN: &str = include_str!("../../pipeline.yaml");
