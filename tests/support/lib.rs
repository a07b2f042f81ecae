//! What the tests of `pipe` run against: an emulator of AWS, and in front of it the test endpoint with AWS's manners.
//!
//! Neither knows anything of `pipe`. Both run on threads and processes of their own, so a test may block.

mod emulator;
mod endpoint;
mod files;
mod parallel;
mod sandbox;
mod wait;

pub use emulator::{Emulator, Kind, python};
pub use endpoint::{Account, Call, Endpoint, Rule, RuleId, rounds};
pub use endpoint::{Fault, Faults, Latency, Nature, Roles, Spans, States, Unseen};
pub use files::copy_folder;
pub use parallel::in_parallel;
pub use sandbox::{Run, Sandbox};
pub use wait::until;

/// The folder of the bundled handlers' zips, built with their release profile.
pub const HANDLERS: &str = env!("OUT_DIR");

/// The variable by which a debug build of `pipe` takes them from there, and neither builds them nor runs them by itself.
pub const ZIPPED_HANDLERS: &str = "PIPE_ZIPPED_HANDLERS";
