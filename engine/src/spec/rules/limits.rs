//! AWS's limits that are no range of one value: tags, and what `existing` may name.

use std::collections::BTreeMap;

use super::Cx;
use crate::spec::problem::segment;
use crate::spec::wording::short;
use crate::spec::{Existing, Problem};

/// Tags by AWS's rules (50 on a resource, of which `pipe` keeps 5 for its own: nothing both follows and is retained).
pub(super) fn tags(cx: &Cx<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen = BTreeMap::new();
    for (key, value) in &cx.spec.tags {
        let path = format!("/tags/{}", segment(key));
        let length = key.chars().count();
        let lower = key.to_lowercase();
        if lower.starts_with("aws:") || lower.starts_with("pipe:") {
            let prefix = lower.split(':').next().unwrap_or_default();
            let problem = Problem::error(path.clone(), format!("the tag `{}` begins with `{prefix}:`", short(key)));
            problems.push(problem.hint(format!("tags of {prefix} itself begin so: choose another key")).on_key());
        } else if !(1..=128).contains(&length) {
            let message = format!("a tag's key has 1 to 128 characters, but this one has {length}");
            problems.push(Problem::error(path.clone(), message).on_key());
        } else if let Some(wrong) = key.chars().find(|letter| !allowed(*letter)) {
            problems.push(letter(path.clone(), "a tag's key", wrong).on_key());
        } else if let Some(other) = seen.insert(lower, key) {
            let message = format!("the tags `{}` and `{}` differ only in case", short(other), short(key));
            problems.push(Problem::error(path.clone(), message).hint("to IAM they are one key: choose one").on_key());
        }
        if value.chars().count() > 256 {
            let message =
                format!("a tag's value has at most 256 characters, but this one has {}", value.chars().count());
            problems.push(Problem::error(path, message));
        } else if let Some(wrong) = value.chars().find(|letter| !allowed(*letter)) {
            problems.push(letter(path, "a tag's value", wrong));
        }
    }
    problems
}

fn allowed(letter: char) -> bool {
    letter.is_alphanumeric() || letter == ' ' || "_.:/=+-@".contains(letter)
}

fn letter(path: String, what: &str, wrong: char) -> Problem {
    let problem = Problem::error(path, format!("{what} cannot hold `{}`", wrong.escape_debug()));
    problem.hint("letters, digits, spaces and `_.:/=+-@` are allowed")
}

/// What one kind of existing resource may be called.
struct Rule {
    path: &'static str,
    what: &'static str,
    service: &'static str,
    prefix: &'static str,
    letters: &'static str,
    shortest: usize,
    length: usize,
}

const STREAM: Rule = Rule {
    path: "/stream/kinesis/existing",
    what: "a Kinesis stream",
    service: "kinesis",
    prefix: "stream/",
    letters: "_.-",
    shortest: 1,
    length: 128,
};
const TABLE: Rule = Rule {
    path: "/sink/table/existing",
    what: "a DynamoDB table",
    service: "dynamodb",
    prefix: "table/",
    letters: "_.-",
    shortest: 3,
    length: 255,
};
const QUEUE: Rule = Rule {
    path: "/dlq/queue/existing",
    what: "an SQS queue",
    service: "sqs",
    prefix: "",
    letters: "_-",
    shortest: 1,
    length: 80,
};
const SECRET: Rule = Rule {
    path: "/auth/basic/secret/existing",
    what: "a secret of Secrets Manager",
    service: "secretsmanager",
    prefix: "secret:",
    letters: "/_+=.@-",
    shortest: 1,
    length: 512,
};

/// What `existing` names is of the right kind, by its ARN, or by the characters of its name.
pub(super) fn existing(cx: &Cx<'_>) -> Vec<Problem> {
    let spec = cx.spec;
    let all = [
        (spec.kinesis().and_then(|stream| stream.existing()), &STREAM),
        (spec.table().and_then(|table| table.existing()), &TABLE),
        (spec.queue().and_then(|queue| queue.existing()), &QUEUE),
        (spec.existing_secret(), &SECRET),
    ];
    all.into_iter().filter_map(|(existing, rule)| wrong(existing?, rule)).collect()
}

fn wrong(existing: &Existing, rule: &Rule) -> Option<Problem> {
    let (path, what) = (rule.path, rule.what);
    let fits = |name: &str| {
        let letters = name.chars().all(|letter| letter.is_ascii_alphanumeric() || rule.letters.contains(letter));
        letters && (rule.shortest..=rule.length).contains(&name.len())
    };
    if rule.service == "sqs" && existing.name().ends_with(".fifo") {
        let problem = Problem::error(path, "a FIFO queue takes no records of an event source mapping");
        return Some(problem.hint("name a standard queue"));
    }
    let Some(arn) = existing.arn() else {
        let name = existing.reference();
        return (!fits(name)).then(|| {
            let problem = Problem::error(path, format!("`{}` cannot be the name of {what}", short(name)));
            problem.hint("give its name in this account and region, or its ARN")
        });
    };
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let right = match parts.as_slice() {
        [_, partition, service, region, account, resource] => {
            let name = resource.strip_prefix(rule.prefix);
            let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
            let place = partition.starts_with("aws") && !region.is_empty() && digits;
            place && *service == rule.service && name.is_some_and(fits)
        }
        _ => false,
    };
    (!right).then(|| {
        let problem = Problem::error(path, format!("`{}` is not the ARN of {what}", short(arn)));
        problem.hint(format!("it looks like `arn:aws:{}:eu-west-1:123456789012:{}NAME`", rule.service, rule.prefix))
    })
}
