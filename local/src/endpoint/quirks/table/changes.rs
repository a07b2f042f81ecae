//! The part of the table about what is read: the streams of tables, items that expire, messages of queues.

use super::Operation::Target;
use super::Quirk;
use super::Whose::Sessions;
use crate::endpoint::quirks::{changes, message_ids, queue_batches, ttl};

pub(super) static QUIRKS: &[Quirk] = &[
    Quirk {
        whose: Sessions,
        reason: "to read a table's stream takes a right to all streams, and nobody is named who deleted what has expired",
        operations: &[
            Target("DynamoDBStreams_20120810.DescribeStream"),
            Target("DynamoDBStreams_20120810.GetShardIterator"),
            Target("DynamoDBStreams_20120810.GetRecords"),
        ],
        answer: changes::read_stream,
    },
    Quirk {
        whose: Sessions,
        reason: "a message may have any text as its group and as its deduplication id",
        operations: &[Target("AmazonSQS.SendMessage")],
        answer: message_ids::send,
    },
    Quirk {
        whose: Sessions,
        reason: "a call about several messages takes a right of its own, which no policy gives",
        operations: &[
            Target("AmazonSQS.ChangeMessageVisibilityBatch"),
            Target("AmazonSQS.DeleteMessageBatch"),
            Target("AmazonSQS.SendMessageBatch"),
        ],
        answer: queue_batches::call,
    },
    Quirk {
        whose: Sessions,
        reason: "what has expired is deleted without a record in the table's stream, and texts expire as well",
        operations: &[Target("DynamoDB_20120810.UpdateTimeToLive")],
        answer: ttl::update,
    },
    Quirk {
        whose: Sessions,
        reason: "and so the forwarder knows which attribute it is",
        operations: &[Target("DynamoDB_20120810.DescribeTimeToLive")],
        answer: ttl::describe,
    },
];
