//! A Kinesis data stream, and what its mapping's poller may do.

use serde_json::Value;

use crate::aws::Place;
use crate::aws::policy::allow;
use crate::error::Result;
use crate::graph::Node;
use crate::kinds::mapping::{self, Mapping};
use crate::kinds::stream::{self, Stream};
use crate::kinds::stream_consumer::{self, StreamConsumer};
use crate::lower::Lowering;
use crate::lower::consumer::MAPPING;
use crate::lower::existing::used;
use crate::lower::keys;
use crate::lower::known::Known;
use crate::lower::stream::Feed;
use crate::resource::{Name, output_of};
use crate::spec::{Kinesis, OnDestroy, OwnOrExisting, Spec, StreamEncryption};

pub const STREAM: &str = "stream";

/// The registered consumer that the function reads the stream as: it has a throughput of its own.
pub const FAN_OUT: &str = "fan-out";

/// What every use of a key for a stream is bound to: the stream's ARN
/// (<https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html>).
const CONTEXT: &str = "aws:kinesis:arn";

/// The mapping's name holds the ARN of what it reads, so each kind of stream has its own default for it.
pub(in crate::lower) const IDS: &[Known] = &[
    Known::of::<Stream>(STREAM, |spec, _| spec.stream_name()),
    Known::of::<StreamConsumer>(FAN_OUT, |spec, _| consumer(spec).to_string()),
    Known::of::<Mapping>(MAPPING, |spec, place| mapping::name(&spec.consumer_name(), &arn(spec, place)).to_string()),
];

/// What a mapping's poller calls. AWS tries all but the summary when the mapping is made.
const READ_STREAM: &[&str] = &[
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
];

/// The stream, and its registered consumer where the function has a throughput of its own.
pub(super) fn nodes(lowering: &Lowering<'_>, kinesis: &OwnOrExisting<Kinesis>) -> Result<Vec<Node>> {
    let mut nodes = vec![node(lowering, kinesis)?];
    if fans_out(lowering.spec) {
        let props = StreamConsumer { stream: arn(lowering.spec, lowering.place) };
        // It goes with its stream: one that is made again, even under the same name, has none.
        nodes.push(Node::new(FAN_OUT, consumer(lowering.spec).as_str(), &props)?.follows(STREAM));
    }
    Ok(nodes)
}

fn node(lowering: &Lowering<'_>, kinesis: &OwnOrExisting<Kinesis>) -> Result<Node> {
    match kinesis {
        OwnOrExisting::Existing(existing) => used::<Stream>(STREAM, existing, "kinesis", lowering.place),
        OwnOrExisting::Own(own) => {
            let props = Stream {
                on_demand: own.on_demand,
                shards: if own.on_demand { 0 } else { own.shards },
                retention_hours: own.retention_hours,
                max_record_kb: own.max_record_kb,
                encryption: encryption(own, lowering.place)?,
            };
            let node = Node::new(STREAM, lowering.spec.stream_name(), &props)?;
            Ok(node.retained(own.on_destroy == OnDestroy::Retain))
        }
    }
}

pub(super) fn feed(lowering: &Lowering<'_>) -> Feed {
    let arn = arn(lowering.spec, lowering.place);
    let mut read = vec![
        allow("ReadStream", READ_STREAM, std::slice::from_ref(&arn)),
        // ListStreams has no resource to be restricted to.
        allow("ListStreams", &["kinesis:ListStreams"], &["*".into()]),
    ];
    read.extend(with_key(lowering, "DecryptRecords", "kms:Decrypt"));
    if !fans_out(lowering.spec) {
        return Feed::Poll { id: STREAM, arn, read };
    }
    let own = |made: &str| stream_consumer::arn(&arn, &consumer_name(lowering.spec), made);
    read.push(allow("ReadAlone", &["kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"], &[own("*")]));
    Feed::Poll { id: FAN_OUT, arn: own(&output_of(FAN_OUT, stream_consumer::MADE)), read }
}

pub(in crate::lower) fn fans_out(spec: &Spec) -> bool {
    spec.function().is_some_and(|function| function.fan_out)
}

fn consumer(spec: &Spec) -> Name {
    stream_consumer::name(&spec.stream_name(), &consumer_name(spec))
}

pub(in crate::lower) fn consumer_name(spec: &Spec) -> String {
    format!("{}-consumer", spec.name)
}

/// What a role needs beside `kinesis:PutRecord` where the stream is encrypted with a key of one's own.
pub(in crate::lower) fn write_key(lowering: &Lowering<'_>) -> Option<Value> {
    with_key(lowering, "EncryptRecords", "kms:GenerateDataKey")
}

fn with_key(lowering: &Lowering<'_>, sid: &str, action: &str) -> Option<Value> {
    let arn = arn(lowering.spec, lowering.place);
    lowering.spec.kinesis()?.own()?.key.as_ref()?;
    Some(keys::bound(lowering.place, sid, &[action], CONTEXT, &[arn]))
}

fn encryption(own: &Kinesis, place: &Place) -> Result<String> {
    match (&own.key, own.encryption) {
        (Some(key), _) => keys::arn(Some(key), place),
        (None, StreamEncryption::AwsManaged) => Ok("aws_managed".into()),
        (None, StreamEncryption::None) => Ok("none".into()),
    }
}

/// ARN of the stream.
pub(in crate::lower) fn arn(spec: &Spec, place: &Place) -> String {
    stream::arn(place, &Name::new(spec.stream_name()))
}

#[cfg(test)]
mod tests;
