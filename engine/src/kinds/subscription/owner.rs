//! Whose a subscription is: SNS gives it no tags, so the policy of what receives tells.

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use super::{Parts, name};
use crate::aws::policy::{Policy, texts};
use crate::aws::{Cx, nothing_if_absent};
use crate::error::Result;
use crate::kinds::function;
use crate::kinds::permission::{self, Permission};
use crate::kinds::queue::{self, Queue};
use crate::kinds::topic::{self, Topic};
use crate::owner;
use crate::resource::{Id, Name, Resource, Tags};

/// The id that every pipeline's subscription has.
const ID: &str = "subscription";

/// The tags that a subscription would have: the pipeline's where a statement of its label lets the topic in, or where what received is gone,
/// and the statement with it; none otherwise.
pub(super) async fn tags(cx: &Cx, parts: &Parts) -> Result<Tags> {
    let topic = topic::arn(&cx.aws.place, &parts.topic);
    let is_ours = match parts.protocol {
        "lambda" => {
            permission::sources(cx, parts.endpoint.as_str()).await?.contains(&topic)
                || !function::exists(cx, &parts.endpoint).await?
        }
        _ => of_queue(cx, &parts.endpoint).await?.is_none_or(|policy| sources(cx, &policy).any(|arn| arn == topic)),
    };
    let label = is_ours.then(|| owner::label(&cx.pipeline, &Id::new(ID)));
    Ok(label.and_then(|label| owner::labelled(&label, &cx.pipeline)).unwrap_or_default())
}

/// The subscriptions that a statement of the pipeline, or the policy of its queue, is for.
pub(super) fn leads(cx: &Cx, kind: &str, from: &Name, props: &Value) -> Vec<Name> {
    let (protocol, endpoint, topics): (_, _, Vec<&str>) = match kind {
        Permission::KIND => {
            ("lambda", permission::function_of(from), props["source_arn"].as_str().into_iter().collect())
        }
        Queue::KIND => {
            let statements = props["policy"]["Statement"].as_array().map_or(&[][..], Vec::as_slice);
            ("sqs", from.as_str(), sources(cx, statements).collect())
        }
        _ => return Vec::new(),
    };
    let topics = topics.into_iter().filter_map(Topic::name_of);
    topics.map(|topic| name(topic.as_str(), protocol, endpoint)).collect()
}

/// What the statements of a queue's policy that have the pipeline's label let a service act for.
fn sources<'a>(cx: &Cx, statements: &'a [Value]) -> impl Iterator<Item = &'a str> {
    let ours = |one: &&Value| {
        let sid = one["Sid"].as_str().unwrap_or_default();
        one["Effect"] == "Allow" && owner::labelled(sid, &cx.pipeline).is_some()
    };
    let ours: Vec<&Value> = statements.iter().filter(ours).collect();
    ours.into_iter().flat_map(|one| texts(&one["Condition"]["ArnEquals"]["aws:SourceArn"]))
}

/// The statements of a queue's policy; nothing where there is no such queue.
async fn of_queue(cx: &Cx, queue: &Name) -> Result<Option<Vec<Value>>> {
    let url = queue::url(&cx.aws.place, queue);
    let request = cx.aws.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::Policy);
    let Some(answer) = nothing_if_absent(request.send().await)? else { return Ok(None) };
    let document = answer.attributes.and_then(|mut all| all.remove(&QueueAttributeName::Policy));
    let policy = document.filter(|text| !text.is_empty()).map(|text| Policy::parse(&text)).transpose()?;
    Ok(Some(policy.map(|policy| policy.statements().to_vec()).unwrap_or_default()))
}
