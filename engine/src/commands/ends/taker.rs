//! What the consumer of a `pipe dev` is done with; of its mappings AWS tells nobody.

use std::path::PathBuf;

use aws_sdk_sqs::types::QueueAttributeName;
use pipe_local::poller::Past;

use super::Taken;
use crate::aws::Cx;

/// What shows how far the consumer is.
pub enum Taker {
    /// The file of its checkpoints.
    Checkpoints(PathBuf),
    /// The queue with this URL, which has a message until the function has taken it, or the queue moves it.
    Queue(String),
}

/// What the consumer is done with.
pub enum Done {
    Records(Past),
    /// All messages, or none that is known.
    Messages(bool),
}

impl Taker {
    /// Looks. What cannot be seen is not done.
    pub async fn done(&self, cx: &Cx) -> Done {
        match self {
            Self::Checkpoints(file) => Done::Records(Past::read(file)),
            Self::Queue(url) => Done::Messages(is_empty(cx, url).await),
        }
    }
}

impl Done {
    /// Whether it is done with this event.
    pub fn has(&self, taken: &Taken) -> bool {
        match self {
            Self::Records(past) => taken.location.part.as_ref().is_some_and(|shard| past.has(shard, &taken.record)),
            Self::Messages(all) => *all,
        }
    }
}

/// Whether a queue has no message, visible or not. The emulator counts exactly, and AWS does not.
async fn is_empty(cx: &Cx, url: &str) -> bool {
    use QueueAttributeName::{
        ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesDelayed as Delayed,
        ApproximateNumberOfMessagesNotVisible as Hidden,
    };
    let counts = [Visible, Delayed, Hidden];
    let asked = cx.aws.sqs.get_queue_attributes().queue_url(url).set_attribute_names(Some(counts.to_vec()));
    let answer = asked.send().await.ok().and_then(|answer| answer.attributes);
    answer.is_some_and(|all| counts.iter().all(|count| all.get(count).is_some_and(|text| text == "0")))
}
