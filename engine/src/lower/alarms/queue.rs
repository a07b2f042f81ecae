//! The queue that feeds the consumer: messages that wait, also because the mapping is stopped
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>).

use super::{Figure, Limit, Part, Watch, run, spoken};
use crate::lower::Lowering;
use crate::lower::stream::kinesis::STREAM;

/// Days that messages stay in a queue of which the spec says no more: SQS's own default.
const USUAL_DAYS: u32 = 4;

pub(super) fn part(lowering: &Lowering<'_>) -> Option<Part> {
    let spec = lowering.spec;
    let days = spec.fed_queue()?.own().map_or(USUAL_DAYS, |own| own.retention_days);
    let kept = days * 24 * 60 * 60;
    let figure = |metric| Figure::sum("AWS/SQS", metric, [("QueueName", spec.fed_queue_name())]);
    let text = format!(
        "A message has been in the queue for longer than {}, a third of the {} that it keeps messages: the function is too slow or fails, or the \
         mapping is stopped. {} shows which, and {} why the function fails. Messages that it cannot handle move to the dlq by themselves.",
        spoken(kept / 3),
        spoken(kept),
        run("status"),
        run("logs")
    );
    let age = figure("ApproximateAgeOfOldestMessage").maximum().time();
    let watched = vec![Watch::new("messages-wait", STREAM, age, Limit::Once(f64::from(kept / 3)), text)];
    let traffic = vec![figure("NumberOfMessagesSent"), figure("NumberOfMessagesDeleted")];
    Some(Part { title: format!("Queue {}", spec.fed_queue_name()), traffic, watched })
}
