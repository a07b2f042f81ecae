//! Whose a subscription is: SNS gives it no tags, so the policy of what receives tells.

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use super::{Parts, name};
use crate::aws::policy::{Policy, texts};
use crate::aws::{Cx, nothing_if_absent};
use crate::error::Result;
use crate::kinds::queue::{self, Queue};
use crate::kinds::topic::{self, Topic};
use crate::owner;
use crate::resource::{Id, Name, Resource, Tags};

/// The kind of a statement in a function's policy.
const PERMISSION: &str = "lambda:Permission";

/// The id that every pipeline's subscription has.
const ID: &str = "subscription";

/// The tags that a subscription would have: the pipeline's where a statement of its label lets the topic in, and none otherwise.
pub(super) async fn tags(cx: &Cx, parts: &Parts) -> Result<Tags> {
    let topic = topic::arn(&cx.aws.place, &parts.topic);
    let statements = match parts.protocol {
        "lambda" => of_function(cx, &parts.endpoint).await?,
        _ => of_queue(cx, &parts.endpoint).await?,
    };
    let ours = |one: &Value| is_ours(cx, parts.protocol, one) && sources(one).any(|arn| arn == topic);
    let label = statements.iter().any(ours).then(|| owner::label(&cx.pipeline, &Id::new(ID)));
    Ok(label.and_then(|label| owner::labelled(&label, &cx.pipeline)).unwrap_or_default())
}

/// The subscriptions that a statement of the pipeline, or the policy of its queue, is for.
pub(super) fn leads(cx: &Cx, kind: &str, from: &Name, props: &Value) -> Vec<Name> {
    let (protocol, endpoint, topics): (_, _, Vec<&str>) = match kind {
        PERMISSION => {
            let function = from.as_str().split('/').next().unwrap_or_default();
            ("lambda", function, props["source_arn"].as_str().into_iter().collect())
        }
        Queue::KIND => {
            let statements = props["policy"]["Statement"].as_array().into_iter().flatten();
            let ours = statements.filter(|one| is_ours(cx, "sqs", one));
            ("sqs", from.as_str(), ours.flat_map(sources).collect())
        }
        _ => return Vec::new(),
    };
    let topics = topics.into_iter().filter_map(Topic::name_of);
    topics.map(|topic| name(topic.as_str(), protocol, endpoint)).collect()
}

/// Whether a statement has the pipeline's label. One of a function has a hash of what it allows behind that.
fn is_ours(cx: &Cx, protocol: &str, statement: &Value) -> bool {
    let sid = statement["Sid"].as_str().unwrap_or_default();
    let label = if protocol == "lambda" { sid.rsplit_once('-').map_or("", |(label, _)| label) } else { sid };
    statement["Effect"] == "Allow" && owner::labelled(label, &cx.pipeline).is_some()
}

/// What a statement lets its service act for. IAM does not tell the cases of condition keys apart.
fn sources(statement: &Value) -> impl Iterator<Item = &str> {
    let operators = statement["Condition"].as_object().into_iter().flatten();
    let keys = operators.filter_map(|(_, keys)| keys.as_object()).flatten();
    keys.filter(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn")).flat_map(|(_, arns)| texts(arns))
}

async fn of_function(cx: &Cx, function: &Name) -> Result<Vec<Value>> {
    let sent = cx.aws.lambda.get_policy().function_name(function.as_str()).send().await;
    statements(nothing_if_absent(sent)?.and_then(|answer| answer.policy))
}

async fn of_queue(cx: &Cx, queue: &Name) -> Result<Vec<Value>> {
    let url = queue::url(&cx.aws.place, queue);
    let request = cx.aws.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::Policy);
    let attributes = nothing_if_absent(request.send().await)?.and_then(|answer| answer.attributes);
    statements(attributes.and_then(|mut all| all.remove(&QueueAttributeName::Policy)))
}

fn statements(document: Option<String>) -> Result<Vec<Value>> {
    let policy = document.filter(|text| !text.is_empty()).map(|text| Policy::parse(&text)).transpose()?;
    Ok(policy.map(|policy| policy.statements().to_vec()).unwrap_or_default())
}
