//! What AWS draws or counts; of a mapping its id, and the label of the stream that it reads, which is a time; and of a consumer its ARN.

use pipe_test_support::Account;
use serde_json::{Value, json};

/// What AWS draws or counts.
pub const DRAWN: &[&str] = &[
    "CreationDateTime",
    "EarliestRestorableDateTime",
    "LatestRestorableDateTime",
    "LatestStreamArn",
    "LatestStreamLabel",
    "StreamCreationTimestamp",
    "TableId",
    "ItemCount",
    "TableSizeBytes",
    "LastIncreaseDateTime",
    "LastDecreaseDateTime",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueUrl",
    "creationTime",
    "storedBytes",
    "RevisionId",
    "LastModified",
    "Location",
    "LastProcessingResult",
    "StateTransitionReason",
    "CreatedDate",
    "LastChangedDate",
    "LastAccessedDate",
    "VersionIdsToStages",
    "SecretVersionsToStages",
    "createdDate",
    "lastUpdatedDate",
    "deploymentId",
    "RequestId",
    "webAclArn",
];

/// The texts that differ from one account to another, each with what stands for it.
pub fn of(mapping: &Value, uuid: String) -> Vec<(String, String)> {
    let source = mapping["EventSourceArn"].as_str().unwrap_or_default();
    let label = source.split_once("/stream/").map(|(_, label)| (label.to_owned(), "LABEL".to_owned()));
    [(uuid, "UUID".to_owned())].into_iter().chain(label).collect()
}

/// The registered consumers of a described stream with their tags; `ids` gets their ARNs, which end with the time of their making.
pub fn consumers(account: &Account, described: &Value, ids: &mut Vec<(String, String)>) -> Vec<(&'static str, Value)> {
    let ask =
        |operation: &str, input: &Value| account.ask("kinesis", &format!("Kinesis_20131202.{operation}"), "/", input);
    let stream = json!({ "StreamARN": described["StreamDescriptionSummary"]["StreamARN"] });
    let all = ask("ListStreamConsumers", &stream)["Consumers"].as_array().cloned().unwrap_or_default();
    let look = |consumer: Value| {
        let arn = consumer["ConsumerARN"].as_str().unwrap_or_default().to_owned();
        let tags = ask("ListTagsForResource", &json!({ "ResourceARN": arn }));
        let named = arn.rsplit_once(':').unwrap_or_default().0.to_owned();
        let line = json!([named, consumer["ConsumerStatus"], tags]);
        ids.push((arn, named));
        ("consumer of a stream", line)
    };
    all.into_iter().map(look).collect()
}

/// A policy as JSON, percent-decoded: the order of the ids in it depends on what AWS draws.
pub fn document(text: &str) -> Value {
    serde_json::from_str(&percent_encoding::percent_decode_str(text).decode_utf8().unwrap()).unwrap()
}
