//! An SNS topic, and the subscription by which it sends to what is next.

use serde_json::Value;

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::subscription::{self, Subscription};
use crate::kinds::topic::{self, Topic};
use crate::lower::consumer::CONSUMER;
use crate::lower::existing::used;
use crate::lower::known::Family;
use crate::lower::source::{Letters, Link, Next, PERMISSION, Sender, dead_letters, next};
use crate::lower::stream::kinesis::STREAM;
use crate::lower::{Lowering, dlq};
use crate::resource::Name;
use crate::spec::{self, FilterOn, OnDestroy, OwnOrExisting, TopicEncryption};

pub const TOPIC: &str = "topic";
/// The key that SNS manages for an account.
const AWS_MANAGED: &str = "alias/aws/sns";
const SUBSCRIPTION: &str = "subscription";

/// Found by the statement that lets the topic in.
pub(in crate::lower) const FAMILIES: &[Family] =
    &[Family::of::<Topic>(TOPIC), Family::of::<Subscription>(SUBSCRIPTION)];

pub(super) fn link(lowering: &Lowering<'_>, topic: &spec::Topic) -> Result<Link> {
    let sender = Sender { service: "sns.amazonaws.com", arn: arn(lowering), token: String::new() };
    Ok(Link { nodes: nodes(lowering, topic)?, sender: Some(sender), role: None, letters: Letters::ByPolicy })
}

fn nodes(lowering: &Lowering<'_>, topic: &spec::Topic) -> Result<Vec<Node>> {
    let mut nodes = vec![node(lowering, topic)?];
    let (protocol, endpoint, name) = match next(lowering) {
        Some(Next::Function { name, arn }) => ("lambda", arn, name),
        Some(Next::Queue { name, arn }) => ("sqs", arn, name.to_string()),
        Some(Next::Kinesis { .. }) | None => return Ok(nodes),
    };
    let props = Subscription {
        topic: arn(lowering),
        protocol: protocol.to_owned(),
        endpoint,
        filter: topic.filter.clone().map(Value::Object),
        filter_on: match topic.filter_on {
            FilterOn::Attributes => "attributes".into(),
            FilterOn::Body => "body".into(),
        },
        // A message in a queue is what was published, and nothing around it; Lambda takes none without.
        raw: protocol == "sqs",
        dead_letters: dead_letters(lowering).unwrap_or_default(),
    };
    let name = subscription::name(&lowering.spec.topic_name(), protocol, &name);
    let subscription = Node::new(SUBSCRIPTION, name.as_str(), &props)?;
    let subscription = subscription.needs([TOPIC, PERMISSION, CONSUMER, STREAM, dlq::DLQ]);
    // What leads to something of the pipeline's own is its own, also when the statement that tells so was lost.
    let existing = lowering.spec.function().is_some_and(|function| function.existing.is_some());
    nodes.push(if protocol == "lambda" && existing { subscription } else { subscription.adopted() });
    Ok(nodes)
}

fn node(lowering: &Lowering<'_>, topic: &spec::Topic) -> Result<Node> {
    match &topic.place {
        OwnOrExisting::Existing(existing) => used::<Topic>(TOPIC, existing, "sns", lowering.place),
        OwnOrExisting::Own(own) => {
            let name = lowering.spec.topic_name();
            let policy = topic::tls_only(lowering.place, &Name::new(&name));
            let kms_key = match own.encryption {
                TopicEncryption::None => String::new(),
                TopicEncryption::AwsManaged => AWS_MANAGED.to_owned(),
            };
            let props = Topic { policy, kms_key, email: String::new() };
            // The statement that names it is made first, so that a killed run is found again.
            let node = Node::new(TOPIC, name, &props)?.needs([PERMISSION, STREAM]);
            Ok(node.retained(own.on_destroy == OnDestroy::Retain))
        }
    }
}

fn arn(lowering: &Lowering<'_>) -> String {
    topic::arn(lowering.place, &Name::new(lowering.spec.topic_name()))
}
