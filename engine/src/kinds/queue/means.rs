//! What a change of a queue does to its messages, and whom it lets in.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Queue;
use crate::aws::policy::{Policy, actions, without};
use crate::resource::{Advice, Changed};

/// What each change comes to.
pub fn advice(of: &Changed<'_, Queue>) -> Advice {
    let Some((desired, live)) = of.edit() else { return Advice::default() };
    Advice {
        loses: loses(desired, live),
        widens: widens(desired, live),
        means: means(desired, live),
        ..Advice::default()
    }
}

pub(super) fn loses(desired: &Queue, live: &Queue) -> Option<String> {
    let (new, old) = (desired.retention_seconds, live.retention_seconds);
    let shorter =
        (new < old).then(|| format!("messages older than {new} s are dropped at once; they are kept for {old} s now"));
    let unmoved = desired.redrive.is_none() && live.redrive.is_some();
    shorter.or_else(|| {
        unmoved.then(|| "messages that fail are dropped when they are too old: none moves to a dlq any more".to_owned())
    })
}

/// Who may do more, and what its policy forbids no longer.
pub(super) fn widens(desired: &Queue, live: &Queue) -> Vec<String> {
    opens(&desired.policy, &live.policy)
}

/// The same of the policy of any resource: who may do more by it, and what it forbids no longer.
pub(in crate::kinds) fn opens(desired: &Policy, live: &Policy) -> Vec<String> {
    // The resource is the one that has the policy, whatever it is called by then.
    let own = |policy: &Policy| {
        let statements = policy.statements().iter();
        Policy::new(statements.map(|statement| without(statement, &["Resource"])).collect())
    };
    let (now, then) = (own(desired), own(live));
    let (allowed, before) = (allows(&now), allows(&then));
    let mut all: Vec<String> = allowed.difference(&before).cloned().collect();
    let (now, then) = (now.forbids(), then.forbids());
    all.extend(then.difference(&now).map(|statement| format!("{statement} is no longer forbidden")));
    all
}

/// What each principal may do, for people; a condition is part of it.
fn allows(policy: &Policy) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for statement in policy.statements().iter().filter(|statement| statement["Effect"] == "Allow") {
        let bound = match &statement["Condition"] {
            Value::Null => String::new(),
            condition => format!(" if {condition}"),
        };
        let kinds = statement["Principal"].as_object().into_iter().flat_map(|kinds| kinds.values());
        for who in kinds.flat_map(|names| names.as_array().into_iter().flatten()).filter_map(Value::as_str) {
            all.insert(format!("`{who}` may call `{}`{bound}", actions(statement)));
        }
    }
    all
}

/// What happens to messages on their way.
fn means(desired: &Queue, live: &Queue) -> Vec<String> {
    let mut all = Vec::new();
    let mut say = |so: bool, text: String| all.extend(so.then_some(text));
    if let (Some(now), Some(then)) = (&desired.redrive, &live.redrive) {
        let (new, old) = (now.max_receives, then.max_receives);
        say(
            new < old,
            format!("a message that was received {new} times already moves to the dlq at once, no longer after {old}"),
        );
    }
    say(
        desired.delay_seconds > live.delay_seconds,
        format!("messages are handled {} s after they were sent at the soonest", desired.delay_seconds),
    );
    all
}
