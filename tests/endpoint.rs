//! The test endpoint itself: what it restores of AWS, what it breaks, and what it records.
//!
//! Each test has an account of its own on emulators that the whole process shares, and runs on both where both can.
#![cfg(test)]

#[path = "endpoint/authorization.rs"]
mod authorization;
#[path = "endpoint/chance.rs"]
mod chance;
#[path = "endpoint/cloud.rs"]
mod cloud;
#[path = "endpoint/faults.rs"]
mod faults;
#[path = "endpoint/manners.rs"]
mod manners;
#[path = "endpoint/roles.rs"]
mod roles;
#[path = "endpoint/states.rs"]
mod states;
#[path = "endpoint/tag_query.rs"]
mod tag_query;
