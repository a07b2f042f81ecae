//! Event source mappings of SQS queues, with Lambda's rules for them.
//!
//! A queue has no shards and no place to go on from: what was received is invisible for a while, and comes back unless it is deleted.
//! So nothing is kept here over a restart, and whatever goes wrong, a message is handed over again, never lost. Decisions are pure
//! ([`state`], with [`waiting`] and [`deletes`]); [`poll`] and [`run`] do them, and only [`service`] calls SQS.
//!
//! As AWS has it: batches by number, window and payload; a failed message comes back when its visibility ends, and its visibility is not
//! changed for it; a call that Lambda throttles costs a receive as a failed one does; what no filter lets in is deleted; SQS itself moves
//! what was received too often to the dead-letter queue. In a FIFO queue one batch of a group is at work at a time, and nothing of a group is handed
//! over after a message that failed and is still to come back.
//!
//! Chosen where AWS says nothing, or different from it:
//! - Five batches at a time at first, as by AWS, and five more each second under load, up to the mapping's `MaximumConcurrency`, and
//!   to 16 in any case: each is a process on one machine.
//! - The queue is asked once a second while it is empty, and at once when somebody sent a message through the endpoint. It is not asked to wait: a
//!   question that is given up on while it waits would take messages that nobody gets.
//! - Messages that were received and not handed over when a mapping ends or changes are made visible again, so that
//!   the next start need not wait for them. They have been received once more than on AWS.
//! - A refused call (throttles, a service that fails) halves the number of batches at a time, and nothing is received for 1 s to 30 s.
//! - A deletion that fails is tried again while the receipt is good. A message whose batch takes longer than its visibility, or whose
//!   deletion fails for so long, is handed over twice: at least once is all that Lambda promises too.
//! - An answer that names a message twice fails the whole batch, as one with an unknown id does.

use std::sync::Arc;

use aws_sdk_lambda::types::EventSourceMappingConfiguration;
use tokio::sync::watch;

mod deletes;
mod poll;
mod record;
mod run;
mod service;
mod state;
#[cfg(test)]
mod tests;
mod verdict;
mod waiting;

pub use poll::QueueWorld;
pub use record::complete;
pub use run::run;
pub use service::{check, queued, source};
pub use verdict::failed;

/// How many batches may run at the same time on one machine, whatever the mapping allows.
const MOST_BATCHES: usize = 16;
/// How much longer than window and function together Lambda keeps a message that it gathers, in seconds.
const GATHERED_SECONDS: i64 = 30;

/// What the mapping of a queue knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    pub url: String,
    pub fifo: bool,
    /// How long a message that was received stays invisible.
    pub visibility_ms: i64,
    /// Whether that is longer than the queue's own time, and has to be asked for.
    pub asks_visibility: bool,
    pub redrive: Option<Redrive>,
    /// Batches at a time, at the most.
    pub batches: usize,
}

/// Where SQS moves what was received too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// 1 to 1,000.
    pub max_receives: u32,
    /// Name of the dead-letter queue.
    pub queue: String,
}

impl Queued {
    /// Puts together what the API says of the mapping, and SQS of the queue.
    ///
    /// With a window, a message must stay invisible while it is gathered: Lambda asks for the window, the function's time-out and 30
    /// seconds, where the queue's own time is shorter
    /// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
    pub fn new(
        url: String,
        visibility_seconds: i64,
        redrive: Option<Redrive>,
        answer: &EventSourceMappingConfiguration,
        timeout_seconds: i32,
    ) -> Self {
        let window = i64::from(answer.maximum_batching_window_in_seconds().unwrap_or(0));
        let gathers = if window > 0 { window + i64::from(timeout_seconds) + GATHERED_SECONDS } else { 0 };
        let most = answer.scaling_config().and_then(|scaling| scaling.maximum_concurrency());
        let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(MOST_BATCHES);
        Self {
            fifo: url.ends_with(".fifo"),
            url,
            visibility_ms: visibility_seconds.max(gathers) * 1000,
            asks_visibility: gathers > visibility_seconds,
            redrive,
            batches: most.clamp(1, MOST_BATCHES),
        }
    }
}

/// What a poller has in common with those of streams.
pub type Orders = watch::Receiver<super::mapping::Order>;
/// What a mapping of a queue is set to do, with what is known of the queue.
pub type Mapping = Arc<super::mapping::Properties>;
