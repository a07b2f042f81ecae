//! What a role may do that it might not before.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Role;
use crate::aws::policy::{Policy, actions, texts, without};

/// Says, for people, in what `desired` allows more than `live`. Another resource in the place of one that is no longer named is
/// no more than before: a renamed table.
pub fn widens(desired: &Role, live: &Role) -> Vec<String> {
    let (now, then) = (allowed(desired), allowed(live));
    let had = |action: &str, resource: &str| {
        let within = |patterns: &Value, text: &str| texts(patterns).any(|pattern| spans(pattern, text));
        let free =
            statements(live).filter(|statement| statement["Effect"] == "Allow" && statement["Condition"].is_null());
        free.into_iter().any(|one| within(&one["Action"], action) && within(&one["Resource"], resource))
    };
    let told = |(action, on): (&&str, &BTreeSet<&str>)| {
        let mut more = gained(on, then.get(action));
        more.retain(|resource| !had(action, resource));
        (!more.is_empty()).then(|| format!("it may `{action}` on {}", more.join(", ")))
    };
    let mut all: Vec<String> = now.iter().filter_map(told).collect();
    all.extend(lifts(desired, live));
    all
}

/// Says which of that others may have forbidden. To contain a role, somebody denies all, attaches such a policy, bounds the role,
/// or takes away who may act as it
/// (<https://docs.aws.amazon.com/security-ir/latest/userguide/technique-and-access-containment.html>), and for `pipe` to undo
/// that takes consent, whoever did it.
fn lifts(desired: &Role, live: &Role) -> Vec<String> {
    let new = |now: &BTreeSet<String>, then: &BTreeSet<String>| now.difference(then).cloned().collect::<Vec<_>>();
    let mut all = Vec::new();
    all.extend(new(&principals(desired), &principals(live)).iter().map(|who| format!("`{who}` may act as the role")));
    let lifted = new(&forbids(live), &forbids(desired));
    all.extend(lifted.iter().map(|statement| format!("{statement} is no longer forbidden")));
    // The text of a managed policy is not known here, and it may forbid.
    let detached = live.managed.difference(&desired.managed);
    all.extend(detached.map(|policy| format!("`{policy}` is detached: it no longer forbids anything")));
    all.extend(unconditional(desired, live));
    all.extend(unbound(&desired.permissions_boundary, &live.permissions_boundary));
    all
}

/// Whether IAM's pattern is wider than this text, and so allows it: `*` stands for any letters. Equal texts are looked at
/// elsewhere, and so are patterns within a text.
fn spans(pattern: &str, text: &str) -> bool {
    let Some((start, end)) = pattern.split_once('*') else { return pattern == text };
    let inner = text.strip_prefix(start).and_then(|text| text.strip_suffix(end));
    inner.is_some() && !end.contains(['*', '?']) && !start.contains('?')
}

/// Statements that allow the same as before, without a condition that they had.
fn unconditional(desired: &Role, live: &Role) -> Vec<String> {
    let then: Vec<&Value> = documents(live).filter(|statement| allows(statement)).collect();
    let bare = |statement: &Value| without(statement, &["Sid", "Condition"]);
    let freed = documents(desired).filter(|statement| allows(statement)).filter(|now| {
        let mut same = then.iter().filter(|then| bare(then) == bare(now)).peekable();
        same.peek().is_some() && same.all(|then| !then["Condition"].is_null() && then["Condition"] != now["Condition"])
    });
    freed.map(|now| format!("`{}` is bound to other conditions, or to none", actions(now))).collect()
}

/// Which of two boundaries allows more cannot be known here, so another one is reported as if there were none.
fn unbound(now: &str, then: &str) -> Option<String> {
    match (now, then) {
        (_, "") => None,
        (now, then) if now == then => None,
        ("", then) => Some(format!("`{then}` no longer bounds it")),
        (now, then) => Some(format!("`{now}` bounds it instead of `{then}`")),
    }
}

/// The resources of an action that are more than those it had.
fn gained<'a>(now: &BTreeSet<&'a str>, then: Option<&BTreeSet<&'a str>>) -> Vec<&'a str> {
    match then {
        None => now.iter().copied().collect(),
        Some(then) if then.is_subset(now) => now.difference(then).copied().collect(),
        Some(then) => now.difference(then).copied().filter(|resource| covers(resource, then)).collect(),
    }
}

/// Whether a pattern stands for everything, or for more than one that was there: another one in its place does not.
fn covers(pattern: &str, then: &BTreeSet<&str>) -> bool {
    let start = pattern.strip_suffix('*');
    start.is_some_and(|start| start.is_empty() || then.iter().any(|resource| resource.starts_with(start)))
}

/// Resources by the action that is allowed on them.
fn allowed(role: &Role) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut allowed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for statement in statements(role).filter(|statement| allows(statement)) {
        // Only someone else writes `NotAction` and `NotResource`; they go away, which allows no more than before.
        for action in texts(&statement["Action"]) {
            allowed.entry(action).or_default().extend(texts(&statement["Resource"]));
        }
    }
    allowed
}

fn allows(statement: &Value) -> bool {
    statement["Effect"] == "Allow"
}

fn forbids(role: &Role) -> BTreeSet<String> {
    role.policies.values().chain([&role.trust]).flat_map(Policy::forbids).collect()
}

/// Who may act as the role.
fn principals(role: &Role) -> BTreeSet<String> {
    let allowing = role.trust.statements().iter().filter(|statement| allows(statement));
    let kinds = allowing.filter_map(|statement| statement["Principal"].as_object());
    kinds.flat_map(|kinds| kinds.values()).flat_map(texts).map(str::to_owned).collect()
}

fn statements(role: &Role) -> impl Iterator<Item = &Value> {
    role.policies.values().flat_map(|policy| policy.statements())
}

/// The statements of its policies, and those of who may act as it.
fn documents(role: &Role) -> impl Iterator<Item = &Value> {
    statements(role).chain(role.trust.statements())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    use crate::aws::policy::{allow, trust};

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
    fn less_than_a_pattern_allowed_is_no_more() {
        let live = role(vec![on("*", &["*"])]);
        let desired = role(vec![on("sqs:SendMessage", &["arn:queue"]), on("sqs:ListQueues", &["*"])]);
        assert_eq!(widens(&desired, &live), [""; 0]);
        let live = role(vec![on("sqs:Send*", &["arn:q*"])]);
        assert_eq!(widens(&desired, &live), ["it may `sqs:ListQueues` on *"]);
        assert_eq!(widens(&role(vec![on("sqs:SendMessage", &["*"])]), &live), ["it may `sqs:SendMessage` on *"]);
    }

    #[test]
    fn who_may_act_as_it_and_what_bounds_it_count_too() {
        let live = Role { permissions_boundary: "boundary".into(), ..role(Vec::new()) };
        let desired = Role { trust: trust("ec2.amazonaws.com"), ..role(Vec::new()) };
        assert_eq!(
            widens(&desired, &live),
            ["`ec2.amazonaws.com` may act as the role", "`boundary` no longer bounds it"]
        );
    }

    #[test]
    fn another_boundary_may_allow_more_and_a_first_one_never_does() {
        let bound = |by: &str| Role { permissions_boundary: by.into(), ..role(Vec::new()) };
        assert_eq!(widens(&bound("new"), &bound("old")), ["`new` bounds it instead of `old`"]);
        assert_eq!(widens(&bound(""), &bound("old")), ["`old` no longer bounds it"]);
        assert_eq!(widens(&bound("new"), &bound("")), [""; 0]);
        assert_eq!(widens(&bound("old"), &bound("old")), [""; 0]);
    }

    fn deny(actions: &[&str], on: &str) -> Value {
        json!({ "Sid": "Held", "Effect": "Deny", "Action": actions, "Resource": on })
    }

    #[test]
    fn what_others_forbid_is_lifted_and_what_they_took_away_is_given_back() {
        let desired = role(vec![on("sqs:SendMessage", &["queue"])]);
        let lifted = |live: &Role| lifts(&desired, live);
        assert_eq!(lifted(&role(Vec::new())), [""; 0], "an Allow comes back");
        let mut held = desired.clone();
        held.policies.insert("held".into(), Policy::new(vec![deny(&["*"], "*")]));
        assert_eq!(lifted(&held), ["`*` is no longer forbidden"]);
        let mut held = desired.clone();
        held.managed.insert("arn:aws:iam::aws:policy/AWSDenyAll".into());
        let told = "`arn:aws:iam::aws:policy/AWSDenyAll` is detached: it no longer forbids anything";
        assert_eq!(lifted(&held), [told]);
        let held = Role { permissions_boundary: "deny".into(), ..desired.clone() };
        assert_eq!(lifted(&held), ["`deny` no longer bounds it"]);
        let held = Role { trust: Policy::new(Vec::new()), ..desired.clone() };
        assert_eq!(lifted(&held), ["`lambda.amazonaws.com` may act as the role"]);
        let nobody = json!({ "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole" });
        let held = Role { trust: Policy::new([desired.trust.statements(), &[nobody]].concat()), ..desired.clone() };
        assert_eq!(lifted(&held).len(), 1, "{:?}", lifted(&held));
        assert_eq!(widens(&desired, &held), lifted(&held), "an edit lifts it just so");
    }

    #[test]
    fn less_of_what_is_forbidden_is_told_and_another_name_of_it_is_not() {
        let live = role(vec![deny(&["s3:*"], "*")]);
        assert_eq!(lifts(&role(vec![deny(&["s3:*"], "arn:aws:s3:::a")]), &live), ["`s3:*` is no longer forbidden"]);
        let mut renamed = deny(&["s3:*"], "*");
        renamed["Sid"] = "Other".into();
        assert_eq!(lifts(&role(vec![renamed]), &live), [""; 0]);
        let all_but = json!({ "Effect": "Deny", "NotAction": "iam:Get*", "Resource": "*" });
        assert_eq!(lifts(&role(Vec::new()), &role(vec![all_but])), ["`all but iam:Get*` is no longer forbidden"]);
    }

    #[test]
    fn a_condition_that_goes_allows_more() {
        let free = on("sqs:SendMessage", &["queue"]);
        let mut bound = free.clone();
        bound["Condition"] = json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } });
        let told = ["`sqs:SendMessage` is bound to other conditions, or to none"];
        assert_eq!(lifts(&role(vec![free.clone()]), &role(vec![bound.clone()])), told);
        assert_eq!(lifts(&role(vec![bound.clone()]), &role(vec![free])), [""; 0]);
        assert_eq!(lifts(&role(vec![bound.clone()]), &role(vec![bound])), [""; 0]);
    }
}
