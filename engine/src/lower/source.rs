//! Where events come from: one file for each kind of source.
//!
//! A source that is no API sends by itself. Each such file answers three questions: what makes the link, who lets the source in (a
//! statement in the policy of what receives, or a role), and where an event goes that cannot be delivered.

mod alexa;
pub(super) mod api;
pub(super) mod events;
pub(super) mod schedule;
pub(super) mod topic;

use serde_json::{Value, json};

use crate::aws::policy::{Policy, allow};
use crate::error::Result;
use crate::graph::Node;
use crate::kinds::permission::Permission;
use crate::kinds::queue::From;
use crate::kinds::role::Role;
use crate::lower::consumer::CONSUMER;
use crate::lower::known::Family;
use crate::lower::stream::kinesis::STREAM;
use crate::lower::{Lowering, dlq, stream};
use crate::owner::label;
use crate::resource::{Id, Name};
use crate::spec::{Dlq, OwnOrExisting, Schedule, Source, Stream};

/// The statement that lets the source call the function.
pub const PERMISSION: &str = "permission";
/// The role as which a source sends.
pub const ROLE: &str = "source-role";

/// What is found by what lets it in: a function's policy names its source, a queue's too.
pub(super) const FAMILIES: &[Family] = &[Family::of::<Permission>(PERMISSION), Family::of::<Role>(ROLE)];

/// What a source hands its events to.
pub(super) enum Next {
    /// The consumer's function.
    Function {
        name: String,
        arn: String,
    },
    Kinesis {
        arn: String,
    },
    Queue {
        name: Name,
        arn: String,
    },
}

impl Next {
    pub fn arn(&self) -> &str {
        match self {
            Self::Function { arn, .. } | Self::Kinesis { arn } | Self::Queue { arn, .. } => arn,
        }
    }

    /// Whether a role lets a service in, because it has no policy that would: a stream.
    pub fn takes_roles(&self) -> bool {
        matches!(self, Self::Kinesis { .. })
    }

    /// What a role needs to send to it.
    fn reached(&self) -> Value {
        let actions: &[&str] = match self {
            Self::Function { .. } => &["lambda:InvokeFunction"],
            Self::Kinesis { .. } => &["kinesis:PutRecord", "kinesis:PutRecords"],
            Self::Queue { .. } => &["sqs:SendMessage"],
        };
        allow("Deliver", actions, &[self.arn().to_owned()])
    }
}

/// Who sends without a role of the pipeline's.
pub(super) struct Sender {
    /// The service, as in `sns.amazonaws.com`.
    pub service: &'static str,
    /// What it acts for; empty where it says none.
    pub arn: String,
    /// What it shows instead; empty where it shows none.
    pub token: String,
}

pub(super) fn nodes(lowering: &Lowering<'_>) -> Result<Vec<Node>> {
    let mut nodes = match &lowering.spec.source {
        Some(Source::Api(api)) => return api::nodes(lowering, api),
        Some(Source::Topic(topic)) => topic::nodes(lowering, topic)?,
        Some(Source::Events(events)) => events::nodes(lowering, events)?,
        Some(Source::Schedule(Schedule(full))) => schedule::nodes(lowering, full)?,
        Some(Source::Alexa(_)) | None => Vec::new(),
    };
    nodes.extend(permission(lowering)?);
    nodes.extend(role(lowering)?);
    Ok(nodes)
}

/// The role as which the source sends, where it needs one: a service, what it acts for, and whether it brings to the dlq what it cannot deliver.
fn acts(lowering: &Lowering<'_>, next: &Next) -> Option<(&'static str, String, bool)> {
    match lowering.spec.source.as_ref()? {
        Source::Schedule(_) => Some((schedule::SERVICE, schedule::arn(lowering), true)),
        Source::Events(events) if next.takes_roles() => {
            let sender = events::sender(lowering, events);
            Some((sender.service, sender.arn, false))
        }
        _ => None,
    }
}

fn role(lowering: &Lowering<'_>) -> Result<Option<Node>> {
    let Some(next) = next(lowering) else { return Ok(None) };
    let Some((service, arn, brings)) = acts(lowering, &next) else { return Ok(None) };
    let mut statements = vec![next.reached()];
    let dlq = dlq::arn(lowering).filter(|_| brings);
    statements.extend(dlq.map(|dlq| allow("DeadLetters", &["sqs:SendMessage"], &[dlq])));
    let trust = Policy::new(vec![json!({
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sts:AssumeRole",
        "Condition": {
            "ArnEquals": { "aws:SourceArn": arn },
            "StringEquals": { "aws:SourceAccount": lowering.place.account },
        },
    })]);
    let role = lowering.role(trust, statements);
    let node = Node::new(ROLE, lowering.role_name(ROLE), &role)?;
    Ok(Some(node.mentions([CONSUMER, STREAM, dlq::DLQ])))
}

/// Who sends to what is next by its policy.
fn sender(lowering: &Lowering<'_>) -> Option<Sender> {
    match lowering.spec.source.as_ref()? {
        Source::Topic(_) => Some(topic::sender(lowering)),
        Source::Events(events) => Some(events::sender(lowering, events)),
        Source::Alexa(alexa) => Some(alexa::sender(alexa)),
        Source::Api(_) | Source::Schedule(_) => None,
    }
}

/// What the source hands its events to.
pub(super) fn next(lowering: &Lowering<'_>) -> Option<Next> {
    match &lowering.spec.stream {
        Some(Stream::Queue(_)) => {
            let name = Name::new(lowering.spec.fed_queue_name());
            Some(Next::Queue { arn: stream::queue::arn(lowering.spec, lowering.place), name })
        }
        Some(Stream::Kinesis(_)) => Some(Next::Kinesis { arn: stream::kinesis::arn(lowering.spec, lowering.place) }),
        Some(Stream::TableChanges(_)) => None,
        None => {
            let name = lowering.spec.function().map(|_| lowering.spec.consumer_name())?;
            Some(Next::Function { arn: lowering.function_arn(&name), name })
        }
    }
}

/// The statement of the function's policy.
fn permission(lowering: &Lowering<'_>) -> Result<Option<Node>> {
    let (Some(Next::Function { name, .. }), Some(sender)) = (next(lowering), sender(lowering)) else { return Ok(None) };
    let props = Permission {
        principal: sender.service.to_owned(),
        source_account: account(lowering, &sender.arn),
        source_arn: sender.arn,
        token: sender.token,
    };
    Ok(Some(Node::new(PERMISSION, props.name(&name).as_str(), &props)?.needs([CONSUMER])))
}

/// The account of what a service acts for, where its ARN does not say it.
fn account(lowering: &Lowering<'_>, arn: &str) -> String {
    if arn.is_empty() {
        return String::new();
    }
    let says = arn.split(':').nth(4).is_some_and(|account| !account.is_empty());
    if says { String::new() } else { lowering.place.account.clone() }
}

/// What the policy of the queue that feeds the consumer lets in for the source.
pub(super) fn into_stream(lowering: &Lowering<'_>) -> Option<From> {
    matches!(lowering.spec.stream, Some(Stream::Queue(_))).then(|| from(lowering)).flatten()
}

/// What the policy of the pipeline's own dlq lets in for what the source cannot deliver.
pub(super) fn into_dlq(lowering: &Lowering<'_>) -> Option<From> {
    let leaves = match lowering.spec.source.as_ref()? {
        Source::Topic(_) | Source::Events(_) => true,
        Source::Api(_) | Source::Schedule(_) | Source::Alexa(_) => false,
    };
    leaves.then(|| from(lowering)).flatten()
}

/// ARN of the dlq for what a source cannot deliver and sends there by its policy: only where that is the pipeline's own.
pub(super) fn dead_letters(lowering: &Lowering<'_>) -> Option<String> {
    let Some(Dlq::Queue(OwnOrExisting::Own(_))) = &lowering.spec.dlq else { return None };
    dlq::arn(lowering)
}

fn from(lowering: &Lowering<'_>) -> Option<From> {
    let sender = sender(lowering)?;
    Some(From {
        sid: label(&lowering.spec.name, &Id::new("source")),
        service: sender.service.to_owned(),
        account: account(lowering, &sender.arn),
        arn: sender.arn,
    })
}
