//! A function that may write to what calls it: each event would make another, without end.
//!
//! AWS stops circles through SNS, SQS and S3 after some 16 rounds, and sees none through EventBridge
//! (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>). Only what is sure is refused: a statement without
//! conditions that names the very thing, where nothing tells what the function writes from what it takes.

use super::{At, Cx};
use crate::spec::{Bucket, Bus, BusEvents, Effect, Function, Problem, Recursion, Source, Statement};

/// Parts of an event that say nothing of what it is about.
const ANYBODYS: [&str; 3] = ["account", "region", "version"];

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
    /// The bucket, of which some keys alone lead back.
    bucket: Option<&'a Bucket>,
    fate: &'static str,
    /// Whether AWS sees the circle, and the function may say that it is meant.
    seen: bool,
}

/// No statement lets the handler write to what calls it.
pub(in crate::spec::rules) fn endless(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let circles: Vec<Circle<'_>> = [of_source(cx), of_queue(cx)].into_iter().flatten().collect();
    let mut problems = Vec::new();
    for (index, statement) in function.statements.iter().enumerate() {
        let closed = circles.iter().find(|circle| circle.is_closed_by(statement));
        problems.extend(closed.map(|circle| {
            let Circle { word, fate, .. } = circle;
            let at = format!("{}/{index}", function.at("statements"));
            if circle.seen && function.recursion == Recursion::Allow {
                let message = format!(
                    "this statement lets the handler write to the {word} that calls it, and with `recursion: allow` AWS ends no loop: the handler must"
                );
                return Problem::note(at, message);
            }
            let message = format!(
                "this statement lets the handler write to the {word} that calls it: each event would make another, {fate}"
            );
            let hint = match circle.bucket {
                Some(_) => "write below another prefix than the one that is taken, and name that alone here; or write to another bucket".to_owned(),
                None if circle.seen => format!("write to another {word}, or say `recursion: allow` where the handler knows when to stop"),
                None => format!("write to another {word}"),
            };
            Problem::error(at, message).hint(hint)
        }));
    }
    problems
}

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
            bucket: None,
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
            bucket: Some(bucket),
            fate: STOPPED,
            seen: true,
        }),
        Source::Events(events) if matches_all(events) => Some(of_bus(events)),
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
        bucket: None,
        fate: "without end, and AWS does not see such circles",
        seen: false,
    }
}

/// Whether the pattern takes whatever the function puts.
fn matches_all(events: &BusEvents) -> bool {
    events.pattern.keys().all(|key| ANYBODYS.contains(&key.as_str()))
}

fn of_queue<'a>(cx: &'a Cx<'_>) -> Option<Circle<'a>> {
    let queue = cx.spec.fed_queue()?;
    Some(Circle {
        word: "queue",
        own: Some("stream"),
        arn: queue.existing().and_then(|existing| existing.arn()),
        service: "sqs",
        resource: cx.spec.fed_queue_name(),
        writes: vec!["sqs:SendMessage"],
        bucket: None,
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
        statement.effect == Effect::Allow
            && statement.conditions.is_empty()
            && statement.actions.iter().any(|action| self.writes.iter().any(|write| allows(action, write)))
            && statement.resources.iter().any(|resource| self.is(resource))
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
        match self.bucket {
            _ if !there => false,
            None => last == self.resource,
            Some(bucket) => {
                last.split_once('/').is_some_and(|(name, keys)| name == self.resource && meet(keys, bucket))
            }
        }
    }
}

/// Whether an action of a statement is this one, or begins like it.
fn allows(action: &str, one: &str) -> bool {
    let (action, one) = (action.to_ascii_lowercase(), one.to_ascii_lowercase());
    action == one || action.strip_suffix('*').is_some_and(|head| one.starts_with(head))
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
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_taken_are_told_from_others() {
        let bucket = |text: &str| serde_json::from_str::<Bucket>(text).unwrap();
        let csv = bucket(r#"{ "name": "files", "prefix": "in/", "suffix": ".csv" }"#);
        for taken in ["*", "in/*", "i*", "in/a/*.csv", "in/a.csv", "*.csv", "*v"] {
            assert!(meet(taken, &csv), "{taken}");
        }
        for other in ["out/*", "in/a.txt", "in/*.txt", "*.json", "a.csv"] {
            assert!(!meet(other, &csv), "{other}");
        }
        let all = bucket(r#"{ "name": "files", "events": ["removed", "tagged"] }"#);
        assert!(meet("out/*", &all));
        assert_eq!(writes(&all), ["s3:DeleteObject", "s3:PutObjectTagging"]);
        assert_eq!(writes(&csv), ["s3:PutObject"]);
    }

    /// What is said of a handler that publishes to its topic, or puts events on its bus.
    fn told(source: &str, action: &str, resource: &str, recursion: &str) -> Vec<crate::spec::Severity> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("own")).unwrap();
        std::fs::write(folder.path().join("own/app.py"), "def handler(event, context): pass\n").unwrap();
        let handler = "{ path: ./own, runtime: python3.13, entry: app.handler }";
        let text = format!(
            "name: demo\nsource: {source}\nconsumer: {{ function: {{ handler: {handler}, {recursion} statements: [{{ actions: ['{action}'], \
             resources: ['{resource}'] }}] }} }}\ndlq: {{ queue: {{}} }}\n"
        );
        let problems = match crate::spec::parse("pipeline.yaml", text.as_bytes(), folder.path()) {
            Ok(loaded) => loaded.notes.problems,
            Err(report) => report.problems,
        };
        let statement = problems.into_iter().filter(|one| one.path.ends_with("/statements/0"));
        statement.map(|one| one.severity).collect()
    }

    #[test]
    fn a_loop_that_is_meant_is_told_and_one_that_aws_does_not_see_is_refused() {
        use crate::spec::Severity::{Error, Note};
        let topic = |recursion| {
            told("{ topic: { name: orders } }", "sns:Publish", "arn:aws:sns:${region}:${account}:orders", recursion)
        };
        assert_eq!([topic(""), topic("recursion: terminate,")], [[Error], [Error]]);
        assert_eq!(topic("recursion: allow,"), [Note]);
        let bus = "{ events: { match: { account: ['1'] } } }";
        let resource = "arn:aws:events:${region}:${account}:event-bus/default";
        assert_eq!(told(bus, "events:PutEvents", resource, "recursion: allow,"), [Error]);
    }

    #[test]
    fn an_action_is_allowed_by_its_name_and_its_beginning() {
        for action in ["*", "sns:*", "SNS:publish", "sns:Pub*"] {
            assert!(allows(action, "sns:Publish"), "{action}");
        }
        assert!(!allows("sns:PublishBatch", "sns:Publish") && !allows("sqs:*", "sns:Publish"));
    }
}
