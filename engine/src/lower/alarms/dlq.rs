//! The dlq: any letter is one too many
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>).

use super::{Figure, Limit, Part, Watch, run};
use crate::lower::{Lowering, dlq};

pub(super) fn part(lowering: &Lowering<'_>) -> Option<Part> {
    let spec = lowering.spec;
    spec.queue()?;
    let figure = |metric| Figure::sum("AWS/SQS", metric, [("QueueName", spec.queue_name())]);
    let text = format!(
        "The dlq holds letters: records that the pipeline has given up. {} shows them with their reasons, and until when what they point to can be \
         read; {} sends them again once the cause is mended.",
        run("dlq ls"),
        run("dlq redrive")
    );
    // SQS says nothing more of a queue that nobody has used for 6 hours; its letters are still there.
    let letters = figure("ApproximateNumberOfMessagesVisible").maximum();
    let watched = vec![Watch::new("letters", dlq::DLQ, letters, Limit::Until(0.0), text)];
    let traffic = vec![figure("NumberOfMessagesSent"), figure("NumberOfMessagesDeleted")];
    Some(Part { title: format!("Dlq {}", spec.queue_name()), traffic, watched })
}
