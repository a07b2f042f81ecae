//! IAM and resource policies in one canonical form, so that two that mean the same are equal.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};

/// A policy document in canonical form: lists sorted, one value also a list, conditions as text, statements in order of their text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Policy(Value);

impl Policy {
    /// A policy of these statements; `Version` is 2012-10-17.
    pub fn new(statements: Vec<Value>) -> Self {
        Self(canonical(&json!({ "Version": "2012-10-17", "Statement": statements })))
    }

    /// Reads a document as AWS stores it, after any URL decoding.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn parse(text: &str) -> Result<Self> {
        let value: Value =
            serde_json::from_str(text).map_err(|e| Error::fatal(format!("a policy is not JSON: {e}")))?;
        Ok(Self(canonical(&value)))
    }

    /// Reads a document as IAM gives it: percent-encoded, to be decoded exactly once.
    ///
    /// # Errors
    /// The decoded text is not JSON.
    pub fn parse_encoded(text: &str) -> Result<Self> {
        Self::parse(&percent_decode(text))
    }

    /// The same in the order in which policies are compared: it is that of ARNs, which may not have been known before.
    #[must_use]
    pub fn in_order(&self) -> Self {
        Self(canonical(&self.0))
    }

    /// The document as text, to be sent.
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// This policy with the statements of another one as well, those without their Sid: two of one Sid IAM refuses.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let mut all = self.statements().to_vec();
        for statement in other.statements().iter().filter(|statement| !self.statements().contains(statement)) {
            let mut nameless = statement.clone();
            nameless.as_object_mut().map(|members| members.remove("Sid"));
            all.push(nameless);
        }
        Self::new(all)
    }

    /// Each statement that forbids, whole but for its name, for people: less of what it covers is less that is forbidden.
    pub fn forbids(&self) -> BTreeSet<String> {
        self.statements().iter().filter(|statement| statement["Effect"] == "Deny").map(told).collect()
    }

    /// The statements.
    pub fn statements(&self) -> &[Value] {
        self.0["Statement"].as_array().map_or(&[], Vec::as_slice)
    }
}

/// A statement for people: its actions, and what bounds it where that is more than nothing.
fn told(statement: &Value) -> String {
    let mut rest = without(statement, &["Action", "Effect", "NotAction", "Sid"]);
    if let Some(members) = rest.as_object_mut() {
        members.retain(|_, value| *value != Value::from(vec!["*"]));
    }
    let bound = if rest.as_object().is_some_and(Map::is_empty) { String::new() } else { format!(" on {rest}") };
    format!("`{}`{bound}", actions(statement))
}

/// The actions of a statement, for people.
pub fn actions(statement: &Value) -> String {
    let all = |member: &str| texts(&statement[member]).collect::<Vec<_>>().join(", ");
    if statement["NotAction"].is_null() { all("Action") } else { format!("all but {}", all("NotAction")) }
}

/// A statement without some of its members.
pub fn without(statement: &Value, members: &[&str]) -> Value {
    let mut rest = statement.clone();
    if let Some(all) = rest.as_object_mut() {
        all.retain(|member, _| !members.contains(&member.as_str()));
    }
    rest
}

/// The texts of a list.
pub fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// A statement that allows `actions` on `resources`.
pub fn allow(sid: &str, actions: &[&str], resources: &[String]) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources })
}

/// The trust policy of a role that one AWS service takes on, without a source condition: neither Lambda nor API Gateway names a
/// source when it takes on an execution or credentials role, so a condition would lock it out. Only its own account can pass a
/// role to a service anyway.
pub fn trust(service: &str) -> Policy {
    Policy::new(vec![json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" })])
}

fn canonical(policy: &Value) -> Value {
    let statements = match &policy["Statement"] {
        Value::Array(list) => list.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    let mut statements: Vec<Value> = statements.iter().map(statement).collect();
    statements.sort_by_key(Value::to_string);
    json!({ "Version": policy["Version"].as_str().unwrap_or("2008-10-17"), "Statement": statements })
}

fn statement(statement: &Value) -> Value {
    let Some(members) = statement.as_object() else { return statement.clone() };
    let member = |(key, value): (&String, &Value)| {
        let value = match key.as_str() {
            "Action" | "NotAction" | "Resource" | "NotResource" => list(value),
            "Principal" | "NotPrincipal" => principal(value),
            "Condition" => condition(value),
            _ => value.clone(),
        };
        (key.clone(), value)
    };
    Value::Object(members.iter().map(member).collect())
}

fn principal(value: &Value) -> Value {
    match value {
        Value::Object(kinds) => {
            let kind = |(kind, who): (&String, &Value)| (kind.clone(), list(&roots(who)));
            Value::Object(kinds.iter().map(kind).collect())
        }
        anyone => json!({ "AWS": list(anyone) }),
    }
}

/// An account's root is its id, in every partition.
fn roots(who: &Value) -> Value {
    match who {
        Value::Array(all) => Value::Array(all.iter().map(roots).collect()),
        Value::String(arn) => {
            let id = arn.strip_suffix(":root").and_then(|arn| arn.split_once(":iam::")).map(|(_, id)| id);
            Value::String(id.unwrap_or(arn).to_owned())
        }
        other => other.clone(),
    }
}

fn condition(value: &Value) -> Value {
    let Some(operators) = value.as_object() else { return value.clone() };
    let operator = |(operator, keys): (&String, &Value)| {
        let keys = keys.as_object().cloned().unwrap_or_default();
        (
            operator.clone(),
            Value::Object(keys.iter().map(|(key, value)| (key.clone(), list(value))).collect::<Map<_, _>>()),
        )
    };
    Value::Object(operators.iter().map(operator).collect())
}

/// One value or many, as a sorted list of texts without doubles.
fn list(value: &Value) -> Value {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut all: Vec<String> = match value {
        Value::Array(all) => all.iter().map(text).collect(),
        one => vec![text(one)],
    };
    all.sort();
    all.dedup();
    all.into()
}

fn percent_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_statements_of_one_name_are_never_in_one_policy() {
        let of = |resource: &str| Policy::new(vec![allow("Read", &["a:Get"], &[resource.into()])]);
        let (new, old) = (of("new"), of("old"));
        let both = new.with(&old);
        let named = both.statements().iter().filter(|statement| statement["Sid"] == "Read").count();
        assert_eq!((both.statements().len(), named), (2, 1));
        assert_eq!(new.with(&both), both, "a second run changes nothing");
    }

    #[test]
    fn spelling_does_not_matter() {
        let one = Policy::parse(
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":["b","a"],
                "Condition":{"Bool":{"aws:SecureTransport":false}}}}"#,
        );
        let other = Policy::parse(
            r#"{"Statement":[{"Condition":{"Bool":{"aws:SecureTransport":["false"]}},"Action":["sqs:*"],"Resource":["a","b"],
                "Principal":{"AWS":"*"},"Effect":"Deny"}],"Version":"2012-10-17"}"#,
        );
        assert_eq!(one, other);
    }

    #[test]
    fn another_resource_is_another_policy() {
        let on = |resource: &str| Policy::new(vec![allow("s", &["sqs:SendMessage"], &[resource.to_owned()])]);
        assert_ne!(on("a"), on("b"));
    }

    #[test]
    fn a_document_is_decoded_exactly_once() {
        let policy =
            Policy::parse_encoded("%7B%22Statement%22%3A%5B%7B%22Resource%22%3A%22a%253Ab%22%7D%5D%7D").unwrap();
        assert_eq!(policy.statements()[0]["Resource"], json!(["a%3Ab"]));
    }
}
