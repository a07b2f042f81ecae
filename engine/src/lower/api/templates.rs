//! Mapping templates: a request to a Kinesis record, Kinesis' answer to the client's, a request to a line of the access log.
//!
//! The VTL in use is small: `#set`, `#if`, `#elseif`, `#else`, `#foreach`; `$input.body`, `.path`, `.json`, `.params()`;
//! `$util.base64Encode`, `.escapeJavaScript`; `contains`, `equalsIgnoreCase`, `replaceAll`, `get`, `keySet`; `$!` in a text.

use std::collections::BTreeMap;

use serde_json::json;

use super::{JSON, one};
use crate::kinds::rest_api::IntegrationResponse;
use crate::kinds::rest_api::means::{KEY, RANDOM};
use crate::spec::PartitionKey;

/// Which stream a route's records go to.
pub enum Stream<'a> {
    /// The one of this name.
    Named(&'a str),
    /// The one that the path parameter `streamName` says; the role refuses any but its own.
    InPath,
}

/// The statuses that a route's method responses have. `$context.responseOverride.status` needs none of its own.
pub const STATUSES: [&str; 3] = ["200", "400", "502"];

/// The PutRecord call. `Data` is the body byte for byte, an empty one as `{}` (aws-facts 7.2).
pub fn request(stream: Stream<'_>, key: &PartitionKey) -> String {
    let stream = match stream {
        Stream::Named(name) => name.to_owned(),
        Stream::InPath => quoted("$input.params().path.get('streamName')"),
    };
    let (before, key) = match key {
        // AWS's own id; `$context.requestId` could be set by the client.
        PartitionKey::Random => (String::new(), RANDOM.to_owned()),
        PartitionKey::Path(name) => (String::new(), quoted(&format!("$input.params().path.get('{name}')"))),
        key => (set_key(key), quoted("$key")),
    };
    let body = "$util.base64Encode($input.body)";
    format!("{before}{{\n  \"StreamName\": \"{stream}\",\n  \"Data\": \"{body}\",\n  {KEY}{key}\"\n}}\n")
}

/// A value from the client, for the inside of a JSON text: no client can close the text and add a member (aws-facts 11).
///
/// `escapeJavaScript` makes `\'` of `'`, which JSON does not know. The pattern is a regular expression: one backslash, one quote.
fn quoted(value: &str) -> String {
    format!(r#"$util.escapeJavaScript({value}).replaceAll("\\'", "'")"#)
}

/// Sets `$key` to the text of the key, empty where there is none: Kinesis then refuses the key, and the answer is 400.
fn set_key(key: &PartitionKey) -> String {
    match key {
        PartitionKey::Query(name) => format!("#set($key = \"$!input.params().querystring.get('{name}')\")\n"),
        // HTTP/2 clients send header names in lower case, and the map has them as they came.
        PartitionKey::Header(name) => format!(
            "#set($key = \"\")\n#set($headers = $input.params().header)\n#foreach($name in $headers.keySet())\n\
             #if($name.equalsIgnoreCase(\"{name}\"))\n#set($key = $headers.get($name))\n#end\n#end\n"
        ),
        // A number is a key by its text.
        PartitionKey::Body(path) => format!("#set($key = \"$!input.path('$.{path}')\")\n"),
        PartitionKey::Path(_) | PartitionKey::Random => String::new(),
    }
}

/// What the client is answered, by the status code under which the integration response is kept.
///
/// Kinesis refuses with HTTP 400 whatever the reason (aws-facts 11), so the reason is read from its answer. What no pattern
/// matches is 502, so that what nobody foresaw fails closed.
pub fn responses() -> BTreeMap<String, IntegrationResponse> {
    let taken = "{\"SequenceNumber\":$input.json('$.SequenceNumber'),\"ShardId\":$input.json('$.ShardId')}\n";
    let failed = json!({ "message": NOT_TAKEN }).to_string();
    let entry = |status: &str, pattern: &str, template: &str| {
        let response = IntegrationResponse {
            pattern: pattern.to_owned(),
            templates: one(JSON, template),
            ..IntegrationResponse::default()
        };
        (status.to_owned(), response)
    };
    let [ok, refused, bad] = STATUSES;
    BTreeMap::from([entry(ok, "200", taken), entry(refused, r"4\d{2}", &refusal()), entry(bad, "", &failed)])
}

const NOT_TAKEN: &str = "The stream did not take the record";

/// Reads why Kinesis refused. The messages are our own: AWS's name roles and accounts.
///
/// A text that Kinesis quotes from the client can at most turn one refusal into another.
fn refusal() -> String {
    // KMS errors other than throttling are the pipeline's fault, and `KMSAccessDeniedException` is no refused stream.
    let cases = [
        (
            "$type.contains(\"ProvisionedThroughputExceeded\") || $type.contains(\"Throttling\") || $type.contains(\"LimitExceeded\")",
            429,
            "Too many records for the stream: try again later",
        ),
        ("$type.contains(\"KMS\")", 502, NOT_TAKEN),
        ("$type.contains(\"AccessDenied\") || $type.contains(\"ResourceNotFound\")", 404, "No such stream"),
        (
            "$type.contains(\"Validation\") && $text.contains(\"'partitionKey'\")",
            400,
            "The partition key must have 1 to 256 characters",
        ),
        (
            "$type.contains(\"Validation\") && $text.contains(\"'data'\")",
            413,
            "The body is too large for a record of the stream",
        ),
        ("$type.contains(\"Validation\") && $text.contains(\"'streamName'\")", 404, "No such stream"),
    ];
    let mut template =
        "#set($type = \"$!input.path('$.__type')\")\n#set($text = \"$!input.path('$.message')\")\n".to_owned();
    for (at, (condition, status, message)) in cases.iter().enumerate() {
        let word = if at == 0 { "#if" } else { "#elseif" };
        template.push_str(&format!("{word}({condition})\n{}", answer(*status, message)));
    }
    template + "#else\n" + &answer(502, NOT_TAKEN) + "#end\n"
}

fn answer(status: u16, message: &str) -> String {
    format!("#set($context.responseOverride.status = {status})\n{}\n", json!({ "message": message }))
}

/// One line of JSON for each request. Nothing in it is the client's own text but its address: no path, no query, no header, and not
/// `$context.requestId`, which a client sets by a header
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-access-logging.html>).
pub fn access_log() -> String {
    const FIELDS: &[(&str, &str)] = &[
        ("extendedRequestId", "extendedRequestId"),
        ("ip", "identity.sourceIp"),
        ("requestTime", "requestTime"),
        ("method", "httpMethod"),
        ("resourcePath", "resourcePath"),
        ("status", "status"),
        ("errorType", "error.responseType"),
        ("responseLatency", "responseLatency"),
        ("responseLength", "responseLength"),
        ("integrationStatus", "integration.status"),
        ("integrationLatency", "integration.latency"),
        ("integrationError", "integration.error"),
        ("authorizerStatus", "authorizer.status"),
        ("authorizerLatency", "authorizer.latency"),
        ("authorizerError", "authorizer.error"),
    ];
    let fields: Vec<String> =
        FIELDS.iter().map(|(name, variable)| format!("\"{name}\":\"$context.{variable}\"")).collect();
    format!("{{{}}}", fields.join(","))
}
