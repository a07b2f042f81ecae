//! The local cloud of `pipe`: an AWS-compatible endpoint, and the data plane that no emulator has.
//!
//! Four parts, each usable alone: the [`gateway`] serves a REST API as deployed, with its mapping [`template`]s; [`poller`]s
//! run event source mappings; [`functions`] runs Lambda bootstraps. The [`endpoint`] is what they call, as does the deployer.

mod batches;
mod by_hand;
pub mod endpoint;
pub mod error;
pub mod event;
pub mod functions;
pub mod gateway;
pub mod invoke;
mod lenient;
pub mod meter;
mod pages;
pub mod poller;
pub mod private;
pub mod push;
pub mod roles;
pub mod seen;
mod signature;
pub mod supervise;
pub mod template;
