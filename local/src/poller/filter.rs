//! Filter criteria of a mapping: Lambda's event filtering, which is EventBridge's.
//!
//! A record passes when one pattern matches. In a pattern, fields are joined by *and*, the rules of a field by *or*, and the
//! objects of `$or` by *or* too. A field that holds a list matches when one of its elements does. As in EventBridge `exists`
//! sees values only: a field that holds an object, or an empty list, counts as absent.
//!
//! AWS's newer pages say that Kinesis mappings filter on `data` only, the older ones show metadata too; here both work.
//!
//! AWS: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>, .../with-kinesis-filtering.html.

use serde_json::{Map, Value};

use super::source::Service;
use crate::error::{self, Error};

mod rule;
mod wide;

use rule::Rule;

/// One pattern of `FilterCriteria`, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    node: Node,
    /// The member that holds the payload, where the pattern asks for it: a record whose payload is no JSON does not pass then, whatever
    /// is asked of it.
    payload: Option<Payload>,
}

/// Whose patterns are read: those of buses and topics know more operators than those of mappings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grammar {
    Mapping,
    Wide,
}

/// The payload that a pattern asks for: JSON, or of queues a plain text.
#[derive(Clone, Debug, PartialEq)]
enum Payload {
    Json(String),
    Text(String),
}

/// What must hold at one place of the event.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// All of it, in the fields of an object.
    All(Vec<Part>),
    /// One of the rules, for the value.
    Any(Vec<Rule>),
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Field(String, Node),
    Or(Vec<Node>),
}

impl Filter {
    /// Understands the text of a pattern. `payload` is the member of a record that holds JSON of the sender.
    ///
    /// # Errors
    /// It is not a JSON object, holds something that is not a rule, or its payload is not an object: AWS refuses these when the
    /// mapping is made.
    pub fn parse(pattern: &str, payload: &str) -> error::Result<Self> {
        Self::check(pattern, payload).map_err(|why| {
            Error::new(format!("read the filter `{pattern}`: {why}")).hint(format!(
                "a pattern is like `{{\"{payload}\": {{\"kind\": [\"order\", {{\"prefix\": \"x\"}}]}}}}`"
            ))
        })
    }

    /// The same, with only what is wrong in words.
    ///
    /// # Errors
    /// As of [`Self::parse`].
    pub fn check(pattern: &str, payload: &str) -> Result<Self, String> {
        let fields = fields(pattern)?;
        // AWS: the filter for the payload of a stream must be JSON of its own; plain strings are for queues.
        let is_text = fields.get(payload).is_some_and(|inner| !inner.is_object());
        if is_text && payload != Service::Sqs.payload() {
            return Err(format!("`{payload}` must be an object"));
        }
        let of_kind = if is_text { Payload::Text } else { Payload::Json };
        let payload = fields.contains_key(payload).then(|| of_kind(payload.to_owned()));
        node(&fields, Grammar::Mapping).map(|node| Self { node, payload })
    }

    /// Understands the text of a pattern of an event bus, or of a topic's filter policy, whose operators are among those.
    ///
    /// # Errors
    /// What EventBridge refuses when the rule is made, in words.
    pub fn of_bus(pattern: &str) -> Result<Self, String> {
        node(&fields(pattern)?, Grammar::Wide).map(|node| Self { node, payload: None })
    }

    /// Whether a record passes, by what the facts of [`super::record::Record`] say of it.
    pub fn matches(&self, facts: &Value) -> bool {
        self.payload.as_ref().is_none_or(|payload| payload.is_in(facts)) && self.node.holds(Some(facts))
    }
}

impl Payload {
    /// Whether a record has a payload of this kind. AWS drops a message whose body is of the other kind than its pattern
    /// (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html).
    fn is_in(&self, facts: &Value) -> bool {
        match self {
            Self::Json(name) => facts.get(name).is_some_and(|payload| !payload.is_string()),
            Self::Text(name) => facts.get(name).is_some_and(Value::is_string),
        }
    }
}

fn fields(pattern: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(pattern) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err("it is not a JSON object".to_owned()),
    }
}

fn node(fields: &Map<String, Value>, grammar: Grammar) -> Result<Node, String> {
    if fields.is_empty() {
        return Err("it holds an empty object".to_owned());
    }
    let parts = fields.iter().map(|(name, value)| match value {
        Value::Array(choices) if name == "$or" => or(choices, grammar),
        Value::Object(inner) => node(inner, grammar).map(|inner| Part::Field(name.clone(), inner)),
        Value::Array(rules) if !rules.is_empty() => {
            let rules = rules.iter().map(|rule| Rule::parse(rule, grammar)).collect::<Result<_, _>>();
            rules.map(|rules| Part::Field(name.clone(), Node::Any(rules)))
        }
        _ => Err(format!("`{name}` must hold an object or a list of rules")),
    });
    parts.collect::<Result<_, _>>().map(Node::All)
}

/// AWS takes `$or` for a field of that name unless it holds two objects or more
/// (https://github.com/aws/event-ruler#or-matching); then a list of rules is what it should be.
fn or(choices: &[Value], grammar: Grammar) -> Result<Part, String> {
    if choices.len() < 2 {
        return Err("`$or` must hold two objects or more".to_owned());
    }
    let choice = |value: &Value| node(value.as_object().ok_or("`$or` must hold objects")?, grammar);
    choices.iter().map(choice).collect::<Result<_, String>>().map(Part::Or)
}

impl Node {
    fn holds(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::All(parts), Some(Value::Array(elements))) if !elements.is_empty() => {
                elements.iter().any(|element| Self::all(parts, Some(element)))
            }
            (Self::All(parts), value) => Self::all(parts, value),
            (Self::Any(rules), Some(Value::Array(elements))) if !elements.is_empty() => {
                elements.iter().any(|element| rules.iter().any(|rule| rule.holds(plain(element))))
            }
            (Self::Any(rules), value) => rules.iter().any(|rule| rule.holds(value.and_then(plain))),
        }
    }

    fn all(parts: &[Part], value: Option<&Value>) -> bool {
        parts.iter().all(|part| match part {
            Part::Field(name, node) => node.holds(value.and_then(|value| value.get(name))),
            Part::Or(choices) => choices.iter().any(|choice| choice.holds(value)),
        })
    }
}

/// A value that is neither object nor list: what rules are about.
fn plain(value: &Value) -> Option<&Value> {
    (!value.is_object() && !value.is_array()).then_some(value)
}
