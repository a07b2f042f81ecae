//! The AWS-compatible endpoint of the local cloud: MiniStack in an environment of its own, and a forwarder in front of it.
//!
//! [`environment`] makes the Python environment once, [`Emulator`] runs MiniStack from it with authorization on, on a socket that
//! nobody else reaches, and [`Forwarder`] is the address that the deployer and the functions get. It refuses what no key of the session
//! has signed (`gate`, `keys`, `signature`), passes every other call on as it is but for what MiniStack does otherwise
//! than AWS (`quirks`), and tells which rows and dead letters passed by (`watch`).

mod call;
mod emulator;
mod environment;
mod forwarder;
mod gate;
mod keys;
mod quirks;
mod signature;
mod upstream;
mod watch;

pub use emulator::Emulator;
pub use environment::environment;
pub use forwarder::{Behind, Forwarder};
pub use keys::RootKey;

/// The pinned MiniStack and all that it needs, each with its hashes: what the forwarder puts right was measured with this one.
pub const MINISTACK: &str = include_str!("endpoint/requirements.txt");

#[cfg(test)]
mod tests;
