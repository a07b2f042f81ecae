//! The figures of a status on the ways between the parts, and what it says of each part.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::console::figures::Leg;
use crate::console::topology::{Edge, Part as Card};
use crate::event::status::{Figure, Part, State, Status};

/// As pages get them: figures of ways are of the status' window, and a rate is that of its last whole step.
pub fn figures(cards: &[Card], edges: &[Edge], status: &Status) -> Value {
    let way = |edge: &Edge| Some((edge.id.clone(), of_way(edge, edges, status)?));
    let ways: Map<String, Value> = edges.iter().filter_map(way).collect();
    json!({ "of": "in the last hour", "edges": ways, "parts": said(cards, status) })
}

fn of_way(edge: &Edge, edges: &[Edge], status: &Status) -> Option<Value> {
    let source = || status.parts.first();
    let part = |id: &str| status.parts.iter().find(|part| part.id == id);
    // The sources' figures do not tell apart where what comes in goes to.
    let is_only = || edges.iter().filter(|other| matches!(other.leg, Leg::In | Leg::Direct)).count() == 1;
    let (part, name) = match edge.leg {
        Leg::Asked => (source()?, None),
        Leg::In if edge.to == "stream" => (part("stream")?, None),
        Leg::In | Leg::Direct => (source().filter(|_| is_only())?, None),
        Leg::Handed => (part("consumer")?, None),
        Leg::Row => (part("consumer")?, Some("rows")),
        Leg::Letter => (part("consumer")?, Some("letters")),
    };
    let figure = match name {
        Some(name) => named(part, name)?,
        None => part.figures.first()?,
    };
    let (errors, p99) = if name.is_some() { (0.0, None) } else { (errors(part), named(part, "p99")) };
    let rate = figure.steps.iter().rev().nth(1).copied().flatten();
    Some(json!({
        "count": figure.value,
        "rate": rate.map(|of_step| of_step / f64::from(status.window.step_seconds)),
        "p50_ms": null,
        "p99_ms": p99.and_then(|figure| figure.value),
        "errors": errors,
        "steps": figure.steps,
    }))
}

fn named<'a>(part: &'a Part, name: &str) -> Option<&'a Figure> {
    part.figures.iter().find(|figure| figure.name == name)
}

/// How many requests, events or records failed or were refused.
fn errors(part: &Part) -> f64 {
    const NAMES: [&str; 7] = ["errors", "4xx", "5xx", "undelivered", "unreadable", "throttled", "refused records"];
    NAMES.iter().filter_map(|name| named(part, name)?.value).sum()
}

/// How each card's part is, with the first thing that a person should know.
fn said(cards: &[Card], status: &Status) -> Map<String, Value> {
    let mut all: BTreeMap<&str, Value> = BTreeMap::new();
    for (at, part) in status.parts.iter().enumerate() {
        let Some(card) = card(cards, at == 0, &part.id) else { continue };
        let says = part.findings.iter().find(|finding| finding.needs_person).map(|finding| &finding.message);
        let value = json!({ "state": part.state, "says": says });
        let known = all.entry(card).or_insert_with(|| value.clone());
        if known["state"] == json!(State::Well) {
            *known = value;
        }
    }
    all.into_iter().map(|(id, value)| (id.to_owned(), value)).collect()
}

/// The card of a status' part: several may share one.
fn card(cards: &[Card], is_first: bool, id: &str) -> Option<&'static str> {
    let kind = match id {
        "alarms" | "figures" => return None,
        "stream" | "mapping" => "stream",
        "consumer" => "function",
        "table" | "dlq" => id,
        // An event comes from the source first; what else has figures guards it.
        _ if is_first => "source",
        _ => "gate",
    };
    cards.iter().find(|card| card.kind == kind).map(|card| card.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::topology::{edges, parts};
    use crate::event::status::{Finding, Unit, Window};

    fn figure(name: &str, steps: [f64; 3]) -> Figure {
        let steps = steps.map(Some).to_vec();
        let value = Some(steps.iter().flatten().sum());
        Figure { name: name.into(), metric: name.into(), statistic: "Sum", unit: Unit::Count, value, steps }
    }

    fn part(id: &str, state: State, figures: Vec<Figure>) -> Part {
        let finding = Finding {
            needs_person: state != State::Well,
            message: format!("{id} says"),
            until: None,
            hint: None,
            operation: None,
        };
        Part { id: id.into(), name: id.into(), state, figures, findings: vec![finding] }
    }

    fn shown(spec: &str, of: Vec<Part>) -> Value {
        let text = format!("name: demo\n{spec}");
        let loaded = crate::spec::parse("pipeline.yaml", text.as_bytes(), std::path::Path::new(".")).unwrap();
        let window = Window { from: String::new(), to: String::new(), step_seconds: 300, newest: None };
        let status = Status {
            pipeline: "demo".into(),
            region: "eu-central-1".into(),
            at: String::new(),
            window,
            needs_person: true,
            parts: of,
            notes: Vec::new(),
        };
        figures(&parts(&loaded.spec), &edges(&loaded.spec), &status)
    }

    #[test]
    fn each_way_has_the_figures_of_its_part_and_each_card_the_worst_that_is_said() {
        let spec = "source: { api: { routes: [ { post: '/a/{id}' } ] } }\nauth: { basic: {} }\nstream: { kinesis: {} }\n\
                    consumer: { function: { handler: stream-to-table } }\nsink: { table: { partition_key: id } }\n";
        let shown = shown(
            spec,
            vec![
                part("api", State::Well, vec![figure("requests", [1.0, 300.0, 4.0]), figure("4xx", [0.0, 2.0, 0.0])]),
                part("authorizer", State::Well, vec![figure("calls", [9.0; 3])]),
                part("stream", State::Well, vec![figure("records", [0.0, 150.0, 1.0])]),
                part("mapping", State::NeedsPerson, Vec::new()),
                part("consumer", State::Well, vec![figure("calls", [7.0; 3]), figure("rows", [5.0; 3])]),
                part("alarms", State::NeedsPerson, Vec::new()),
            ],
        );
        let ways = &shown["edges"];
        assert_eq!((&ways["api>gate"]["count"], &ways["api>gate"]["rate"]), (&json!(305.0), &json!(1.0)));
        assert_eq!((&ways["api>gate"]["errors"], &ways["gate>stream"]["rate"]), (&json!(2.0), &json!(0.5)));
        assert_eq!((&ways["stream>function"]["count"], &ways["function>table"]["count"]), (&json!(21.0), &json!(15.0)));
        assert_eq!(shown["parts"]["stream"], json!({ "state": "needs_person", "says": "mapping says" }));
        assert_eq!(shown["parts"]["gate"]["state"], "well");
        assert_eq!(shown["parts"].as_object().unwrap().len(), 4, "alarms are no card");
    }

    #[test]
    fn what_nobody_tells_apart_has_no_figures() {
        let spec = "source: { schedule: rate(5 minutes) }\nconsumer: { function: { handler: stream-to-table } }\n\
                    sink: { table: { partition_key: id } }\n";
        let shown = shown(spec, vec![part("schedule", State::Absent, vec![figure("attempts", [1.0; 3])])]);
        assert_eq!(shown["edges"]["source>function"]["count"], 3.0);
        assert_eq!(shown["edges"].get("function>table"), None);
        assert_eq!(shown["parts"]["source"]["state"], "absent");
    }
}
