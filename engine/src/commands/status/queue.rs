//! What SQS says of a queue.

use aws_sdk_sqs::types::QueueAttributeName as Attribute;

use crate::aws::{Cx, nothing_if_absent};
use crate::error::Result;
use crate::kinds::queue;
use crate::resource::Name;

/// A queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Messages that can be received.
    pub ready: u64,
    /// Messages that somebody has received, and not deleted yet.
    pub in_flight: u64,
    /// Messages that cannot be received yet.
    pub delayed: u64,
    /// Seconds after which SQS deletes a message.
    pub retention_seconds: u64,
}

impl Seen {
    pub fn depth(self) -> u64 {
        self.ready + self.in_flight + self.delayed
    }
}

/// Looks at the queue of this name; nothing where there is none. IAM: sqs:GetQueueAttributes.
pub async fn look(cx: &Cx, name: &Name) -> Result<Option<Seen>> {
    const ASKED: [Attribute; 4] = [
        Attribute::ApproximateNumberOfMessages,
        Attribute::ApproximateNumberOfMessagesNotVisible,
        Attribute::ApproximateNumberOfMessagesDelayed,
        Attribute::MessageRetentionPeriod,
    ];
    let request = cx.aws.sqs.get_queue_attributes().queue_url(queue::url(&cx.aws.place, name));
    let sent = request.set_attribute_names(Some(ASKED.to_vec())).send().await;
    let Some(answer) = nothing_if_absent(sent)? else { return Ok(None) };
    let said = answer.attributes.unwrap_or_default();
    let number = |name: &Attribute| said.get(name).and_then(|text| text.parse().ok()).unwrap_or_default();
    let [ready, in_flight, delayed, retention_seconds] = ASKED.each_ref().map(number);
    Ok(Some(Seen { ready, in_flight, delayed, retention_seconds }))
}
