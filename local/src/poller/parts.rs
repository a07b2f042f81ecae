//! The parts of a mapping, for those who hand records to its function in its place: the events that it makes, its filters, and the
//! meaning of an answer.

pub use super::batch::{MAX_PAYLOAD_BYTES, bytes, payload};
pub use super::mapping::Properties;
pub use super::outcome::{Verdict, failure, judge};
pub use super::queue::{complete as message, failed};
pub use super::record::{Record, Sequence};
pub use super::source::Service;
pub use super::source::dynamodb::record::{Given, complete as change};
pub use super::source::kinesis::record::complete as record;
