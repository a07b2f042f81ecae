//! What is said of a key that a section does not have: where it belongs, or what was meant.

use super::properties;
use crate::spec::problem::{Problem, dotted, segment};
use crate::spec::wording::{list, nearest};
use serde_json::Value;

/// What others write for the path of a route.
const ROUTES: [&str; 6] = ["head", "method", "options", "path", "route", "url"];

/// Keys that are looked for in the wrong section (any, or this one), and what to do.
const ELSEWHERE: [(&str, &str, &str); 9] = [
    ("", "max_receives", "it belongs to `stream.queue.max_receives`"),
    ("", "visibility_seconds", "it belongs to `stream.queue.visibility_seconds`"),
    ("/source", "queue", "a queue keeps what others send to it: it belongs to `stream.queue`"),
    ("/source", "sqs", "a queue keeps what others send to it: it belongs to `stream.queue`"),
    ("/source", "kinesis", "a stream keeps what others send to it: it belongs to `stream.kinesis`"),
    ("/source", "table_changes", "a table keeps its changes: they belong to `stream.table_changes`"),
    ("/source", "dynamodb", "a table keeps its changes: they belong to `stream.table_changes`"),
    ("/source", "cloudfront", CLOUDFRONT),
    ("/source", "cdn", CLOUDFRONT),
];

/// A distribution forwards requests and makes no events of its own.
const CLOUDFRONT: &str = "CloudFront sends no events, it forwards requests: make a `source.api`, and its stage's URL the origin of a \
                          distribution of your own";

/// Names of AWS's services, and what a section calls what they keep or run.
const SERVICES: [(&str, &str); 9] = [
    ("sqs", "queue"),
    ("dynamodb", "table_changes"),
    ("dynamodb", "table"),
    ("lambda", "function"),
    ("sns", "topic"),
    ("s3", "bucket"),
    ("eventbridge", "events"),
    ("scheduler", "schedule"),
    ("cloudwatch", "logs"),
];

pub(super) fn unknown(at: &str, key: &str, part: &Value) -> Problem {
    let of = if at.is_empty() { String::new() } else { format!(" in `{}`", dotted(at)) };
    let known: Vec<&str> = properties(part);
    let shown: String = key.chars().take(60).collect();
    let problem = Problem::error(format!("{at}/{}", segment(key)), format!("unknown key `{shown}`{of}")).on_key();
    if known.contains(&"post") && ROUTES.contains(&key.to_ascii_lowercase().as_str()) {
        return problem.hint("a route is a method with its path, as in `post: /path`");
    }
    let elsewhere = ELSEWHERE
        .iter()
        .find(|(section, word, _)| *word == key && !known.contains(word) && (section.is_empty() || *section == at));
    if let Some((.., hint)) = elsewhere {
        return problem.hint(*hint);
    }
    if let Some(place) = within(key, part, &known) {
        return problem.hint(format!("it belongs to `{}`", dotted(&format!("{at}/{place}"))));
    }
    let service = SERVICES.iter().find(|(word, meant)| *word == key && known.contains(meant));
    match service.map(|(_, meant)| *meant).or_else(|| nearest(key, &known)) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(format!("known keys here: {}", list(&known, "and"))),
    }
}

/// Returns the only mapping here that has this very key; `dev` has some of another one's.
fn within<'a>(key: &str, part: &Value, known: &[&'a str]) -> Option<&'a str> {
    let below = |one: &&&str| {
        let place = format!("/properties/{}/properties/{}", segment(one), segment(key));
        **one != "dev" && part.pointer(&place).is_some()
    };
    let mut having = known.iter().filter(below);
    having.next().filter(|_| having.next().is_none()).copied()
}
