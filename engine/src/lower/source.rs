//! Where events come from: one file for each kind of source.
//!
//! A source that is no API sends by itself. Its file says how it reaches what is next ([`Link`]): what makes the link, who lets the source in
//! (a statement in the policy of what receives, or a role), and where an event goes that cannot be delivered.

mod alexa;
pub(super) mod api;
pub(super) mod bucket;
pub(super) mod events;
pub(super) mod iot;
pub(super) mod logs;
pub(super) mod schedule;
#[cfg(test)]
mod tests;
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
    pub fn reached(&self, lowering: &Lowering<'_>) -> Vec<Value> {
        let actions: &[&str] = match self {
            Self::Function { .. } => &["lambda:InvokeFunction"],
            Self::Kinesis { .. } => &["kinesis:PutRecord", "kinesis:PutRecords"],
            Self::Queue { .. } => &["sqs:SendMessage"],
        };
        let key = match self {
            Self::Function { .. } => None,
            Self::Kinesis { .. } => stream::kinesis::write_key(lowering),
            Self::Queue { .. } => stream::queue::write_key(lowering),
        };
        std::iter::once(allow("Deliver", actions, &[self.arn().to_owned()])).chain(key).collect()
    }
}

/// How a source reaches what is next.
pub(super) struct Link {
    /// The source itself, and what makes the link.
    pub nodes: Vec<Node>,
    /// Who is let in by the policy of what receives.
    pub sender: Option<Sender>,
    /// As whom the source sends, where that is a role.
    pub role: Option<Acts>,
    /// Where an event goes that cannot be delivered.
    pub letters: Letters,
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

/// A role that a source takes on.
pub(super) struct Acts {
    /// The service, as in `scheduler.amazonaws.com`.
    pub service: &'static str,
    /// What it acts for, by one or several ARNs.
    pub arns: Vec<String>,
    /// What the role may do.
    pub statements: Vec<Value>,
}

/// Where an event goes that cannot be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    /// To the pipeline's own dlq, whose policy lets the sender in.
    ByPolicy,
    /// To the dlq, as the role.
    ByRole,
    /// AWS keeps it nowhere.
    Lost,
}

pub(super) fn nodes(lowering: &Lowering<'_>) -> Result<Vec<Node>> {
    if let Some(Source::Api(api)) = &lowering.spec.source {
        return api::nodes(lowering, api);
    }
    let Some(link) = link(lowering)? else { return Ok(Vec::new()) };
    let permission = permission(lowering, link.sender)?;
    let role = link.role.map(|acts| role(lowering, acts)).transpose()?;
    Ok(link.nodes.into_iter().chain(permission).chain(role).collect())
}

/// How the source reaches what is next; nothing of an API, whose routes say it.
fn link(lowering: &Lowering<'_>) -> Result<Option<Link>> {
    let Some(source) = &lowering.spec.source else { return Ok(None) };
    Ok(Some(match source {
        Source::Api(_) => return Ok(None),
        Source::Topic(topic) => topic::link(lowering, topic)?,
        Source::Bucket(bucket) => bucket::link(lowering, bucket)?,
        Source::Events(events) => events::link(lowering, events)?,
        Source::Schedule(Schedule(full)) => schedule::link(lowering, full)?,
        Source::Logs(logs) => logs::link(lowering, logs)?,
        Source::Iot(iot) => iot::link(lowering, iot)?,
        Source::Alexa(alexa) => alexa::link(alexa),
    }))
}

/// The role as which a source sends.
fn role(lowering: &Lowering<'_>, acts: Acts) -> Result<Node> {
    let trust = Policy::new(vec![json!({
        "Effect": "Allow",
        "Principal": { "Service": acts.service },
        "Action": "sts:AssumeRole",
        "Condition": {
            "ArnEquals": { "aws:SourceArn": acts.arns },
            "StringEquals": { "aws:SourceAccount": lowering.place.account },
        },
    })]);
    let role = lowering.role(trust, acts.statements);
    let node = Node::new(ROLE, lowering.role_name(ROLE), &role)?;
    Ok(node.mentions([CONSUMER, STREAM, dlq::DLQ]))
}

/// What a role needs that brings to the dlq what its source cannot deliver.
pub(super) fn brings(lowering: &Lowering<'_>) -> Vec<Value> {
    let Some(arn) = dlq::arn(lowering) else { return Vec::new() };
    let send = allow("DeadLetters", &["sqs:SendMessage"], std::slice::from_ref(&arn));
    std::iter::once(send).chain(dlq::write_key(lowering, &arn)).collect()
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
fn permission(lowering: &Lowering<'_>, sender: Option<Sender>) -> Result<Option<Node>> {
    let (Some(Next::Function { name, .. }), Some(sender)) = (next(lowering), sender) else { return Ok(None) };
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
pub(super) fn into_stream(lowering: &Lowering<'_>) -> Result<Option<From>> {
    let is_next = matches!(lowering.spec.stream, Some(Stream::Queue(_)));
    Ok(link(lowering)?.filter(|_| is_next).and_then(|link| link.sender).map(|sender| from(lowering, sender)))
}

/// What the policy of the pipeline's own dlq lets in for what the source cannot deliver.
pub(super) fn into_dlq(lowering: &Lowering<'_>) -> Result<Option<From>> {
    let link = link(lowering)?.filter(|link| link.letters == Letters::ByPolicy);
    Ok(link.and_then(|link| link.sender).map(|sender| from(lowering, sender)))
}

/// ARN of the dlq for what a source cannot deliver and sends there by its policy: only where that is the pipeline's own.
pub(super) fn dead_letters(lowering: &Lowering<'_>) -> Option<String> {
    let Some(Dlq::Queue(OwnOrExisting::Own(_))) = &lowering.spec.dlq else { return None };
    dlq::arn(lowering)
}

fn from(lowering: &Lowering<'_>, sender: Sender) -> From {
    From {
        sid: label(&lowering.spec.name, &Id::new("source")),
        service: sender.service.to_owned(),
        account: account(lowering, &sender.arn),
        arn: sender.arn,
    }
}
