//! All tests of the engine that need no emulator, in one program: each program links all of AWS's SDKs.
#![cfg(test)]

#[path = "alarms.rs"]
mod alarms;
#[path = "changes.rs"]
mod changes;
#[path = "engine/main.rs"]
mod engine;
#[path = "hostile/main.rs"]
mod hostile;
#[path = "lower.rs"]
mod lower;
#[path = "page.rs"]
mod page;
#[path = "queue.rs"]
mod queue;
#[path = "spec/main.rs"]
mod spec;
