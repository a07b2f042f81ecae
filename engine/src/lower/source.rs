//! Where events come from: one file for each kind of source.
//!
//! A source that is no API sends by itself. Each such file answers three questions: what makes the link, who lets the source in (a
//! statement in the policy of what receives, or a role), and where an event goes that cannot be delivered.

pub(super) mod api;
pub(super) mod topic;

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::permission::Permission;
use crate::kinds::queue::From;
use crate::lower::consumer::CONSUMER;
use crate::lower::known::Family;
use crate::lower::{Lowering, stream};
use crate::owner::label;
use crate::resource::{Id, Name};
use crate::spec::{Dlq, OwnOrExisting, Source, Stream};

/// The statement that lets the source call the function.
pub const PERMISSION: &str = "permission";

/// What is found by what lets it in: a function's policy names its source, a queue's too.
pub(super) const FAMILIES: &[Family] = &[Family::of::<Permission>(PERMISSION)];

/// What a source hands its events to.
pub(super) enum Next {
    /// The consumer's function.
    Function {
        name: String,
        arn: String,
    },
    Kinesis,
    Queue {
        name: Name,
        arn: String,
    },
}

/// Who sends without a role of the pipeline's.
pub(super) struct Sender {
    /// The service, as in `sns.amazonaws.com`.
    pub service: &'static str,
    /// What it acts for.
    pub arn: String,
}

pub(super) fn nodes(lowering: &Lowering<'_>) -> Result<Vec<Node>> {
    let mut nodes = match &lowering.spec.source {
        Some(Source::Api(api)) => return api::nodes(lowering, api),
        Some(Source::Topic(topic)) => topic::nodes(lowering, topic)?,
        None => return Ok(Vec::new()),
    };
    nodes.extend(permission(lowering)?);
    Ok(nodes)
}

/// Who sends to what is next by its policy.
fn sender(lowering: &Lowering<'_>) -> Option<Sender> {
    match lowering.spec.source.as_ref()? {
        Source::Topic(_) => Some(topic::sender(lowering)),
        Source::Api(_) => None,
    }
}

/// What the source hands its events to.
pub(super) fn next(lowering: &Lowering<'_>) -> Option<Next> {
    match &lowering.spec.stream {
        Some(Stream::Queue(_)) => {
            let name = Name::new(lowering.spec.fed_queue_name());
            Some(Next::Queue { arn: stream::queue::arn(lowering.spec, lowering.place), name })
        }
        Some(Stream::Kinesis(_)) => Some(Next::Kinesis),
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
        token: String::new(),
    };
    Ok(Some(Node::new(PERMISSION, props.name(&name).as_str(), &props)?.needs([CONSUMER])))
}

/// The account of what a service acts for, where its ARN does not say it.
fn account(lowering: &Lowering<'_>, arn: &str) -> String {
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
        Source::Topic(_) => true,
        Source::Api(_) => false,
    };
    leaves.then(|| from(lowering)).flatten()
}

/// ARN of the dlq for what a source cannot deliver and sends there by its policy: only where that is the pipeline's own.
pub(super) fn dead_letters(lowering: &Lowering<'_>) -> Option<String> {
    let Some(Dlq::Queue(OwnOrExisting::Own(_))) = &lowering.spec.dlq else { return None };
    super::dlq::arn(lowering)
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
