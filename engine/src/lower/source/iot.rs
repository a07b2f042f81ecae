//! A rule of AWS IoT, which sends as a role of the pipeline's, but to a function.

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::iot_rule::{self, Action, IotRule, SQL_VERSION};
use crate::kinds::queue;
use crate::lower::consumer::CONSUMER;
use crate::lower::known::Family;
use crate::lower::source::{Acts, Letters, Link, Next, PERMISSION, ROLE, Sender, brings, next};
use crate::lower::stream::kinesis::STREAM;
use crate::lower::{Lowering, dlq};
use crate::resource::Name;
use crate::spec::Iot;

pub const RULE: &str = "rule";

/// Found by the statement or the role that lets the rule in.
pub(in crate::lower) const FAMILIES: &[Family] = &[Family::of::<IotRule>(RULE)];

pub(super) fn link(lowering: &Lowering<'_>, iot: &Iot) -> Result<Link> {
    let (service, arn) =
        ("iot.amazonaws.com", iot_rule::arn(lowering.place, &Name::new(lowering.spec.iot_rule_name())));
    let Some(next) = next(lowering) else {
        return Ok(Link { nodes: Vec::new(), sender: None, role: None, letters: Letters::Lost });
    };
    let nodes = vec![node(lowering, iot, &next)?];
    let by_policy = matches!(next, Next::Function { .. });
    let statements: Vec<_> =
        (!by_policy).then(|| next.reached(lowering)).into_iter().flatten().chain(brings(lowering)).collect();
    let role = (!statements.is_empty()).then(|| Acts { service, arns: vec![arn.clone()], statements });
    let sender = by_policy.then(|| Sender { service, arn, token: String::new() });
    Ok(Link { nodes, sender, role, letters: Letters::ByRole })
}

fn node(lowering: &Lowering<'_>, iot: &Iot, next: &Next) -> Result<Node> {
    let role = lowering.role_arn(ROLE);
    let action = match next {
        Next::Function { arn, .. } => Action::Lambda { function: arn.clone() },
        Next::Kinesis { .. } => Action::Kinesis {
            stream: lowering.spec.stream_name(),
            role: role.clone(),
            // One device's messages keep their order.
            partition_key: "${topic()}".to_owned(),
        },
        Next::Queue { name, .. } => Action::Sqs { url: queue::url(lowering.place, name), role: role.clone() },
    };
    let dead = lowering.spec.dlq.as_ref().map(|_| {
        let url = queue::url(lowering.place, &Name::new(lowering.spec.queue_name()));
        Action::Sqs { url, role: role.clone() }
    });
    let props = IotRule {
        sql: iot.statement(),
        sql_version: SQL_VERSION.to_owned(),
        enabled: iot.enabled,
        action,
        error_action: dead,
    };
    let node = Node::new(RULE, lowering.spec.iot_rule_name(), &props)?;
    Ok(node.needs([PERMISSION, ROLE, CONSUMER, STREAM, dlq::DLQ]))
}
