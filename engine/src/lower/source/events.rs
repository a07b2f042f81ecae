//! A rule of EventBridge that sends what matches to what is next, and the bus, where the pipeline makes one.

use serde_json::Value;

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::bus::Bus;
pub(super) use crate::kinds::bus::DEFAULT;
use crate::kinds::rule::{self, Input, Rule, Target};
use crate::lower::consumer::CONSUMER;
use crate::lower::existing::used;
use crate::lower::known::Family;
use crate::lower::source::{Acts, Letters, Link, Next, PERMISSION, ROLE, Sender, dead_letters, next};
use crate::lower::stream::kinesis::STREAM;
use crate::lower::{Lowering, dlq};
use crate::spec::{self, BusEvents, Delivery};

pub const RULE: &str = "rule";
const BUS: &str = "bus";

/// Found by the statement or the role that lets the rule in.
pub(in crate::lower) const FAMILIES: &[Family] = &[Family::of::<Rule>(RULE), Family::of::<Bus>(BUS)];

pub(super) fn link(lowering: &Lowering<'_>, events: &BusEvents) -> Result<Link> {
    Ok(linked(lowering, bus(events), nodes(lowering, events)?))
}

/// How a rule on this bus reaches what is next.
pub(super) fn linked(lowering: &Lowering<'_>, bus: &str, nodes: Vec<Node>) -> Link {
    let (service, arn) = ("events.amazonaws.com", rule::arn(lowering.place, bus, &lowering.spec.rule_name()));
    let takes_roles = next(lowering).filter(Next::takes_roles);
    let role = takes_roles.map(|next| Acts { service, arns: vec![arn.clone()], statements: next.reached(lowering) });
    let sender = Some(Sender { service, arn, token: String::new() });
    Link { nodes, sender, role, letters: Letters::ByPolicy }
}

fn nodes(lowering: &Lowering<'_>, events: &BusEvents) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    match &events.bus {
        Some(spec::Bus::Own(name)) => nodes.push(Node::new(BUS, name, &Bus::default())?),
        Some(spec::Bus::Existing(existing)) => nodes.push(used::<Bus>(BUS, existing, "events", lowering.place)?),
        None => {}
    }
    let Some(next) = next(lowering) else { return Ok(nodes) };
    let (pattern, input) = (Value::Object(events.pattern.clone()), events.input.as_ref().map(input));
    let props = rule(lowering, pattern, input, events.delivery, events.enabled, &next);
    nodes.push(node(lowering, bus(events), &props)?.needs([BUS]));
    Ok(nodes)
}

/// The rule on this bus.
pub(super) fn node(lowering: &Lowering<'_>, bus: &str, props: &Rule) -> Result<Node> {
    let name = rule::name(bus, &lowering.spec.rule_name());
    Ok(Node::new(RULE, name.as_str(), props)?.needs([PERMISSION, ROLE, CONSUMER, STREAM, dlq::DLQ]))
}

pub(super) fn rule(
    lowering: &Lowering<'_>,
    pattern: Value,
    input: Option<Input>,
    delivery: Delivery,
    enabled: bool,
    next: &Next,
) -> Rule {
    let target = Target {
        arn: next.arn().to_owned(),
        role: if next.takes_roles() { lowering.role_arn(ROLE) } else { String::new() },
        input,
        retries: delivery.retries,
        max_age_seconds: delivery.max_age_hours * 60 * 60,
        dead_letters: dead_letters(lowering).unwrap_or_default(),
        // A stream's default is the event's id.
        partition_key_path: String::new(),
        message_group: String::new(),
    };
    Rule { pattern, enabled, target }
}

fn input(input: &spec::Input) -> Input {
    Input {
        path: input.path.clone().unwrap_or_default(),
        values: input.values.clone(),
        template: input.template.clone().unwrap_or_default(),
    }
}

fn bus(events: &BusEvents) -> &str {
    events.bus.as_ref().map_or(DEFAULT, spec::Bus::name)
}
