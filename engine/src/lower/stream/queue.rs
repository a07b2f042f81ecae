//! An SQS queue that feeds the consumer, and what its mapping's poller may do.

use serde_json::Value;

use crate::aws::Place;
use crate::aws::policy::allow;
use crate::error::Result;
use crate::graph::Node;
use crate::kinds::mapping::{self, Mapping};
use crate::kinds::queue::{self, Queue, Redrive};
use crate::lower::consumer::MAPPING;
use crate::lower::existing::used;
use crate::lower::known::Known;
use crate::lower::stream::Feed;
use crate::lower::stream::kinesis::STREAM;
use crate::lower::{Lowering, dlq, keys, source};
use crate::resource::Name;
use crate::spec::{OnDestroy, OwnOrExisting, QueueEncryption, QueueStream, Sender, Spec};

/// As of a Kinesis stream.
pub(in crate::lower) const IDS: &[Known] = &[
    Known::of::<Queue>(STREAM, |spec, _| spec.fed_queue_name()),
    Known::of::<Mapping>(MAPPING, |spec, place| mapping::name(&spec.consumer_name(), &arn(spec, place)).to_string()),
];

/// What a mapping's poller calls; AWS tries all of it when the mapping is made
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>).
const READ_QUEUE: &[&str] = &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];

/// What every use of a key for a queue is bound to: the queue's ARN.
pub(in crate::lower) const CONTEXT: &str = "aws:sqs:arn";

/// What a sender needs: SQS tries each new data key
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html>).
pub(in crate::lower) const SEND_WITH_KEY: &[&str] = &["kms:Decrypt", "kms:GenerateDataKey"];

pub(super) fn node(lowering: &Lowering<'_>, queue: &OwnOrExisting<QueueStream>) -> Result<Node> {
    match queue {
        OwnOrExisting::Existing(existing) => used::<Queue>(STREAM, existing, "sqs", lowering.place),
        OwnOrExisting::Own(own) => {
            let node = Node::new(STREAM, lowering.spec.fed_queue_name(), &props(lowering, own)?)?;
            // Where its messages move must be there first.
            Ok(node.needs([dlq::DLQ]).retained(own.on_destroy == OnDestroy::Retain))
        }
    }
}

fn props(lowering: &Lowering<'_>, own: &QueueStream) -> Result<Queue> {
    let (spec, place) = (lowering.spec, lowering.place);
    let (services, principals): (Vec<&Sender>, Vec<&Sender>) = own.allow.iter().partition(|one| one.is_service());
    let texts = |all: Vec<&'_ Sender>| all.into_iter().map(|one| one.as_str().to_owned()).collect::<Vec<_>>();
    let (services, principals) = (texts(services), texts(principals));
    let redrive = dlq::arn(lowering).map(|to| Redrive { to, max_receives: own.max_receives });
    Ok(Queue {
        retention_seconds: own.retention_days * 24 * 60 * 60,
        encrypted: own.encryption == QueueEncryption::SqsManaged && own.key.is_none(),
        key: keys::arn(own.key.as_ref(), place)?,
        policy: queue::tls_and_senders(
            place,
            &Name::new(spec.fed_queue_name()),
            (&principals, &services),
            source::into_stream(lowering)?.as_ref(),
        ),
        fifo: own.fifo,
        visibility_seconds: spec.visibility_seconds(),
        delay_seconds: own.delay_seconds,
        redrive,
        takes_from: Vec::new(),
    })
}

pub(super) fn feed(lowering: &Lowering<'_>) -> Feed {
    let arn = arn(lowering.spec, lowering.place);
    let mut read = vec![allow("ReadQueue", READ_QUEUE, std::slice::from_ref(&arn))];
    read.extend(with_key(lowering, "DecryptMessages", &["kms:Decrypt"]));
    Feed::Poll { id: STREAM, arn, read }
}

/// What a role needs beside `sqs:SendMessage` where the queue is encrypted with a key of one's own.
pub(in crate::lower) fn write_key(lowering: &Lowering<'_>) -> Option<Value> {
    with_key(lowering, "EncryptMessages", SEND_WITH_KEY)
}

fn with_key(lowering: &Lowering<'_>, sid: &str, actions: &[&str]) -> Option<Value> {
    lowering.spec.fed_queue()?.own()?.key.as_ref()?;
    let arn = arn(lowering.spec, lowering.place);
    Some(keys::bound(lowering.place, sid, actions, CONTEXT, &[arn]))
}

/// ARN of the queue.
pub(in crate::lower) fn arn(spec: &Spec, place: &Place) -> String {
    queue::arn(place, &Name::new(spec.fed_queue_name()))
}

/// The ARN of the pipeline's own queue, which moves its messages to the dlq.
pub(in crate::lower) fn moves(lowering: &Lowering<'_>) -> Option<String> {
    lowering.spec.fed_queue()?.own()?;
    Some(arn(lowering.spec, lowering.place))
}

/// A mapping of a queue: SQS counts how often a message was handed over, and moves it, so that a mapping has none of it.
pub(in crate::lower) fn mapped(mapping: Mapping, spec: &Spec) -> Mapping {
    if spec.fed_queue().is_none() {
        return mapping;
    }
    Mapping {
        parallelization: 1,
        start: String::new(),
        retries: -1,
        max_age_seconds: -1,
        bisect: false,
        on_failure: String::new(),
        max_concurrency: spec.function().and_then(|function| function.batch.max_concurrency),
        ..mapping
    }
}
