//! A Kinesis data stream as what a route calls: a request becomes a record, and Kinesis' answer the client's.
//!
//! The VTL in use is small: `#set`, `#if`, `#elseif`, `#else`, `#foreach`; `$input.body`, `.path`, `.json`, `.params()`;
//! `$util.base64Encode`, `.escapeJavaScript`; `.urlDecode`; `contains`, `equalsIgnoreCase`, `replaceAll`, `toLowerCase`, `get`, `keySet`; `$!` in a text.

pub(super) mod envelope;

use std::collections::BTreeMap;

use super::vtl::{any, choice, quoted, set_decoded, set_header, set_query};
use super::{STATUSES, To};
use crate::aws::policy::allow;
use crate::kinds::rest_api::IntegrationResponse;
use crate::kinds::rest_api::means::{KEY, RANDOM};
use crate::lower::Lowering;
use crate::lower::stream::kinesis::{STREAM, arn, write_key};
use crate::spec::{PartitionKey, Piece, Route};

const JSON_1_1: &str = "application/x-amz-json-1.1";

/// A route that puts its request's body on the stream.
pub(super) fn to(lowering: &Lowering<'_>, route: &Route) -> To {
    let named_in_path = route.path().split('/').any(|part| part == "{streamName}");
    let name = lowering.spec.stream_name();
    let stream = if named_in_path { Stream::InPath } else { Stream::Named(&name) };
    let template = request(stream, &route.partition_key, &route.envelope);
    let integration =
        super::call(lowering, "kinesis:action/PutRecord", JSON_1_1, &template, responses(&route.partition_key));
    let stream = arn(lowering.spec, lowering.place);
    let mut statements = vec![allow("PutRecords", &["kinesis:PutRecord"], &[stream])];
    statements.extend(write_key(lowering));
    To { integration, statuses: &STATUSES, statements, mentions: vec![STREAM.to_owned()] }
}

/// Which stream a route's records go to.
enum Stream<'a> {
    /// The one of this name.
    Named(&'a str),
    /// The one that the path parameter `streamName` says; the role refuses any but its own.
    InPath,
}

/// The PutRecord call. `Data` is the body as API Gateway has it, an empty one as `{}`.
fn request(stream: Stream<'_>, key: &PartitionKey, envelope: &[Piece]) -> String {
    let (named, stream) = match stream {
        Stream::Named(name) => (String::new(), name.to_owned()),
        Stream::InPath => (set_decoded("stream", "streamName"), quoted("$stream")),
    };
    let (before, key) = match key {
        // AWS's own id; `$context.requestId` could be set by the client.
        PartitionKey::Random => (String::new(), RANDOM.to_owned()),
        key => (set_key(key), quoted("$key")),
    };
    let (around, data) = match envelope {
        [] => (String::new(), "$input.body"),
        pieces => (envelope::set(pieces), "$record"),
    };
    let body = format!("$util.base64Encode({data})");
    format!("{named}{before}{around}{{\n  \"StreamName\": \"{stream}\",\n  \"Data\": \"{body}\",\n  {KEY}{key}\"\n}}\n")
}

/// Sets `$key` to the text of the key, empty where there is none: Kinesis then refuses the key, and the answer is 400.
fn set_key(key: &PartitionKey) -> String {
    match key {
        PartitionKey::Query(name) => set_query("key", name),
        PartitionKey::Header(name) => set_header("key", name),
        // A number is a key by its text.
        PartitionKey::Body(path) => format!("#set($key = \"$!input.path('$.{path}')\")\n"),
        PartitionKey::Path(name) => set_decoded("key", name),
        PartitionKey::Random => String::new(),
    }
}

/// Where a client puts the key, in words.
pub(super) fn place(key: &PartitionKey) -> String {
    match key {
        PartitionKey::Path(name) => format!("the path parameter \"{name}\""),
        PartitionKey::Query(name) => format!("the query parameter \"{name}\""),
        PartitionKey::Header(name) => format!("the header \"{name}\""),
        PartitionKey::Body(path) => format!("the body's field \"{path}\""),
        PartitionKey::Random => "the partition key".to_owned(),
    }
}

/// The client's answers. Kinesis refuses with HTTP 400 whatever the reason, so the reason is read from its answer.
fn responses(key: &PartitionKey) -> BTreeMap<String, IntegrationResponse> {
    let taken = "{\"SequenceNumber\":$input.json('$.SequenceNumber'),\"ShardId\":$input.json('$.ShardId')}\n";
    super::responses(taken, &refusal(key), NOT_TAKEN)
}

const NOT_TAKEN: &str = "The stream did not take the record";
const NO_STREAM: &str = "No such stream";
const BUSY: &str = "Too many records for the stream: try again later";
const TOO_LARGE: &str = "The body is too large for a record of the stream";

/// Reads why Kinesis refused. The messages are our own: AWS's name roles and accounts.
///
/// A value that is out of bounds is a `ValidationException` that names the member, or an `InvalidArgumentException` in words.
/// A text that Kinesis quotes from the client can at most turn one refusal into another.
fn refusal(key: &PartitionKey) -> String {
    let key = format!("The partition key is missing or too long: {} must have 1 to 256 characters", place(key));
    // KMS errors other than throttling are the pipeline's fault, and `KMSAccessDeniedException` is no refused stream.
    let cases = [
        (any("$type", &["ProvisionedThroughputExceeded", "Throttling", "LimitExceeded"]), 429, BUSY),
        (any("$type", &["KMS"]), 502, NOT_TAKEN),
        (any("$type", &["AccessDenied", "ResourceNotFound"]), 404, NO_STREAM),
        (format!("!({})", any("$type", &["Validation", "InvalidArgument"])), 502, NOT_TAKEN),
        (any("$text", &["'partitionkey'", "partition key"]), 400, &key),
        (any("$text", &["'data'", "size", "large", "exceed"]), 413, TOO_LARGE),
        (any("$text", &["'streamname'", "stream name"]), 404, NO_STREAM),
    ];
    "#set($type = \"$!input.path('$.__type')\")\n#set($text = \"$!input.path('$.message')\")\n\
     #set($text = $text.toLowerCase())\n"
        .to_owned()
        + &choice(&cases, (502, NOT_TAKEN))
}

#[cfg(test)]
mod tests;
