//! The part of the table about registered consumers of streams.

use super::Operation::Target;
use super::Quirk;
use super::Whose::Deployers;
use crate::endpoint::quirks::consumers;

pub(super) static QUIRKS: &[Quirk] = &[
    Quirk {
        whose: Deployers,
        reason: "a consumer of a stream has no tags",
        operations: &[Target("Kinesis_20131202.RegisterStreamConsumer")],
        answer: consumers::register,
    },
    Quirk {
        whose: Deployers,
        reason: "and so they end with it",
        operations: &[Target("Kinesis_20131202.DeregisterStreamConsumer")],
        answer: consumers::deregister,
    },
    Quirk {
        whose: Deployers,
        reason: "and cannot be set or listed",
        operations: &[
            Target("Kinesis_20131202.TagResource"),
            Target("Kinesis_20131202.UntagResource"),
            Target("Kinesis_20131202.ListTagsForResource"),
        ],
        answer: consumers::tags,
    },
];
