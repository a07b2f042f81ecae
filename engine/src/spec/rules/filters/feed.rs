//! The members that the records of each feed have, and filters may name.

use serde_json::{Map, Value};

use super::super::Cx;
use super::{asks_for_none, changes, fields};
use crate::spec::Problem;

/// What a function's records are, as filters see them.
pub(super) struct Feed {
    /// One of them, in words.
    record: &'static str,
    /// The member that holds what the sender sent.
    pub payload: &'static str,
    /// Every other member.
    members: &'static [&'static str],
    /// The page on which AWS says that filters see the payload alone; nothing where they were seen to see all.
    alone: Option<&'static str>,
    /// A pattern that is right.
    example: &'static str,
    /// What no filter matches is deleted from its source.
    pub deletes: bool,
}

const KINESIS: Feed = Feed {
    record: "record of a Kinesis stream",
    payload: "data",
    members: &[
        "kinesisSchemaVersion",
        "partitionKey",
        "sequenceNumber",
        "approximateArrivalTimestamp",
        "eventSource",
        "eventVersion",
        "eventID",
        "eventName",
        "invokeIdentityArn",
        "awsRegion",
        "eventSourceARN",
    ],
    alone: Some("https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html"),
    example: "{data: {kind: [order, {prefix: x}]}}",
    deletes: false,
};

/// AWS's page says `dynamodb` alone, and its own examples filter on `eventName`
/// (<https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_lambda.FilterCriteria.html>).
const TABLE: Feed = Feed {
    record: "change of a table",
    payload: changes::PAYLOAD,
    members: &["eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "userIdentity", "eventSourceARN"],
    alone: None,
    example: "{eventName: [INSERT], dynamodb: {NewImage: {kind: {S: [order, {prefix: x}]}}}}",
    deletes: false,
};

const QUEUE: Feed = Feed {
    record: "message of a queue",
    payload: "body",
    members: &[
        "messageId",
        "receiptHandle",
        "attributes",
        "messageAttributes",
        "md5OfBody",
        "md5OfMessageAttributes",
        "eventSource",
        "eventSourceARN",
        "awsRegion",
    ],
    alone: Some("https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html"),
    example: "{body: {kind: [order, {prefix: x}]}}",
    deletes: true,
};

impl Feed {
    /// What feeds the function; nothing where nothing does.
    pub(super) fn of(cx: &Cx<'_>) -> Option<Self> {
        let kinesis = cx.kinesis().map(|_| KINESIS);
        kinesis.or_else(|| cx.table_changes().map(|_| TABLE)).or_else(|| cx.fed_queue().map(|_| QUEUE))
    }

    pub(super) fn hint(&self) -> String {
        format!("a pattern is like `{}`", self.example)
    }

    /// What asks for members that the records lack, or that AWS does not say it looks at.
    pub(super) fn doubts(&self, pattern: &Map<String, Value>, path: &str) -> Vec<Problem> {
        let doubt = |(key, value, path): (&str, &Value, String)| match self.alone {
            _ if key == self.payload => None,
            _ if !self.members.contains(&key) && asks_for_none(value) => None,
            _ if !self.members.contains(&key) => {
                let message = format!("no {} has a `{key}`, so this matches nothing", self.record);
                let hint = format!("what was sent is below `{}`, as in `{}`", self.payload, self.example);
                Some(Problem::warning(path, message).hint(hint).on_key())
            }
            Some(page) => {
                let message = format!(
                    "AWS says that filters see `{}` alone, so `{key}` may match nothing, although it does in `pipe dev`",
                    self.payload
                );
                Some(Problem::warning(path, message).hint(format!("see {page}")).on_key())
            }
            None => None,
        };
        fields(pattern, path).into_iter().filter_map(doubt).collect()
    }
}
