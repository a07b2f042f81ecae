//! IoT's calls about rules.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::IotRule;
use crate::aws::{Cx, Repeat, Request, Service, TagCall, TagDiff, encoded, nothing_if_absent, patiently, poll};
use crate::error::{Class, Error, Result};
use crate::resource::{Name, Tags};

const SERVICE: Service = Service { name: "iot", target: "" };

/// What IoT answers for a rule that is not there, as for one that may not be read.
const DENIED: &str = "UnauthorizedException";

/// How long IoT may take to learn of a role.
const ROLES_KNOWN_WITHIN: Duration = Duration::from_secs(2 * 60);

/// The rule as GetTopicRule shows it; nothing where there is none.
pub async fn get(cx: &Cx, name: &Name) -> Result<Option<Value>> {
    let answer = call(cx, "GetTopicRule", of_rule("GET", name)).await;
    let mut answer = match absent_or(cx, name, answer).await? {
        Some(answer) => answer,
        None => return Ok(None),
    };
    Ok(Some(answer["rule"].take()))
}

/// Creates the rule with its tags.
///
/// # Errors
/// `Unclear` where there is one meanwhile: look again.
pub(super) async fn create(cx: &Cx, name: &Name, rule: &IotRule) -> Result<()> {
    let mut request = Request { body: payload(rule), ..of_rule("POST", name) };
    if !cx.tags.is_empty() {
        let pairs: Vec<String> =
            cx.tags.iter().map(|(key, value)| format!("{}={}", encoded(key), encoded(value))).collect();
        request.headers.push(("x-amz-tagging", pairs.join("&")));
    }
    write(cx, "CreateTopicRule", rule, request).await.map_err(|error| match error.class() {
        Class::Exists => error.class_as(Class::Unclear),
        _ => error,
    })
}

/// Puts the rule in the place of what is there under its name.
pub(super) async fn replace(cx: &Cx, name: &Name, rule: &IotRule) -> Result<()> {
    write(cx, "ReplaceTopicRule", rule, Request { body: payload(rule), ..of_rule("PATCH", name) }).await
}

/// Deletes the rule; absent is success.
pub(super) async fn delete(cx: &Cx, name: &Name) -> Result<()> {
    let request = of_rule("DELETE", name);
    let what = format!("another change of rule `{name}` to end");
    let answer = patiently(cx, &what, || call(cx, "DeleteTopicRule", request.clone())).await;
    absent_or(cx, name, answer).await.map(drop)
}

pub(super) async fn tags(cx: &Cx, arn: &str) -> Result<Tags> {
    let (mut all, mut next) = (Tags::new(), String::new());
    loop {
        let mut query = vec![("resourceArn", arn.to_owned())];
        query.extend((!next.is_empty()).then(|| ("nextToken", next.clone())));
        let request = Request { method: "GET", path: "/tags".to_owned(), query, ..Request::default() };
        // A rule that went since it was read has none.
        let Some(page) = nothing_if_absent(call(cx, "ListTagsForResource", request).await)? else { return Ok(all) };
        let text = |tag: &Value, member: &str| tag[member].as_str().unwrap_or_default().to_owned();
        all.extend(page["tags"].as_array().into_iter().flatten().map(|tag| (text(tag, "Key"), text(tag, "Value"))));
        match page["nextToken"].as_str() {
            Some(token) if !token.is_empty() => token.clone_into(&mut next),
            _ => return Ok(all),
        }
    }
}

pub(super) async fn sync_tags(cx: &Cx, arn: &str, live: &Tags) -> Result<()> {
    for tags in TagDiff::of(&cx.tags, live).calls() {
        let (operation, path, body) = match tags {
            TagCall::Set(tags) => {
                let tag = |(key, value): (&String, &String)| json!({ "Key": key, "Value": value });
                let tags: Vec<Value> = tags.iter().map(tag).collect();
                ("TagResource", "/tags", json!({ "resourceArn": arn, "tags": tags }))
            }
            TagCall::Remove(keys) => ("UntagResource", "/untag", json!({ "resourceArn": arn, "tagKeys": keys })),
        };
        let request = Request { method: "POST", path: path.to_owned(), body: body.to_string(), ..Request::default() };
        call(cx, operation, request).await?;
    }
    Ok(())
}

/// Writes a rule, and tries again for a while where IoT may not know a role of it yet: it does not say what it has against a rule
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).
async fn write(cx: &Cx, operation: &'static str, rule: &IotRule, request: Request) -> Result<()> {
    let what = "another change of the rule to end";
    let write = || patiently(cx, what, || call(cx, operation, request.clone()));
    let is_young = |error: &Error| error.code() == "InvalidRequestException" && rule.roles().next().is_some();
    let tried = poll(cx, "IoT to learn of the rule's role", ROLES_KNOWN_WITHIN, || async {
        match write().await {
            Ok(_) => Ok(Some(())),
            Err(error) if is_young(&error) => {
                cx.again(&error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    });
    match tried.await {
        // In vain: what IoT says at last tells more.
        Err(error) if error.failed_call().is_none() && error.class() == Class::Fatal => write().await.map(drop),
        tried => tried,
    }
}

fn payload(rule: &IotRule) -> String {
    let mut payload = json!({
        "sql": rule.sql,
        "awsIotSqlVersion": rule.sql_version,
        "ruleDisabled": !rule.enabled,
        "actions": [rule.action.sent()],
    });
    if let Some(action) = &rule.error_action {
        payload["errorAction"] = action.sent();
    }
    payload.to_string()
}

/// Turns a denial into nothing where there is no such rule.
async fn absent_or<T>(cx: &Cx, name: &Name, answer: Result<T>) -> Result<Option<T>> {
    match nothing_if_absent(answer) {
        Err(error) if error.code() == DENIED => match is_listed(cx, name).await? {
            true => Err(error.hint(
                "the rule is there: the deploying identity lacks the right; `pipe iam-policy` prints all that it needs",
            )),
            false => Ok(None),
        },
        answer => answer,
    }
}

async fn is_listed(cx: &Cx, name: &Name) -> Result<bool> {
    let mut next = String::new();
    loop {
        let query = (!next.is_empty()).then(|| ("nextToken", next.clone())).into_iter().collect();
        let request = Request { method: "GET", path: "/rules".to_owned(), query, ..Request::default() };
        let page = call(cx, "ListTopicRules", request).await?;
        let Some(rules) = page["rules"].as_array() else {
            // An answer without the list must not count as an empty list: the rule would be made again.
            return Err(Error::new(Class::Unclear, "IoT's answer has no `rules`"));
        };
        if rules.iter().any(|rule| rule["ruleName"] == name.as_str()) {
            return Ok(true);
        }
        match page["nextToken"].as_str() {
            Some(token) if !token.is_empty() => token.clone_into(&mut next),
            _ => return Ok(false),
        }
    }
}

fn of_rule(method: &'static str, name: &Name) -> Request {
    Request { method, path: format!("/rules/{name}"), ..Request::default() }
}

async fn call(cx: &Cx, operation: &'static str, request: Request) -> Result<Value> {
    let mut request = request;
    if !request.body.is_empty() {
        request.headers.push(("content-type", "application/json".to_owned()));
    }
    let body: Bytes = cx.aws.operations.rest(&SERVICE, operation, request, Repeat::AsUsual).await?;
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&body)
        .map_err(|error| Error::new(Class::Unclear, format!("IoT's answer is not JSON: {error}")))
}
