//! A rule of EventBridge that sends what matches to what is next, and the bus, where the pipeline makes one.

use serde_json::Value;

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::bus::Bus;
use crate::kinds::rule::{self, Input, Rule, Target};
use crate::lower::consumer::CONSUMER;
use crate::lower::existing::used;
use crate::lower::known::Family;
use crate::lower::source::{Next, PERMISSION, ROLE, Sender, dead_letters, next};
use crate::lower::stream::kinesis::STREAM;
use crate::lower::{Lowering, dlq};
use crate::spec::{self, BusEvents};

const RULE: &str = "rule";
const BUS: &str = "bus";

/// The bus of an account that nobody made.
const DEFAULT: &str = "default";

/// Found by the statement or the role that lets the rule in.
pub(in crate::lower) const FAMILIES: &[Family] = &[Family::of::<Rule>(RULE), Family::of::<Bus>(BUS)];

pub(super) fn nodes(lowering: &Lowering<'_>, events: &BusEvents) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    match &events.bus {
        Some(spec::Bus::Own(name)) => nodes.push(Node::new(BUS, name, &Bus::default())?),
        Some(spec::Bus::Existing(existing)) => nodes.push(used::<Bus>(BUS, existing, "events", lowering.place)?),
        None => {}
    }
    let Some(next) = next(lowering) else { return Ok(nodes) };
    let rule = rule(lowering, events, &next);
    let name = rule::name(bus(events), &lowering.spec.rule_name());
    let node = Node::new(RULE, name.as_str(), &rule)?;
    nodes.push(node.needs([BUS, PERMISSION, ROLE, CONSUMER, STREAM, dlq::DLQ]));
    Ok(nodes)
}

fn rule(lowering: &Lowering<'_>, events: &BusEvents, next: &Next) -> Rule {
    let target = Target {
        arn: next.arn().to_owned(),
        role: if next.takes_roles() { lowering.role_arn(ROLE) } else { String::new() },
        input: events.input.as_ref().map(input),
        retries: events.delivery.retries,
        max_age_seconds: events.delivery.max_age_hours * 60 * 60,
        dead_letters: dead_letters(lowering).unwrap_or_default(),
        // Each event goes to a shard of its own choice.
        partition_key_path: if next.takes_roles() { "$.id".to_owned() } else { String::new() },
        message_group: String::new(),
    };
    Rule { pattern: Value::Object(events.pattern.clone()), enabled: events.enabled, target }
}

fn input(input: &spec::Input) -> Input {
    Input {
        path: input.path.clone().unwrap_or_default(),
        values: input.values.clone(),
        template: input.template.clone().unwrap_or_default(),
    }
}

fn bus(events: &BusEvents) -> &str {
    match &events.bus {
        Some(spec::Bus::Own(name)) => name,
        Some(spec::Bus::Existing(existing)) => existing.name(),
        None => DEFAULT,
    }
}

pub(super) fn sender(lowering: &Lowering<'_>, events: &BusEvents) -> Sender {
    let arn = rule::arn(lowering.place, bus(events), &lowering.spec.rule_name());
    Sender { service: "events.amazonaws.com", arn, token: String::new() }
}
