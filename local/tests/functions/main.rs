//! The host of functions with real processes: small bootstraps in Python, at an endpoint of the test's own.
#![cfg(test)]

mod calls;
mod deliveries;
mod endpoint;
mod failures;
mod host;
mod languages;
mod life;
mod logs;
mod strangers;
mod supervisor;
