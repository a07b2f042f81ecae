//! The queue of what the consumer cannot handle.

use serde_json::Value;

use crate::aws::policy::allow;
use crate::error::Result;
use crate::graph::Node;
use crate::kinds::queue::{self, Queue};
use crate::lower::existing::used;
use crate::lower::known::Known;
use crate::lower::{Lowering, keys, source, stream};
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
                encrypted: own.key.is_none(),
                key: keys::arn(own.key.as_ref(), place)?,
                policy: queue::tls_and_senders(
                    place,
                    &Name::new(&name),
                    (&[], &[]),
                    source::into_dlq(lowering)?.as_ref(),
                ),
                fifo: spec.is_fifo(),
                visibility_seconds: queue::USUAL_VISIBILITY,
                delay_seconds: 0,
                redrive: None,
                takes_from: stream::queue::moves(lowering).into_iter().collect(),
            };
            let mentions = stream::queue::moves(lowering).map(|_| stream::kinesis::STREAM);
            Node::new(DLQ, name, &props)?.mentions(mentions).retained(own.on_destroy == OnDestroy::Retain)
        }
    };
    Ok(vec![node])
}

/// What the consumer's role needs to send to the queue, where it does.
pub(super) fn send(lowering: &Lowering<'_>) -> Vec<Value> {
    let Some(arn) = sent_to(lowering) else { return Vec::new() };
    let send = allow("SendToDlq", &["sqs:SendMessage"], std::slice::from_ref(&arn));
    std::iter::once(send).chain(write_key(lowering, &arn)).collect()
}

/// What a role needs beside `sqs:SendMessage` where this queue is encrypted with a key of one's own.
pub(super) fn write_key(lowering: &Lowering<'_>, arn: &String) -> Option<Value> {
    lowering.spec.queue()?.own()?.key.as_ref()?;
    let (actions, context) = (stream::queue::SEND_WITH_KEY, stream::queue::CONTEXT);
    Some(keys::bound(lowering.place, "EncryptLetters", actions, context, std::slice::from_ref(arn)))
}

/// ARN of the queue that the consumer's handler sends to, where there is one: a queue that feeds it moves its messages itself.
pub(super) fn sent_to(lowering: &Lowering<'_>) -> Option<String> {
    arn(lowering).filter(|_| lowering.spec.fed_queue().is_none())
}

/// ARN of the queue, where there is one.
pub(super) fn arn(lowering: &Lowering<'_>) -> Option<String> {
    lowering.spec.dlq.as_ref().map(|_| queue::arn(lowering.place, &Name::new(lowering.spec.queue_name())))
}

/// URL of the same.
pub(super) fn url(lowering: &Lowering<'_>) -> Option<String> {
    lowering
        .spec
        .dlq
        .as_ref()
        .filter(|_| lowering.spec.fed_queue().is_none())
        .map(|_| queue::url(lowering.place, &Name::new(lowering.spec.queue_name())))
}
