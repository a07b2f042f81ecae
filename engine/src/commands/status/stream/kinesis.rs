//! A Kinesis stream.
//!
//! IAM: kinesis:DescribeStreamSummary.

use aws_sdk_kinesis::types::StreamStatus;

use super::{Patience, Reader, Retention, behind, behind_patience, seconds};
use crate::aws::{Cx, nothing_if_absent};
use crate::commands::status::figures::Stat::{Maximum, Sum};
use crate::commands::status::figures::{Ask, Figures, Table, asks};
use crate::commands::status::station::{Station, station};
use crate::commands::status::time::duration;
use crate::error::Result;
use crate::event::status::Part;
use crate::event::status::Unit::{Count, Milliseconds};

/// <https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html>
const FIGURES: &Table = &[
    ("records", "IncomingRecords", Sum, Count),
    ("refused records", "WriteProvisionedThroughputExceeded", Sum, Count),
    ("refused reads", "ReadProvisionedThroughputExceeded", Sum, Count),
    ("age of reads", "GetRecords.IteratorAgeMilliseconds", Maximum, Milliseconds),
];

/// What Kinesis says of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub retention: Retention,
    pub shards: i32,
    pub active: bool,
}

pub fn at<'a>(cx: &'a Cx, (id, name): (&str, &'a str), reader: Reader<'_>, now: u64) -> Station<'a> {
    let mut figures = asks("AWS/Kinesis", &[("StreamName", name)], FIGURES);
    figures.extend(reader.consumer.into_iter().flat_map(age));
    let patience = reader.patience;
    let said = move |seen: Option<Seen>, figures: &Figures, part: &mut Part| judge(seen, figures, patience, now, part);
    station((id, name), figures, look(cx, name), said)
}

/// How old what the function gets is.
pub fn age(consumer: &str) -> Vec<Ask> {
    asks("AWS/Lambda", &[("FunctionName", consumer)], &[("oldest unread", "IteratorAge", Maximum, Milliseconds)])
}

pub async fn look(cx: &Cx, name: &str) -> Result<Option<Seen>> {
    let sent = cx.aws.kinesis.describe_stream_summary().stream_name(name).send().await;
    let summary = nothing_if_absent(sent)?.and_then(|answer| answer.stream_description_summary);
    Ok(summary.map(|summary| Seen {
        retention: Retention {
            seconds: u64::from(summary.retention_period_hours.unsigned_abs()) * 60 * 60,
            made: u64::try_from(summary.stream_creation_timestamp.secs()).ok(),
        },
        shards: summary.open_shard_count,
        active: summary.stream_status == StreamStatus::Active,
    }))
}

fn judge(seen: Option<Seen>, figures: &Figures, patience: Patience, now: u64, part: &mut Part) {
    if let Some(seen) = seen {
        let oldest = [figures.newest("oldest unread"), figures.newest("age of reads")];
        let oldest = oldest.into_iter().flatten().fold(0.0, f64::max);
        behind(seconds(oldest), seen.retention.seconds, now, part);
        behind_patience(seconds(oldest), patience, seen.retention.seconds, part);
        if !seen.active {
            part.note("it is being changed");
        }
        let shards = if seen.shards == 1 { "1 shard".to_owned() } else { format!("{} shards", seen.shards) };
        part.note(format!("{shards}, records kept {}", duration(seen.retention.seconds)));
    }
    let refused = figures.value("refused records");
    if refused > 0.0 {
        let message = format!("{refused} records were refused: shards take 1,000 a second, and 1 MB");
        part.needs_person(message, "raise `shards`, set `on_demand`, or spread the partition keys");
    }
    let reads = figures.value("refused reads");
    if reads > 0.0 {
        part.note(format!("{reads} reads were refused: others read the stream, too"));
    }
}
