//! What the tests of `pipe` run against: an emulator of AWS, and in front of it the test endpoint with AWS's manners.
//!
//! Neither knows anything of `pipe`. Both run on threads and processes of their own, so a test may block.

mod emulator;
mod endpoint;
mod sandbox;
mod wait;

pub use emulator::{Emulator, Kind};
pub use endpoint::{Account, Call, Endpoint, Rule, RuleId, rounds};
pub use endpoint::{Fault, Faults, Latency, Nature, Roles, Spans, States, Unseen};
pub use sandbox::{Run, Sandbox};
pub use wait::until;
