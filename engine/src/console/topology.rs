//! The parts of a pipeline in the order that an event travels, and the ways between them.

use serde::Serialize;
use serde_json::{Map, Value};

use super::figures::Leg;
use crate::spec::{OwnOrExisting, Route, Source, Spec, Stream, To};

/// A part of the pipeline.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    pub id: &'static str,
    pub kind: &'static str,
    pub title: &'static str,
    pub name: String,
    /// As in ARNs.
    pub service: &'static str,
    /// Each with its label.
    pub facts: Vec<(String, String)>,
}

/// A way between two parts.
#[derive(Clone, Debug, Serialize)]
pub struct Edge {
    pub id: String,
    pub from: &'static str,
    pub to: &'static str,
    pub word: &'static str,
    #[serde(skip)]
    pub leg: Leg,
}

/// The parts of this spec.
pub fn parts(spec: &Spec) -> Vec<Part> {
    let all = [source(spec), gate(spec), stream(spec), function(spec), table(spec), dlq(spec)];
    all.into_iter().flatten().collect()
}

/// The ways between its parts.
pub fn edges(spec: &Spec) -> Vec<Edge> {
    let parts: Vec<&str> = parts(spec).iter().map(|part| part.id).collect();
    let has = |id: &str| parts.contains(&id);
    let edge = |from, to, word, leg| Edge { id: format!("{from}>{to}"), from, to, word, leg };
    let (mut edges, mut door) = (Vec::new(), if spec.api().is_some() { "api" } else { "source" });
    let sends = if spec.api().is_some() { "request" } else { "event" };
    if has("gate") {
        edges.push(edge(door, "gate", sends, Leg::Asked));
        door = "gate";
    }
    let routes: Vec<&Route> = spec.api().into_iter().flat_map(|api| &api.routes).collect();
    let calls = |fits: fn(&To) -> bool| routes.iter().any(|route| spec.to(route).is_some_and(fits));
    if has(door) {
        let direct = if has("stream") { Leg::Direct } else { Leg::In };
        // A table whose changes are the stream takes what routes put into it.
        let puts = calls(|to| matches!(to, To::Stream)) || (spec.calls_changing_table() && spec.api().is_some());
        if has("stream") && (puts || spec.api().is_none()) {
            edges.push(edge(door, "stream", "record", Leg::In));
        }
        if has("function") && (calls(|to| matches!(to, To::Function)) || (spec.api().is_none() && !has("stream"))) {
            edges.push(edge(door, "function", "call", direct));
        }
        if has("table") && calls(|to| matches!(to, To::Table(_))) {
            edges.push(edge(door, "table", "call", Leg::Direct));
        }
    }
    let rest = [
        ("stream", "function", "batch", Leg::Handed),
        ("function", "table", "row", Leg::Row),
        ("function", "dlq", "letter", Leg::Letter),
    ];
    edges.extend(
        rest.into_iter()
            .filter(|(from, to, ..)| has(from) && has(to))
            .map(|(from, to, word, leg)| edge(from, to, word, leg)),
    );
    edges
}

fn source(spec: &Spec) -> Option<Part> {
    let (title, service) = match spec.source.as_ref()? {
        Source::Api(_) => ("API", "apigateway"),
        Source::Topic(_) => ("Topic", "sns"),
        Source::Bucket(_) => ("Bucket", "s3"),
        Source::Events(_) => ("Events", "events"),
        Source::Schedule(_) => ("Schedule", "scheduler"),
        Source::Logs(_) => ("Logs", "logs"),
        Source::Iot(_) => ("IoT", "iot"),
        Source::Alexa(_) => ("Alexa", "alexa"),
    };
    let id = if service == "apigateway" { "api" } else { "source" };
    let name = spec.api().map(|_| spec.api_name()).unwrap_or_default();
    Some(Part { id, kind: "source", title, name, service, facts: facts(spec.source.as_ref()) })
}

fn gate(spec: &Spec) -> Option<Part> {
    let names: Vec<String> = spec.authorizers().map(|(name, _)| name.to_owned()).collect();
    let words = spec.authorizers().map(|(name, authorizer)| (name.to_owned(), authorizer.word().to_owned())).collect();
    let part =
        Part { id: "gate", kind: "gate", title: "Gate", name: names.join(", "), service: "lambda", facts: words };
    Some(part).filter(|_| !names.is_empty())
}

fn stream(spec: &Spec) -> Option<Part> {
    let (title, service) = match spec.stream.as_ref()? {
        Stream::Kinesis(_) => ("Stream", "kinesis"),
        Stream::TableChanges(_) => ("Changes", "dynamodb"),
        Stream::Queue(_) => ("Queue", "sqs"),
    };
    let name = spec.stream_name();
    Some(Part { id: "stream", kind: "stream", title, name, service, facts: facts(spec.stream.as_ref()) })
}

fn function(spec: &Spec) -> Option<Part> {
    let facts = facts(Some(spec.function()?));
    let name = spec.consumer_name();
    Some(Part { id: "function", kind: "function", title: "Function", name, service: "lambda", facts })
}

fn table(spec: &Spec) -> Option<Part> {
    let facts = facts(spec.table()?.own());
    Some(Part { id: "table", kind: "table", title: "Table", name: spec.table_name(), service: "dynamodb", facts })
}

fn dlq(spec: &Spec) -> Option<Part> {
    let facts = facts(spec.queue().and_then(OwnOrExisting::own));
    spec.queue()?;
    Some(Part { id: "dlq", kind: "dlq", title: "Dead letters", name: spec.queue_name(), service: "sqs", facts })
}

/// The plain values that a section says, or has by default. What is nested (variables, policies) is left out.
fn facts(section: Option<&impl Serialize>) -> Vec<(String, String)> {
    let value = section.and_then(|section| serde_json::to_value(section).ok()).unwrap_or_default();
    let members = match value {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    // A section may be named by its only member, as in `kinesis`.
    let members = match (members.len(), members.values().next()) {
        (1, Some(Value::Object(inner))) => inner.clone(),
        _ => members,
    };
    let plain = |(name, value): (String, Value)| match value {
        Value::String(text) => Some((name.replace('_', " "), text)),
        Value::Number(number) => Some((name.replace('_', " "), number.to_string())),
        Value::Bool(is) => Some((name.replace('_', " "), if is { "yes" } else { "no" }.to_owned())),
        _ => None,
    };
    members.into_iter().filter_map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Vec<&'static str>, Vec<String>) {
        let text = format!("name: demo\n{text}");
        let loaded = crate::spec::parse("pipeline.yaml", text.as_bytes(), std::path::Path::new(".")).unwrap();
        let ids = parts(&loaded.spec).iter().map(|part| part.id).collect();
        (ids, edges(&loaded.spec).into_iter().map(|edge| edge.id).collect())
    }

    #[test]
    fn parts_stand_in_the_order_that_an_event_travels() {
        let main = "source: { api: { routes: [ { post: '/a/{id}' } ] } }\nauth: { basic: {} }\nstream: { kinesis: {} }\n\
                    consumer: { function: { handler: stream-to-table } }\nsink: { table: { partition_key: id } }\n\
                    dlq: { queue: {} }\n";
        let (parts, edges) = of(main);
        assert_eq!(parts, ["api", "gate", "stream", "function", "table", "dlq"]);
        assert_eq!(edges, ["api>gate", "gate>stream", "stream>function", "function>table", "function>dlq"]);
        let (parts, edges) = of("stream: { kinesis: {} }\n");
        assert_eq!((parts, edges), (vec!["stream"], Vec::new()));
        let schedule = "source: { schedule: rate(5 minutes) }\nconsumer: { function: { handler: stream-to-table } }\n\
                        sink: { table: { partition_key: id } }\n";
        assert_eq!(of(schedule).1, ["source>function", "function>table"]);
    }

    #[test]
    fn facts_are_the_plain_values_of_a_section_and_no_variables() {
        let text = "name: demo\nstream: { kinesis: { shards: 2 } }\nconsumer: { function: { handler: stream-to-table,\n  \
                    environment: { KEY: sesame } } }\nsink: { table: { partition_key: id } }\n";
        let loaded = crate::spec::parse("pipeline.yaml", text.as_bytes(), std::path::Path::new(".")).unwrap();
        let parts = serde_json::to_string(&parts(&loaded.spec)).unwrap();
        assert!(parts.contains(r#"["shards","2"]"#) && !parts.contains("sesame"), "{parts}");
    }
}
