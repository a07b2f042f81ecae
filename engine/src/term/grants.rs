//! Policies as people read them: a line for what is allowed or denied from now on, and for what no longer is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What one action is allowed or denied: effect and principal, action, resource, condition.
type Grant = (String, String, String, String);

/// The lines of a change from one policy to another; nothing if a value is not a policy, or if the difference is in no line.
/// `home` is the region and account whose ARNs are shown by kind and name alone.
pub(super) fn lines(old: Option<&Value>, new: Option<&Value>, home: &str) -> Option<Vec<String>> {
    let (old, new) = (grants(old, home)?, grants(new, home)?);
    let gone = joined(old.difference(&new)).into_iter().map(|line| format!("- {line}"));
    let lines: Vec<String> =
        gone.chain(joined(new.difference(&old)).into_iter().map(|line| format!("+ {line}"))).collect();
    (!lines.is_empty()).then_some(lines)
}

fn grants(policy: Option<&Value>, home: &str) -> Option<BTreeSet<Grant>> {
    let statements = policy.map_or_else(|| Some(Vec::new()), statements)?;
    Some(statements.into_iter().flat_map(|statement| grants_of(statement, home)).collect())
}

/// The statements of a policy, of a list of them, or of policies by name.
fn statements(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(all) => all.iter().map(|one| one.get("Effect").map(|_| one)).collect(),
        Value::Object(policy) => match policy.get("Statement") {
            Some(Value::Array(all)) => Some(all.iter().collect()),
            Some(_) => None,
            None => {
                let named = policy.values().map(|policy| policy.get("Statement").and_then(statements));
                named.collect::<Option<Vec<_>>>().map(|all| all.into_iter().flatten().collect())
            }
        },
        _ => None,
    }
}

fn grants_of(statement: &Value, home: &str) -> Vec<Grant> {
    let who = match (&statement["Principal"], &statement["NotPrincipal"]) {
        (Value::Null, Value::Null) => String::new(),
        (who, Value::Null) => principals(who) + " ",
        (_, who) => format!("all but {} ", principals(who)),
    };
    let head = match (statement["Effect"] == "Deny", who.is_empty()) {
        (true, _) => format!("deny {who}"),
        (false, true) => who,
        (false, false) => who + "may ",
    };
    let (actions, resources) =
        (texts(statement, "Action", str::to_owned), texts(statement, "Resource", |arn| resource(arn, home)));
    let condition = match &statement["Condition"] {
        Value::Null => String::new(),
        condition => format!(" if {condition}"),
    };
    let resources = if resources.is_empty() { vec![String::new()] } else { resources };
    let grant =
        |action: &String, resource: &String| (head.clone(), action.clone(), resource.clone(), condition.clone());
    actions.iter().flat_map(|action| resources.iter().map(move |resource| grant(action, resource))).collect()
}

/// The texts of a member, or of the one that excludes them.
fn texts(statement: &Value, member: &str, shown: impl Fn(&str) -> String) -> Vec<String> {
    let all = |value: &Value| -> Vec<String> {
        let list = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        list.chain(value.as_str()).map(&shown).collect()
    };
    match &statement[format!("Not{member}")] {
        Value::Null => all(&statement[member]),
        but => vec![format!("all but {}", all(but).join(", "))],
    }
}

fn principals(who: &Value) -> String {
    let kinds = who.as_object().into_iter().flat_map(|kinds| kinds.values());
    let names: Vec<&str> = kinds
        .flat_map(|names| names.as_array().into_iter().flatten().chain(Some(names)))
        .filter_map(Value::as_str)
        .collect();
    match names.as_slice() {
        [] => who.to_string(),
        ["*"] => "anyone".to_owned(),
        names => names.join(", "),
    }
}

/// An ARN of the pipeline's own account and region as `table EventTable`; any other as it is.
fn resource(arn: &str, home: &str) -> String {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let (service, name) = match parts.as_slice() {
        ["arn", _, service, region, account, name] if format!("{region}:{account}") == home => (*service, *name),
        _ if arn == "*" => return "everything".to_owned(),
        _ => return arn.to_owned(),
    };
    let known = [
        ("cognito-idp", "userpool/", "user pool"),
        ("dynamodb", "table/", "table"),
        ("ec2", "security-group/", "security group"),
        ("ec2", "vpc-endpoint/", "endpoint"),
        ("kinesis", "stream/", "stream"),
        ("kms", "key/", "key"),
        ("lambda", "function:", "function"),
        ("logs", "log-group:", "log group"),
        ("secretsmanager", "secret:", "secret"),
        ("sqs", "", "queue"),
    ];
    let known = known.iter().filter(|(of, _, _)| *of == service);
    let named = known.filter_map(|(_, prefix, kind)| Some(format!("{kind} {}", name.strip_prefix(prefix)?))).next();
    named.unwrap_or_else(|| arn.to_owned())
}

/// One line for what is alike: many actions on one resource, and the same actions on many.
fn joined<'a>(grants: impl Iterator<Item = &'a Grant>) -> Vec<String> {
    let mut actions: BTreeMap<(&str, &str, &str), Vec<&str>> = BTreeMap::new();
    for (head, action, resource, condition) in grants {
        actions.entry((head, resource, condition)).or_default().push(action);
    }
    let mut resources: BTreeMap<(&str, String, &str), Vec<&str>> = BTreeMap::new();
    for ((head, resource, condition), actions) in actions {
        resources.entry((head, actions.join(", "), condition)).or_default().push(resource);
    }
    let line = |((head, actions, condition), resources): ((&str, String, &str), Vec<&str>)| {
        let on = if resources == [""] { String::new() } else { format!(" on {}", resources.join(", ")) };
        format!("{head}{actions}{on}{condition}")
    };
    resources.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::policy::{Policy, allow, trust};
    use serde_json::json;

    const HOME: &str = "eu-central-1:111122223333";

    fn policy(statements: Vec<Value>) -> Value {
        serde_json::to_value(Policy::new(statements)).unwrap()
    }

    fn on(actions: &[&str], resources: &[&str]) -> Value {
        allow("Sid", actions, &resources.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_policy_is_told_by_what_it_allows() {
        let new = policy(vec![
            on(&["dynamodb:GetItem", "dynamodb:PutItem"], &["arn:aws:dynamodb:eu-central-1:111122223333:table/Events"]),
            on(&["sqs:SendMessage"], &["arn:aws:sqs:eu-central-1:999922223333:theirs"]),
            on(&["kinesis:ListStreams"], &["*"]),
        ]);
        let told = lines(None, Some(&json!({ "pipe": new })), HOME).unwrap();
        assert_eq!(
            told,
            [
                "+ dynamodb:GetItem, dynamodb:PutItem on table Events",
                "+ kinesis:ListStreams on everything",
                "+ sqs:SendMessage on arn:aws:sqs:eu-central-1:999922223333:theirs",
            ],
            "another account's is never told by its name alone"
        );
        let told = lines(None, Some(&serde_json::to_value(trust("lambda.amazonaws.com")).unwrap()), HOME).unwrap();
        assert_eq!(told, ["+ lambda.amazonaws.com may sts:AssumeRole"]);
    }

    #[test]
    fn only_what_differs_is_told_and_a_deny_is_called_so() {
        let deny =
            json!({ "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": { "Bool": { "a:b": "true" } } });
        let old = policy(vec![on(&["s:A", "s:B"], &["x"]), deny]);
        let new = policy(vec![on(&["s:B", "s:C"], &["x"])]);
        let told = lines(Some(&old["Statement"]), Some(&new["Statement"]), HOME).unwrap();
        assert_eq!(told, ["- s:A on x", r#"- deny * on everything if {"Bool":{"a:b":["true"]}}"#, "+ s:C on x"]);
    }

    #[test]
    fn what_is_no_policy_has_no_lines() {
        for value in
            [json!([]), json!({}), json!(["a"]), json!({ "a": "b" }), json!("text"), json!({ "a": { "b": 1 } })]
        {
            assert_eq!(lines(None, Some(&value), HOME), None, "{value}");
        }
        let same = |sid: &str| policy(vec![allow(sid, &["s:A"], &["x".to_owned()])]);
        assert_eq!(lines(Some(&same("One")), Some(&same("Two")), HOME), None, "a Sid is in no line");
    }
}
