//! An S3 bucket, which notifies what is next itself, or by a rule on the account's event bus.

use serde_json::{Value, json};

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::bucket::{self, Bucket, EVENT_BRIDGE};
use crate::kinds::notification::Notification;
use crate::lower::Lowering;
use crate::lower::consumer::CONSUMER;
use crate::lower::known::Family;
use crate::lower::source::{Letters, Link, Next, PERMISSION, Sender, events, next};
use crate::lower::stream::kinesis::STREAM;
use crate::resource::{Name, output_of};
use crate::spec::{self, Delivery, OnDestroy, OwnOrExisting, Via};

const BUCKET: &str = "bucket";
const NOTIFICATION: &str = "notification";

/// Found by the statement that lets the bucket in.
pub(in crate::lower) const FAMILIES: &[Family] =
    &[Family::of::<Bucket>(BUCKET), Family::of::<Notification>(NOTIFICATION)];

pub(super) fn link(lowering: &Lowering<'_>, bucket: &spec::Bucket) -> Result<Link> {
    let nodes = nodes(lowering, bucket)?;
    if bucket.way() == Via::Events {
        return Ok(events::linked(lowering, events::DEFAULT, nodes));
    }
    let arn = bucket::arn(lowering.place, &Name::new(bucket.name()));
    let sender = Some(Sender { service: "s3.amazonaws.com", arn, token: String::new() });
    Ok(Link { nodes, sender, role: None, letters: Letters::Lost })
}

fn nodes(lowering: &Lowering<'_>, bucket: &spec::Bucket) -> Result<Vec<Node>> {
    let mut nodes = vec![node(lowering, bucket)?];
    let Some(next) = next(lowering) else { return Ok(nodes) };
    nodes.push(match bucket.way() {
        Via::Notification => notification(bucket, &next)?,
        Via::Events => {
            let props = events::rule(lowering, pattern(bucket), None, Delivery::default(), true, &next);
            events::node(lowering, events::DEFAULT, &props)?.needs([BUCKET])
        }
    });
    Ok(nodes)
}

fn node(lowering: &Lowering<'_>, bucket: &spec::Bucket) -> Result<Node> {
    match &bucket.place {
        OwnOrExisting::Existing(_) => Ok(Node::existing::<Bucket>(BUCKET, bucket.name())),
        OwnOrExisting::Own(own) => {
            let policy = bucket::tls_only(lowering.place, &Name::new(&own.name));
            let props = Bucket { policy, event_bridge: bucket.way() == Via::Events };
            // The statement that names it is made first, so that a killed run is found again.
            let node = Node::new(BUCKET, &own.name, &props)?.needs([PERMISSION, STREAM]);
            Ok(node.retained(own.on_destroy == OnDestroy::Retain))
        }
    }
}

fn notification(bucket: &spec::Bucket, next: &Next) -> Result<Node> {
    let props = Notification {
        target: next.arn().to_owned(),
        events: bucket.events.iter().map(|event| event.notified().to_owned()).collect(),
        prefix: bucket.prefix.clone(),
        suffix: bucket.suffix.clone(),
        others: Vec::new(),
    };
    Ok(Node::new(NOTIFICATION, bucket.name(), &props)?.needs([BUCKET, PERMISSION, CONSUMER, STREAM]))
}

/// Events of this bucket, of these keys. An existing bucket whose switch is off does not send them.
fn pattern(bucket: &spec::Bucket) -> Value {
    let types: Vec<&str> = bucket.events.iter().filter_map(spec::ObjectEvent::on_bus).flatten().copied().collect();
    let mut detail = json!({ "bucket": { "name": [output_of(BUCKET, EVENT_BRIDGE)] } });
    if let Some(key) = keys(&bucket.prefix, &bucket.suffix) {
        detail["object"] = json!({ "key": [key] });
    }
    json!({ "source": ["aws.s3"], "detail-type": types, "detail": detail })
}

/// What the keys are; `*` and `\` stand for themselves behind a `\`
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>).
fn keys(prefix: &str, suffix: &str) -> Option<Value> {
    let literal = |text: &str| text.replace('\\', "\\\\").replace('*', "\\*");
    match (prefix, suffix) {
        ("", "") => None,
        (prefix, "") => Some(json!({ "prefix": prefix })),
        ("", suffix) => Some(json!({ "suffix": suffix })),
        (prefix, suffix) => Some(json!({ "wildcard": format!("{}*{}", literal(prefix), literal(suffix)) })),
    }
}
