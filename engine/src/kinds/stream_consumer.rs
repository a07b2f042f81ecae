//! `kinesis:StreamConsumer`: a reader of a stream with a throughput of its own, 2 MB a second of each shard (enhanced fan-out).
//!
//! Here its name is `<stream>/<consumer>`. AWS ends its ARN, which is its handle, with the time at which it was made, which is its identity.
//! Nothing of it can be changed but its tags, which it has from the registering call on. It goes with its stream, which must be ACTIVE while
//! it is registered. Limits: 20 of a stream (50 of some on demand), 5 of them CREATING at once, 5 calls a second
//! (<https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RegisterStreamConsumer.html>).
//!
//! IAM: kinesis:RegisterStreamConsumer, DescribeStreamConsumer, DeregisterStreamConsumer, DescribeStreamSummary, ListTagsForResource,
//! TagResource, UntagResource; lambda:ListEventSourceMappings (no resource level).

use std::time::Duration;

use aws_sdk_kinesis::types::{ConsumerDescription, ConsumerStatus};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::aws::{Cx, TagCall, TagDiff, nothing_if_absent, patiently, poll};
use crate::error::{Class, Error, Result};
use crate::kinds::stream::{self, settle::settled};
use crate::resource::{Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Tags};

/// Mostly seconds; a stream that is resharded meanwhile keeps it waiting.
const SOON: Duration = Duration::from_secs(15 * 60);
/// How long others that are being registered may be in the way.
const FREE_WITHIN: Duration = Duration::from_secs(60);

const LIMIT: &str = "LimitExceededException";

/// The output that ends its ARN: when it was made, in seconds.
pub const MADE: &str = "made";

/// A registered consumer of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamConsumer {
    /// ARN of the stream.
    pub stream: String,
}

impl Resource for StreamConsumer {
    const KIND: &'static str = "kinesis:StreamConsumer";
    const REPLACE_ON: &'static [&'static str] = &["stream"];

    fn name_of(arn: &str) -> Option<Name> {
        let rest = arn.strip_prefix("arn:")?.split_once(":kinesis:")?.1.split_once(":stream/")?.1;
        let (stream, rest) = rest.split_once("/consumer/")?;
        let (consumer, _made) = rest.split_once(':')?;
        Some(name(stream, consumer))
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const OF_THE_STREAM: &[&str] = &["kinesis:*StreamConsumer", "kinesis:DescribeStreamSummary"];
        // The second is about its tags: a managed policy has no room for all names.
        const OF_THE_CONSUMER: &[&str] = &["kinesis:*StreamConsumer", "kinesis:*Resource"];
        let (stream, consumer) = parts(name);
        let stream = stream::arn(scope.place, &stream);
        let own = arn(&stream, consumer, "*");
        vec![
            Grant::new(OF_THE_STREAM, stream),
            Grant::new(OF_THE_CONSUMER, own),
            Grant::new(&["lambda:ListEventSourceMappings"], "*"),
        ]
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let what = format!("consumer `{name}` to be registered");
        let look = || async {
            let Some(found) = describe(cx, name).await? else { return Ok(Some(Vec::new())) };
            Ok(match found.consumer_status {
                ConsumerStatus::Creating => None,
                ConsumerStatus::Deleting => Some(vec![live(found, Tags::new())]),
                _ => Some(
                    tags(cx, &found.consumer_arn).await?.into_iter().map(|tags| live(found.clone(), tags)).collect(),
                ),
            })
        };
        poll(cx, &what, SOON, look).await
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        // ensure
        let here = live.filter(|live| live.state == State::Live);
        if here.is_none() {
            if live.is_some() {
                gone(cx, name).await?;
            }
            self.register(cx, name).await?;
        }
        let active = || async {
            let found = describe(cx, name).await?;
            Ok(found.filter(|found| found.consumer_status == ConsumerStatus::Active))
        };
        let found = poll(cx, &format!("consumer `{name}` to become active"), SOON, active).await?;
        // sync
        let arn = found.consumer_arn.as_str();
        let tags = match here {
            Some(live) => live.tags.clone(),
            None => tags(cx, arn).await?.unwrap_or_default(),
        };
        sync_tags(cx, name, arn, &tags).await?;
        Ok(Made { outputs: outputs(arn), identity: identity(arn) })
    }

    async fn delete(cx: &Cx, name: &Name, handle: &Handle) -> Result<()> {
        let what = format!("consumer `{name}` to accept its deletion");
        let call = cx.aws.kinesis.deregister_stream_consumer().consumer_arn(handle.as_str());
        patiently(cx, &what, || async { nothing_if_absent(call.clone().send().await).map(drop) }).await
    }
}

impl StreamConsumer {
    async fn register(&self, cx: &Cx, name: &Name) -> Result<()> {
        let (stream, consumer) = parts(name);
        settled(cx, &stream, |_| true).await?;
        let tags = (!cx.tags.is_empty()).then(|| cx.tags.clone().into_iter().collect());
        let call = cx.aws.kinesis.register_stream_consumer().stream_arn(&self.stream).consumer_name(consumer);
        let call = call.set_tags(tags);
        let start = Instant::now();
        let register = || async {
            call.clone().send().await.map(drop).map_err(Error::from).map_err(|error| match error.code() {
                // It is there since the read, or the stream changes again: both are to be looked at.
                "ResourceInUseException" => error.class_as(Class::Unclear),
                LIMIT if start.elapsed() < FREE_WITHIN => error.class_as(Class::Busy),
                _ => error,
            })
        };
        let made = patiently(cx, "a free place: AWS registers at most 5 consumers at once", register).await;
        made.map_err(|error| match error.code() {
            LIMIT => error.hint("a stream has at most 20 consumers: deregister one, or take `fan_out` out"),
            _ => error,
        })
    }
}

/// The ARN of a consumer of the stream with this ARN, made at this time.
pub fn arn(stream: &str, consumer: &str, made: &str) -> String {
    format!("{stream}/consumer/{consumer}:{made}")
}

/// Asks AWS for the ARN of a consumer; nothing where there is none.
///
/// # Errors
/// As AWS gives them.
pub async fn find(cx: &Cx, name: &Name) -> Result<Option<String>> {
    Ok(describe(cx, name).await?.map(|found| found.consumer_arn))
}

/// The name of a consumer of a stream.
pub fn name(stream: &str, consumer: &str) -> Name {
    Name::new(format!("{stream}/{consumer}"))
}

/// Stream and consumer.
fn parts(name: &Name) -> (Name, &str) {
    let (stream, consumer) = name.as_str().split_once('/').unwrap_or((name.as_str(), ""));
    (Name::new(stream), consumer)
}

async fn describe(cx: &Cx, name: &Name) -> Result<Option<ConsumerDescription>> {
    let (stream, consumer) = parts(name);
    let arn = stream::arn(&cx.aws.place, &stream);
    let sent = cx.aws.kinesis.describe_stream_consumer().stream_arn(arn).consumer_name(consumer).send().await;
    Ok(nothing_if_absent(sent)?.and_then(|answer| answer.consumer_description))
}

async fn tags(cx: &Cx, arn: &str) -> Result<Option<Tags>> {
    let sent = cx.aws.kinesis.list_tags_for_resource().resource_arn(arn).send().await;
    let all = nothing_if_absent(sent)?.map(|answer| answer.tags.unwrap_or_default());
    Ok(all.map(|all| all.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())).collect()))
}

async fn sync_tags(cx: &Cx, name: &Name, arn: &str, live: &Tags) -> Result<()> {
    let what = format!("consumer `{name}` to accept its tags");
    for call in TagDiff::of(&cx.tags, live).calls() {
        match call {
            TagCall::Set(tags) => {
                let request = cx.aws.kinesis.tag_resource().resource_arn(arn);
                let request = request.set_tags(Some(tags.into_iter().collect()));
                patiently(cx, &what, || async { Ok(request.clone().send().await.map(drop)?) }).await?;
            }
            TagCall::Remove(keys) => {
                let request = cx.aws.kinesis.untag_resource().resource_arn(arn).set_tag_keys(Some(keys));
                patiently(cx, &what, || async { Ok(request.clone().send().await.map(drop)?) }).await?;
            }
        }
    }
    Ok(())
}

async fn gone(cx: &Cx, name: &Name) -> Result<()> {
    let what = format!("the deleted consumer `{name}` to be gone");
    poll(cx, &what, SOON, || async { Ok(describe(cx, name).await?.is_none().then_some(())) }).await
}

fn live(found: ConsumerDescription, tags: Tags) -> Live<StreamConsumer> {
    let leaving = found.consumer_status == ConsumerStatus::Deleting;
    Live {
        handle: Handle::new(found.consumer_arn.as_str()),
        outputs: outputs(&found.consumer_arn),
        identity: identity(&found.consumer_arn),
        props: StreamConsumer { stream: found.stream_arn },
        tags,
        state: if leaving { State::Leaving } else { State::Live },
    }
}

/// When it was made, in seconds.
fn identity(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or_default().to_owned()
}

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned()), (MADE.to_owned(), identity(arn))])
}

#[cfg(test)]
mod tests;
