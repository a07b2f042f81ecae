//! Events that senders put into a Kinesis stream under a role, which MiniStack does not do.

use std::io::Write;

use aws_sdk_kinesis::Client;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use serde_json::value::RawValue;

use super::destination::{Undelivered, failed};
use super::source::{Place, Source};
use crate::roles::Roles;

/// Puts an event. Log groups send theirs zipped (`docs/aws.md#logs-filters`); the partition key is what a rule of
/// IoT says, else the event's id where it has one.
///
/// # Errors
/// The role may not, or the stream does not take it.
pub async fn put(
    roles: &Roles,
    role: &str,
    stream: &str,
    source: &Source,
    event: &RawValue,
    request: &str,
) -> Result<(), Undelivered> {
    let arn = source.arn(&Place::of(stream));
    let config =
        roles.config_for(role, arn.as_deref()).await.map_err(|error| Undelivered::Other(error.message().to_owned()))?;
    let data = match source {
        Source::Logs { .. } => zipped(event.get().as_bytes()).map_err(|error| Undelivered::Final(error.to_string()))?,
        _ => event.get().as_bytes().to_vec(),
    };
    let parsed: Value = serde_json::from_str(event.get()).unwrap_or_default();
    let said = match source {
        Source::Iot(published) => published.partition_key(),
        _ => None,
    };
    let key = said.as_deref().or_else(|| parsed["id"].as_str()).filter(|id| !id.is_empty()).unwrap_or(request);
    let put = Client::new(&config).put_record().stream_arn(stream).partition_key(key).data(data.into());
    put.send().await.map(drop).map_err(|error| failed(role, "kinesis:PutRecord", &error))
}

fn zipped(data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut zipped = GzEncoder::new(Vec::new(), Compression::default());
    zipped.write_all(data)?;
    zipped.finish()
}
