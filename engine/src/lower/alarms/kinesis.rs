//! A Kinesis stream: records that it refuses, and records that nobody reads
//! (<https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html>).

use super::{Figure, Limit, Part, Watch, age, run};
use crate::lower::Lowering;
use crate::lower::consumer::MAPPING;
use crate::lower::stream::kinesis::{STREAM, consumer_name, fans_out};

/// Hours that records stay in a stream of which the spec says no more.
const USUAL_HOURS: u32 = 24;

pub(super) fn part(lowering: &Lowering<'_>) -> Option<Part> {
    let spec = lowering.spec;
    let hours = spec.kinesis()?.own().map_or(USUAL_HOURS, |own| own.retention_hours);
    let mut watched = vec![refused(figure(lowering, "WriteProvisionedThroughputExceeded"))];
    if spec.function().is_some_and(|function| function.enabled) {
        watched.extend([age::waits(lowering, hours * 60 * 60), unread(lowering)]);
    }
    let traffic = vec![figure(lowering, "IncomingRecords"), figure(lowering, "GetRecords.Records")];
    Some(Part { title: format!("Stream {}", spec.stream_name()), traffic, watched })
}

fn figure(lowering: &Lowering<'_>, metric: &'static str) -> Figure {
    Figure::sum("AWS/Kinesis", metric, [("StreamName", lowering.spec.stream_name())])
}

fn refused(figure: Figure) -> Watch {
    let text = format!(
        "The stream refuses records in two of three periods of 5 minutes, because a shard gets more than 1 MB or 1000 records a second: senders \
         must send them again. {} shows the rates. Set more `shards`, or `on_demand: true`, in `stream.kinesis`, or a partition key that \
         spreads the records better.",
        run("status")
    );
    Watch::new("stream-throttled", STREAM, figure, Limit::Often(0.0), text)
}

/// Lambda asks each shard once a second, whether it has records or not, so silence means that the mapping is stopped. Whoever else reads the
/// stream hides that; of a registered consumer AWS counts each apart.
fn unread(lowering: &Lowering<'_>) -> Watch {
    let figure = match fans_out(lowering.spec) {
        true => {
            let dimensions =
                [("ConsumerName", consumer_name(lowering.spec)), ("StreamName", lowering.spec.stream_name())];
            Figure::sum("AWS/Kinesis", "SubscribeToShardEvent.Success", dimensions)
        }
        false => figure(lowering, "GetRecords.Success"),
    };
    let text = format!(
        "Nobody has read the stream for 15 minutes: the mapping between it and the function is stopped, was disabled by hand, or has lost its \
         permission. Its records are lost when the stream forgets them. {} shows the mapping's state and its last result; {} makes it as the \
         spec has it. Other readers of the stream hide this.",
        run("status"),
        run("apply")
    );
    let figure = Figure { statistic: "SampleCount", ..figure };
    Watch::new("stream-unread", MAPPING, figure, Limit::Silent, text)
}
