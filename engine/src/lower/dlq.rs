//! The queue of what the consumer cannot handle.

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::queue::{self, Queue};
use crate::lower::Lowering;
use crate::lower::existing::used;
use crate::lower::known::Known;
use crate::resource::Name;
use crate::spec::{Dlq, OnDestroy, OwnOrExisting};

pub const DLQ: &str = "dlq";

pub(super) const IDS: &[Known] = &[Known::of::<Queue>(DLQ, |spec, _| spec.queue_name())];

pub(super) fn nodes(lowering: &Lowering<'_>) -> Result<Vec<Node>> {
    let (spec, place) = (lowering.spec, lowering.place);
    let Some(Dlq::Queue(queue)) = &spec.dlq else { return Ok(Vec::new()) };
    let name = spec.queue_name();
    let node = match queue {
        OwnOrExisting::Existing(existing) => used::<Queue>(DLQ, existing, "sqs", place)?,
        OwnOrExisting::Own(own) => {
            let props = Queue {
                retention_seconds: own.retention_days * 24 * 60 * 60,
                encrypted: true,
                policy: queue::tls_only(place, &Name::new(&name)),
            };
            Node::new(DLQ, name, &props)?.retained(own.on_destroy == OnDestroy::Retain)
        }
    };
    Ok(vec![node])
}

/// ARN of the queue, where there is one.
pub(super) fn arn(lowering: &Lowering<'_>) -> Option<String> {
    lowering.spec.dlq.as_ref().map(|_| queue::arn(lowering.place, &Name::new(lowering.spec.queue_name())))
}

/// URL of the queue, where there is one.
pub(super) fn url(lowering: &Lowering<'_>) -> Option<String> {
    lowering.spec.dlq.as_ref().map(|_| queue::url(lowering.place, &Name::new(lowering.spec.queue_name())))
}
