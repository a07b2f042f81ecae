//! What a role may do that it might not before.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Role;

/// Says, for people, in what `desired` allows more than `live`. Another resource in the place of one that is no longer named is
/// no more than before: a renamed table.
pub fn widens(desired: &Role, live: &Role) -> Vec<String> {
    let (now, then) = (allowed(desired), allowed(live));
    let mut all: Vec<String> = now.iter().filter_map(|(action, on)| gained(action, on, then.get(action))).collect();
    let new = |now: &BTreeSet<String>, then: &BTreeSet<String>| now.difference(then).cloned().collect::<Vec<_>>();
    all.extend(new(&principals(desired), &principals(live)).iter().map(|who| format!("`{who}` may act as the role")));
    let lifted = new(&denied(live), &denied(desired));
    all.extend(lifted.iter().map(|statement| format!("{statement} is no longer forbidden")));
    all.extend(unbound(&desired.permissions_boundary, &live.permissions_boundary));
    all
}

/// Which of two boundaries allows more cannot be known here, so another one is told like none.
fn unbound(now: &str, then: &str) -> Option<String> {
    match (now, then) {
        (_, "") => None,
        (now, then) if now == then => None,
        ("", then) => Some(format!("`{then}` bounds it no longer")),
        (now, then) => Some(format!("`{now}` bounds it instead of `{then}`")),
    }
}

fn gained(action: &str, now: &BTreeSet<&str>, then: Option<&BTreeSet<&str>>) -> Option<String> {
    let more: Vec<&str> = match then {
        None => now.iter().copied().collect(),
        Some(then) if then.is_subset(now) => now.difference(then).copied().collect(),
        Some(then) => now.difference(then).copied().filter(|resource| covers(resource, then)).collect(),
    };
    (!more.is_empty()).then(|| format!("it may `{action}` on {}", more.join(", ")))
}

/// Whether a pattern stands for everything, or for more than one that was there: another one in its place does not.
fn covers(pattern: &str, then: &BTreeSet<&str>) -> bool {
    let start = pattern.strip_suffix('*');
    start.is_some_and(|start| start.is_empty() || then.iter().any(|resource| resource.starts_with(start)))
}

/// Resources by the action that is allowed on them.
fn allowed(role: &Role) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut allowed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for statement in statements(role).filter(|statement| statement["Effect"] == "Allow") {
        // `NotAction` and `NotResource` are by other hands; they go away, which is no more than before.
        for action in texts(&statement["Action"]) {
            allowed.entry(action).or_default().extend(texts(&statement["Resource"]));
        }
    }
    allowed
}

fn denied(role: &Role) -> BTreeSet<String> {
    let denials = statements(role).filter(|statement| statement["Effect"] == "Deny");
    denials.map(|statement| format!("`{}`", texts(&statement["Action"]).collect::<Vec<_>>().join(", "))).collect()
}

fn principals(role: &Role) -> BTreeSet<String> {
    let kinds = role.trust.statements().iter().filter_map(|statement| statement["Principal"].as_object());
    kinds.flat_map(|kinds| kinds.values()).flat_map(texts).map(str::to_owned).collect()
}

fn statements(role: &Role) -> impl Iterator<Item = &Value> {
    role.policies.values().flat_map(|policy| policy.statements())
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::policy::{Policy, allow, trust};

    fn role(statements: Vec<Value>) -> Role {
        Role {
            path: "/pipe/demo/eu-central-1/".into(),
            trust: trust("lambda.amazonaws.com"),
            policies: [("own".to_owned(), Policy::new(statements))].into(),
            managed: BTreeSet::new(),
            permissions_boundary: String::new(),
        }
    }

    fn on(action: &str, resources: &[&str]) -> Value {
        allow("a", &[action], &resources.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn an_action_that_is_gained_is_told() {
        let live = role(vec![on("sqs:SendMessage", &["queue"])]);
        let desired = role(vec![on("sqs:SendMessage", &["queue"]), on("sqs:DeleteQueue", &["queue"])]);
        assert_eq!(widens(&desired, &live), ["it may `sqs:DeleteQueue` on queue"]);
        assert_eq!(widens(&live, &desired), [""; 0]);
    }

    #[test]
    fn one_resource_more_is_told_and_another_instead_is_not() {
        let live = role(vec![on("dynamodb:PutItem", &["old"])]);
        let more = role(vec![on("dynamodb:PutItem", &["old", "new"])]);
        assert_eq!(widens(&more, &live), ["it may `dynamodb:PutItem` on new"]);
        assert_eq!(widens(&role(vec![on("dynamodb:PutItem", &["new"])]), &live), [""; 0]);
        assert_eq!(widens(&role(vec![on("dynamodb:PutItem", &["*"])]), &live), ["it may `dynamodb:PutItem` on *"]);
        assert_eq!(widens(&role(vec![on("dynamodb:PutItem", &["o*"])]), &live), ["it may `dynamodb:PutItem` on o*"]);
        assert_eq!(widens(&role(vec![on("dynamodb:PutItem", &["new:*"])]), &live), [""; 0]);
    }

    #[test]
    fn who_may_act_as_it_and_what_bounds_it_count_too() {
        let live = Role { permissions_boundary: "boundary".into(), ..role(Vec::new()) };
        let desired = Role { trust: trust("ec2.amazonaws.com"), ..role(Vec::new()) };
        assert_eq!(
            widens(&desired, &live),
            ["`ec2.amazonaws.com` may act as the role", "`boundary` bounds it no longer"]
        );
    }

    #[test]
    fn another_boundary_may_allow_more_and_a_first_one_never_does() {
        let bound = |by: &str| Role { permissions_boundary: by.into(), ..role(Vec::new()) };
        assert_eq!(widens(&bound("new"), &bound("old")), ["`new` bounds it instead of `old`"]);
        assert_eq!(widens(&bound(""), &bound("old")), ["`old` bounds it no longer"]);
        assert_eq!(widens(&bound("new"), &bound("")), [""; 0]);
        assert_eq!(widens(&bound("old"), &bound("old")), [""; 0]);
    }
}
