//! The way to AWS: clients, places and ARNs, classes of errors, patience, pace.

pub mod alarms;
mod arn;
mod attempts;
mod call;
pub mod cloudwatch;
mod connect;
mod cx;
pub mod ec2;
mod endpoints;
pub mod kms;
mod lacking;
mod look;
#[cfg(test)]
pub mod mocked;
mod operation;
mod pace;
pub mod parameter;
mod patience;
pub mod policy;
pub mod s3;
mod tagging;
mod tags;
pub mod vpc;
mod words;
pub mod xml;

pub use arn::named_in;
pub use attempts::within;
pub use call::{denied, nothing_if_absent, out_of_reach};
pub use connect::{Aws, ConnectOptions, Keys, Place, connect, sdk};
pub use cx::{Bundle, Cx, Note, Said};
pub use lacking::lacking;
pub use operation::{Repeat, Request, Service, encoded};
pub use patience::{in_turn, patiently, patiently_for, poll, poll_for, poll_twice};
pub use tagging::{carriers, tagged};
pub use tags::{OWN, PARTS, TAGS, TagCall, TagDiff, record};
