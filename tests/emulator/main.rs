//! The deployer against emulators, behind the test endpoint: plans, edits, and what is left.
#![cfg(test)]

mod lifecycle;
