//! A function that may write to what calls it: each event would make another, without end.
//!
//! AWS stops circles through SNS, SQS and S3 after some 16 rounds, and sees none through EventBridge
//! (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>). Only what is sure is refused: a statement without
//! conditions that names the very thing, where nothing tells what the function writes from what it takes.

use super::{At, Cx};
use crate::spec::{Bucket, Bus, BusEvents, Effect, Function, Problem, Recursion, Source, Statement};
use serde_json::{Value, json};

/// Parts of an event that say nothing of what it is about.
const ANYBODYS: [&str; 3] = ["account", "region", "version"];

/// Parts that every event has.
const EVERYBODYS: [&str; 5] = ["detail-type", "id", "resources", "source", "time"];

/// What leads back to the function.
struct Circle<'a> {
    /// As its user calls it.
    word: &'static str,
    /// Its word within a statement, if it has one.
    own: Option<&'static str>,
    /// Its ARN, where the spec gives that.
    arn: Option<&'a str>,
    service: &'static str,
    /// What stands last in its ARN.
    resource: String,
    /// Actions that write to it.
    writes: Vec<&'static str>,
    /// What of it leads back, where that is not all.
    part: Part<'a>,
    fate: &'static str,
    /// Whether AWS sees the circle, and the function may say that it is meant.
    seen: bool,
}

/// What of the resource leads back.
enum Part<'a> {
    All,
    /// Some, which the pattern of the events tells from others.
    Matched,
    /// Some keys of a bucket.
    Keys(&'a Bucket),
    /// Topics of MQTT that a filter takes.
    Topics(&'a str),
}

/// No statement lets the handler write to what calls it.
pub(in crate::spec::rules) fn endless(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let circles: Vec<Circle<'_>> = [of_source(cx), of_stream(cx, function)].into_iter().flatten().collect();
    let mut problems = Vec::new();
    for (index, statement) in function.statements.iter().enumerate() {
        let at = format!("{}/{index}", function.at("statements"));
        let closed = circles.iter().find(|circle| circle.is_closed_by(statement));
        let closed = closed.map(|circle| circle.told(at.clone(), function.recursion == Recursion::Allow));
        let anything = circles.iter().find(|circle| circle.is_among(statement)).map(|circle| {
            let message = format!(
                "this statement lets the handler write to everything, the {} that calls it too: each event could make another, {}",
                circle.word, circle.fate
            );
            Problem::warning(at, message).hint("name what the handler writes to")
        });
        problems.extend(closed.or(anything));
    }
    problems
}

const UNSEEN: &str = "without end, and AWS does not see such circles";
const STOPPED: &str = "until AWS drops them after some 16 rounds";

fn of_source<'a>(cx: &'a Cx<'_>) -> Option<Circle<'a>> {
    match cx.spec.source.as_ref()? {
        // A filter may tell what comes from what the function publishes.
        Source::Topic(topic) if topic.filter.is_none() => Some(Circle {
            word: "topic",
            own: None,
            arn: topic.place.existing().and_then(|existing| existing.arn()),
            service: "sns",
            resource: cx.spec.topic_name(),
            writes: vec!["sns:Publish"],
            part: Part::All,
            fate: STOPPED,
            seen: true,
        }),
        Source::Bucket(bucket) => Some(Circle {
            word: "bucket",
            own: None,
            arn: None,
            service: "s3",
            resource: bucket.name().to_owned(),
            writes: writes(bucket),
            part: Part::Keys(bucket),
            fate: STOPPED,
            seen: true,
        }),
        Source::Events(events) => Some(of_bus(events)),
        // What `where` takes may be none of what the function sends.
        Source::Iot(iot) if iot.condition.is_none() => Some(Circle {
            word: "topic",
            own: None,
            arn: None,
            service: "iot",
            resource: String::new(),
            writes: vec!["iot:Publish"],
            part: Part::Topics(iot.topic.as_deref()?),
            fate: UNSEEN,
            seen: false,
        }),
        _ => None,
    }
}

fn of_bus(events: &BusEvents) -> Circle<'_> {
    let (arn, name) = match &events.bus {
        None => (None, "default"),
        Some(Bus::Own(name)) => (None, name.as_str()),
        Some(Bus::Existing(existing)) => (existing.arn(), existing.name()),
    };
    Circle {
        word: "bus",
        own: None,
        arn,
        service: "events",
        resource: format!("event-bus/{name}"),
        writes: vec!["events:PutEvents"],
        part: if matches_all(events) { Part::All } else { Part::Matched },
        fate: UNSEEN,
        seen: false,
    }
}

/// Whether the pattern takes whatever the function puts.
fn matches_all(events: &BusEvents) -> bool {
    let always = [json!({ "exists": true }), json!({ "prefix": "" }), json!({ "wildcard": "*" })];
    let any = |rules: &Value| rules.as_array().is_some_and(|rules| rules.iter().any(|rule| always.contains(rule)));
    events
        .pattern
        .iter()
        .all(|(key, rules)| ANYBODYS.contains(&key.as_str()) || EVERYBODYS.contains(&key.as_str()) && any(rules))
}

/// The queue or stream that feeds the function. Filters may tell what it writes there from what it takes.
fn of_stream<'a>(cx: &'a Cx<'_>, function: &Function) -> Option<Circle<'a>> {
    if let Some(kinesis) = cx.spec.kinesis().filter(|_| function.filters.is_empty()) {
        return Some(Circle {
            word: "stream",
            own: Some("stream"),
            arn: kinesis.existing().and_then(|existing| existing.arn()),
            service: "kinesis",
            resource: format!("stream/{}", cx.spec.stream_name()),
            writes: vec!["kinesis:PutRecord", "kinesis:PutRecords"],
            part: Part::All,
            fate: UNSEEN,
            seen: false,
        });
    }
    let queue = cx.spec.fed_queue()?;
    Some(Circle {
        word: "queue",
        own: Some("stream"),
        arn: queue.existing().and_then(|existing| existing.arn()),
        service: "sqs",
        resource: cx.spec.fed_queue_name(),
        writes: vec!["sqs:SendMessage"],
        part: Part::All,
        fate: STOPPED,
        seen: true,
    })
}

/// Actions by which the events of a bucket come about.
fn writes(bucket: &Bucket) -> Vec<&'static str> {
    const OF: [(&str, &str); 3] = [
        ("s3:ObjectCreated", "s3:PutObject"),
        ("s3:ObjectRemoved", "s3:DeleteObject"),
        ("s3:ObjectTagging", "s3:PutObjectTagging"),
    ];
    let taken = |begin: &str| bucket.events.iter().any(|event| event.notified().starts_with(begin));
    OF.into_iter().filter(|(begin, _)| taken(begin)).map(|(_, action)| action).collect()
}

impl Circle<'_> {
    fn is_closed_by(&self, statement: &Statement) -> bool {
        self.is_written_by(statement) && statement.resources.iter().any(|resource| self.is(resource))
    }

    /// Whether a statement lets the handler write to anything at all.
    fn is_among(&self, statement: &Statement) -> bool {
        self.is_written_by(statement) && statement.resources.iter().any(|resource| resource == "*")
    }

    fn is_written_by(&self, statement: &Statement) -> bool {
        statement.effect == Effect::Allow
            && statement.conditions.is_empty()
            && statement.actions.iter().any(|action| self.writes.iter().any(|write| allows(action, write)))
    }

    fn told(&self, at: String, allowed: bool) -> Problem {
        let Self { word, fate, .. } = self;
        let writes = format!("this statement lets the handler write to the {word} that calls it");
        if matches!(self.part, Part::Matched) {
            let message = format!("{writes}: what `match` takes of that makes another event, {fate}");
            return Problem::warning(at, message)
                .hint(format!("write to another {word}, or what `match` does not take"));
        }
        if self.seen && allowed {
            return Problem::note(
                at,
                format!("{writes}, and with `recursion: allow` AWS ends no loop: the handler must"),
            );
        }
        let hint = match self.part {
            Part::Keys(_) => "write below another prefix than the one that is taken, and name that alone here; or write to another bucket".to_owned(),
            _ if self.seen => format!("write to another {word}, or say `recursion: allow` where the handler knows when to stop"),
            _ => format!("write to another {word}"),
        };
        Problem::error(at, format!("{writes}: each event would make another, {fate}")).hint(hint)
    }

    /// Whether it is the resource of a statement, or some of its keys are.
    fn is(&self, resource: &str) -> bool {
        if self.own == Some(resource) || self.arn == Some(resource) {
            return true;
        }
        let parts: Vec<&str> = resource.splitn(6, ':').collect();
        let ["arn", _, service, region, account, last] = parts[..] else { return false };
        // A place that is written out may be another one than the pipeline's.
        let is_here = |place: &str, word: &str| ["", "*", word].contains(&place);
        let there = service == self.service && is_here(region, "${region}") && is_here(account, "${account}");
        match self.part {
            _ if !there => false,
            Part::All | Part::Matched => last == self.resource,
            Part::Keys(bucket) => {
                last.split_once('/').is_some_and(|(name, keys)| name == self.resource && meet(keys, bucket))
            }
            Part::Topics(filter) => last.strip_prefix("topic/").is_some_and(|topics| taken(topics, filter)),
        }
    }
}

/// Whether an action of a statement is this one, or begins like it.
fn allows(action: &str, one: &str) -> bool {
    let (action, one) = (action.to_ascii_lowercase(), one.to_ascii_lowercase());
    action == one || action.strip_suffix('*').is_some_and(|head| one.starts_with(head))
}

/// Whether some of the topics of a statement are ones that a filter of MQTT takes: level by level, `+` is any one, `#` all the rest.
fn taken(topics: &str, filter: &str) -> bool {
    let (mut topics, mut filter) = (topics.split('/'), filter.split('/'));
    loop {
        match (topics.next(), filter.next()) {
            (None, None) | (_, Some("#")) => return true,
            // A `*` of a policy may be several levels.
            (Some(level), Some(wanted)) if level.contains(['*', '?']) => {
                let begins = level.split(['*', '?']).next().unwrap_or_default();
                return wanted == "+" || wanted.starts_with(begins);
            }
            (Some(level), Some(wanted)) if wanted == "+" || wanted == level => {}
            _ => return false,
        }
    }
}

/// Whether some of the keys of a statement are keys that are taken.
fn meet(keys: &str, bucket: &Bucket) -> bool {
    let (prefix, suffix) = (bucket.prefix.as_str(), bucket.suffix.as_str());
    let any = |text: &str, other: &str| text.starts_with(other) || other.starts_with(text);
    let any_end = |text: &str, other: &str| text.ends_with(other) || other.ends_with(text);
    match (keys.find(['*', '?']), keys.rfind(['*', '?'])) {
        (Some(first), Some(last)) => any(&keys[..first], prefix) && any_end(&keys[last + 1..], suffix),
        _ => keys.starts_with(prefix) && keys.ends_with(suffix),
    }
}

#[cfg(test)]
mod tests;
