//! AWS's rules for tags.

use std::collections::BTreeMap;

use super::Cx;
use crate::spec::Problem;
use crate::spec::problem::segment;
use crate::spec::wording::short;

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
