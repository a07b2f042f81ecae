//! The AWS-compatible endpoint of the local cloud: MiniStack in an environment of its own, and a forwarder in front of it.
//!
//! [`environment`] makes the Python environment once, [`Emulator`] runs MiniStack from it with authorization on, on a socket that
//! nobody else reaches, and [`Forwarder`] is the address that the deployer and the functions get. It refuses what no key of the session
//! has signed (`gate`, `keys`, `signature`), passes every other call on as it is but for what MiniStack does otherwise
//! than AWS (`quirks`), and tells which rows and dead letters passed by (`watch`) and what streams and queues took (`put`). [`Mannered`] is the same without the session, and
//! [`serve`] its server: the endpoint of the tests is made of the two.

mod call;
mod emulator;
mod environment;
mod forwarder;
mod gate;
mod keys;
mod manners;
mod put;
mod quirks;
mod reaper;
mod server;
mod upstream;
mod watch;

pub use emulator::Emulator;
pub use environment::environment;
pub use forwarder::{Behind, Forwarder};
pub use keys::RootKey;
pub use manners::Mannered;
pub use server::serve;
pub use upstream::{Body, Lost, Passed, whole};

/// The pinned MiniStack and all that it needs, each with its hashes: what the forwarder puts right was measured with this one.
pub const MINISTACK: &str = include_str!("endpoint/requirements.txt");

#[cfg(test)]
mod tests;
