//! Records of a Kinesis stream: the data is the item.

use std::borrow::Cow;

use aws_lambda_events::kinesis::KinesisEventRecord;
use serde_json::value::RawValue;

use super::{Content, Ending, Feed, Origin, Record};

pub const FEED: Feed = Feed { name: "kinesis", source: "aws:kinesis", ending: Ending::Stream, read };

fn read(raw: &RawValue) -> serde_json::Result<Record<'_>> {
    let record: KinesisEventRecord = serde_json::from_str(raw.get())?;
    let event_id = record.event_id.unwrap_or_default();
    let origin = Origin {
        shard_id: shard_of(&event_id).to_owned(),
        event_id,
        stream_arn: stream_of(record.event_source_arn.as_deref().unwrap_or_default()).to_owned(),
        partition_key: record.kinesis.partition_key,
        arrived_millis: record.kinesis.approximate_arrival_timestamp.timestamp_millis(),
        keys: None,
    };
    let content = Content::Json(Cow::Owned(record.kinesis.data.0));
    Ok(Record { id: record.kinesis.sequence_number, group: None, content, origin })
}

/// Returns the stream whose record it is: a mapping's source may be a registered consumer of the stream, and a letter must lead to the record.
fn stream_of(source: &str) -> &str {
    source.split_once("/consumer/").map_or(source, |(stream, _)| stream)
}

/// Returns the shard of a record: the first part of its event id, `<shardId>:<sequenceNumber>`.
fn shard_of(event_id: &str) -> &str {
    event_id.split_once(':').map_or("", |(shard, _)| shard)
}
