//! The tags of everything whose tagging the endpoint saw, for the tag queries that the emulators cannot answer.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

use super::call::Call;
use super::message::{Answer, Request};

/// Keys and values.
pub type TagMap = BTreeMap<String, String>;

/// Tags by ARN, as they were over time. An ARN names account and region, but for a REST API's: its account is kept
/// beside it.
#[derive(Default)]
pub struct Tags(BTreeMap<(String, String), History>);

/// What the tags were since when, the oldest first; nothing while there was no such resource.
type History = Vec<(Instant, Option<TagMap>)>;

/// What a call did to the tags of one resource.
enum Change {
    Made(TagMap),
    Tagged(TagMap),
    Untagged(Vec<String>),
    Gone,
}

impl Tags {
    pub fn of(&self, account: &str, arn: &str) -> Option<&TagMap> {
        let history = self.0.get(&(account.to_owned(), arn.to_owned()))?;
        as_of(history, Instant::now())
    }

    /// The tags as they were at a moment, if they changed since; what was made since has had its first tags from the start.
    pub fn before(&self, account: &str, arn: &str, moment: Instant) -> Option<TagMap> {
        let history = self.0.get(&(account.to_owned(), arn.to_owned()))?;
        let (changed, _) = history.last().filter(|(changed, tags)| *changed > moment && tags.is_some())?;
        let made = history.iter().rposition(|(_, tags)| tags.is_none()).map_or(0, |gone| gone + 1);
        let then = history[made..].iter().rev().find(|(since, _)| *since <= moment && since < changed);
        then.or(history.get(made)).and_then(|(_, tags)| tags.clone())
    }

    /// The tagged resources of an account and region at a moment, by ARN.
    pub fn in_region<'a>(
        &'a self,
        account: &'a str,
        region: &'a str,
        moment: Instant,
    ) -> impl Iterator<Item = (&'a String, &'a TagMap)> {
        let here = move |arn: &str| arn.split(':').nth(3) == Some(region);
        let of_account = self.0.iter().filter(move |((of, arn), _)| of == account && here(arn));
        of_account.filter_map(move |((_, arn), history)| Some((arn, as_of(history, moment)?)))
    }

    /// Notes what a call that succeeded did to tags.
    pub fn observe(&mut self, call: &Call, request: &Request, answer: &Answer) {
        let Some((arn, change)) = self.change(call, request, answer) else {
            return;
        };
        let history = self.0.entry((call.account.clone(), arn)).or_default();
        let mut now = history.last().and_then(|(_, tags)| tags.clone()).unwrap_or_default();
        let after = match change {
            Change::Made(tags) => Some(tags),
            Change::Tagged(tags) => {
                now.extend(tags);
                Some(now)
            }
            Change::Untagged(keys) => {
                now.retain(|tag, _| !keys.contains(tag));
                Some(now)
            }
            Change::Gone => None,
        };
        history.push((Instant::now(), after));
    }

    fn change(&self, call: &Call, request: &Request, answer: &Answer) -> Option<(String, Change)> {
        let (input, output) = (request.json(), answer.json());
        match call.service.as_str() {
            "kinesis" => kinesis(call, &input),
            "secretsmanager" => self.secrets(call, &input, &output),
            "logs" => logs(call, &input),
            "lambda" => lambda(call, request, &input, &output),
            "dynamodb" => dynamodb(call, &input),
            "sqs" => sqs(call, &input),
            "cognito-idp" => user_pools(call, &input, &output),
            "apigateway" => api_gateway(call, request, &input, &output),
            _ => None,
        }
    }

    fn secrets(&self, call: &Call, input: &Value, output: &Value) -> Option<(String, Change)> {
        // Every other answer of the service but that of (un)tagging names the ARN; there the secret was seen before.
        let named = || self.secret_arn(call, input["SecretId"].as_str()?);
        let change = match call.operation.as_str() {
            "CreateSecret" => return Some((text(&output["ARN"])?, Change::Made(tags(&input["Tags"])))),
            "TagResource" => Change::Tagged(tags(&input["Tags"])),
            "UntagResource" => Change::Untagged(keys(&input["TagKeys"])),
            // In its recovery window a secret keeps its tags.
            "DeleteSecret" if input["ForceDeleteWithoutRecovery"] == true => Change::Gone,
            _ => return None,
        };
        Some((named()?, change))
    }

    /// The ARN of a secret that is given by ARN, with or without its random suffix, or by name.
    fn secret_arn(&self, call: &Call, id: &str) -> Option<String> {
        let arn =
            if id.starts_with("arn:") { id.to_owned() } else { arn(call, "secretsmanager", &format!("secret:{id}")) };
        let known = self.in_region(&call.account, &call.region, Instant::now()).map(|(known, _)| known);
        let same = |known: &&String| **known == arn || known.rsplit_once('-').is_some_and(|(stem, _)| stem == arn);
        known.into_iter().find(same).cloned().or_else(|| id.starts_with("arn:").then_some(arn))
    }
}

fn kinesis(call: &Call, input: &Value) -> Option<(String, Change)> {
    let by_name = || Some(arn(call, "kinesis", &format!("stream/{}", input["StreamName"].as_str()?)));
    let stream = text(&input["StreamARN"]).or_else(|| text(&input["ResourceARN"])).or_else(by_name)?;
    let change = match call.operation.as_str() {
        "CreateStream" => Change::Made(tags(&input["Tags"])),
        "AddTagsToStream" | "TagResource" => Change::Tagged(tags(&input["Tags"])),
        "RemoveTagsFromStream" | "UntagResource" => Change::Untagged(keys(&input["TagKeys"])),
        "DeleteStream" => Change::Gone,
        _ => return None,
    };
    Some((stream, change))
}

fn logs(call: &Call, input: &Value) -> Option<(String, Change)> {
    let by_name = || Some(arn(call, "logs", &format!("log-group:{}", input["logGroupName"].as_str()?)));
    let group = text(&input["resourceArn"]).or_else(by_name)?;
    let change = match call.operation.as_str() {
        "CreateLogGroup" => Change::Made(tags(&input["tags"])),
        "TagResource" | "TagLogGroup" => Change::Tagged(tags(&input["tags"])),
        "UntagResource" => Change::Untagged(keys(&input["tagKeys"])),
        "UntagLogGroup" => Change::Untagged(keys(&input["tags"])),
        "DeleteLogGroup" => Change::Gone,
        _ => return None,
    };
    Some((group.trim_end_matches(":*").to_owned(), change))
}

fn lambda(call: &Call, request: &Request, input: &Value, output: &Value) -> Option<(String, Change)> {
    let last = request.segments().pop()?;
    let function = |name: &str| arn(call, "lambda", &format!("function:{}", name.rsplit(':').next().unwrap_or(name)));
    let mapping = |uuid: &str| arn(call, "lambda", &format!("event-source-mapping:{uuid}"));
    Some(match call.operation.as_str() {
        "CreateFunction" => (function(input["FunctionName"].as_str()?), Change::Made(tags(&input["Tags"]))),
        "DeleteFunction" => (function(&last), Change::Gone),
        "CreateEventSourceMapping" => (mapping(output["UUID"].as_str()?), Change::Made(tags(&input["Tags"]))),
        "DeleteEventSourceMapping" => (mapping(&last), Change::Gone),
        "TagResource" => (last, Change::Tagged(tags(&input["Tags"]))),
        "UntagResource" => (last, Change::Untagged(request.query("tagKeys"))),
        _ => return None,
    })
}

fn dynamodb(call: &Call, input: &Value) -> Option<(String, Change)> {
    let by_name = || Some(arn(call, "dynamodb", &format!("table/{}", input["TableName"].as_str()?)));
    let table = text(&input["ResourceArn"]).or_else(by_name)?;
    let change = match call.operation.as_str() {
        "CreateTable" => Change::Made(tags(&input["Tags"])),
        "TagResource" => Change::Tagged(tags(&input["Tags"])),
        "UntagResource" => Change::Untagged(keys(&input["TagKeys"])),
        "DeleteTable" => Change::Gone,
        _ => return None,
    };
    Some((table, change))
}

fn sqs(call: &Call, input: &Value) -> Option<(String, Change)> {
    let name =
        text(&input["QueueName"]).or_else(|| Some(input["QueueUrl"].as_str()?.rsplit('/').next()?.to_owned()))?;
    let change = match call.operation.as_str() {
        "CreateQueue" => Change::Made(tags(&input["tags"])),
        "TagQueue" => Change::Tagged(tags(&input["Tags"])),
        "UntagQueue" => Change::Untagged(keys(&input["TagKeys"])),
        "DeleteQueue" => Change::Gone,
        _ => return None,
    };
    Some((arn(call, "sqs", &name), change))
}

fn user_pools(call: &Call, input: &Value, output: &Value) -> Option<(String, Change)> {
    Some(match call.operation.as_str() {
        "CreateUserPool" => (text(&output["UserPool"]["Arn"])?, Change::Made(tags(&input["UserPoolTags"]))),
        // Where it names tags, they take the place of all.
        "UpdateUserPool" if input["UserPoolTags"].is_object() => {
            (user_pool(call, input)?, Change::Made(tags(&input["UserPoolTags"])))
        }
        "DeleteUserPool" => (user_pool(call, input)?, Change::Gone),
        "TagResource" => (text(&input["ResourceArn"])?, Change::Tagged(tags(&input["Tags"]))),
        "UntagResource" => (text(&input["ResourceArn"])?, Change::Untagged(keys(&input["TagKeys"]))),
        _ => return None,
    })
}

fn user_pool(call: &Call, input: &Value) -> Option<String> {
    Some(arn(call, "cognito-idp", &format!("userpool/{}", input["UserPoolId"].as_str()?)))
}

fn api_gateway(call: &Call, request: &Request, input: &Value, output: &Value) -> Option<(String, Change)> {
    let segments = request.segments();
    let arn = |collection: &str, id: &str| format!("arn:aws:apigateway:{}::/{collection}/{id}", call.region);
    let api = |id: &str| arn("restapis", id);
    let stage = |name: &str| Some(format!("{}/stages/{name}", api(segments.get(1)?)));
    Some(match call.operation.as_str() {
        "CreateRestApi" => (api(output["id"].as_str()?), Change::Made(tags(&input["tags"]))),
        "DeleteRestApi" => (api(segments.get(1)?), Change::Gone),
        "CreateApiKey" | "CreateUsagePlan" => {
            (arn(segments.first()?, output["id"].as_str()?), Change::Made(tags(&input["tags"])))
        }
        "CreateDomainName" => (arn("domainnames", input["domainName"].as_str()?), Change::Made(tags(&input["tags"]))),
        "DeleteApiKey" | "DeleteDomainName" | "DeleteUsagePlan" => {
            (arn(segments.first()?, segments.get(1)?), Change::Gone)
        }
        "CreateStage" => (stage(input["stageName"].as_str()?)?, Change::Made(tags(&input["tags"]))),
        "DeleteStage" => (stage(segments.get(3)?)?, Change::Gone),
        "TagResource" => (segments.get(1)?.clone(), Change::Tagged(tags(&input["tags"]))),
        "UntagResource" => (segments.get(1)?.clone(), Change::Untagged(request.query("tagKeys"))),
        _ => return None,
    })
}

fn as_of(history: &History, moment: Instant) -> Option<&TagMap> {
    history.iter().rev().find(|(since, _)| *since <= moment).and_then(|(_, tags)| tags.as_ref())
}

/// The ARN of a resource in the caller's account and region.
pub fn arn(call: &Call, service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{}:{}:{resource}", call.region, call.account)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Reads tags in either spelling: an object, or a list of objects with `Key` and `Value`.
fn tags(value: &Value) -> TagMap {
    let pair = |key: &str, value: &Value| Some((key.to_owned(), text(value)?));
    match value {
        Value::Object(map) => map.iter().filter_map(|(key, value)| pair(key, value)).collect(),
        Value::Array(list) => list.iter().filter_map(|tag| pair(tag["Key"].as_str()?, &tag["Value"])).collect(),
        _ => TagMap::new(),
    }
}

fn keys(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}
