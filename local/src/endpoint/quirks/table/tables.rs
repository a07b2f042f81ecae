//! The part of the table about DynamoDB.

use super::Operation::Target;
use super::Quirk;
use super::Whose::Deployers;
use crate::endpoint::quirks::table_streams;

pub(super) static QUIRKS: &[Quirk] = &[Quirk {
    whose: Deployers,
    reason: "a stream is begun over another, and ended where none is",
    operations: &[Target("DynamoDB_20120810.UpdateTable")],
    answer: table_streams::update,
}];
