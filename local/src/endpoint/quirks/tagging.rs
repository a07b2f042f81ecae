//! The Resource Groups Tagging API, which finds what the spec names no more.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, join3};
use futures_util::stream;
use serde_json::{Value, json};

use super::{Answering, Exchange, mended};

/// How many resources are asked for their tags at once.
const AT_ONCE: usize = 8;

type Tags = BTreeMap<String, String>;

/// Adds the streams, secrets and log groups with these tags. MiniStack gives all in one page; questions that are more than tag
/// filters, which the deployer never asks, are the endpoint's own.
pub fn get_resources<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        let input = exchange.input();
        let more = |member: &str| input[member].as_array().is_some_and(|list| !list.is_empty());
        let later_page = !input["PaginationToken"].as_str().unwrap_or_default().is_empty();
        if !answer.status().is_success() || more("ResourceTypeFilters") || more("ResourceARNList") || later_page {
            return Ok(answer);
        }
        let (streams, secrets, groups) = join3(streams(exchange), secrets(exchange), log_groups(exchange)).await;
        let mut found = [streams, secrets, groups].concat();
        found.retain(|(_, tags)| has(&input, tags));
        Ok(mended(answer, |body| add(body, found)))
    })
}

fn add(body: &mut Value, found: Vec<(String, Tags)>) {
    let Some(list) = body.get_mut("ResourceTagMappingList").and_then(Value::as_array_mut) else { return };
    let known: BTreeSet<String> =
        list.iter().filter_map(|resource| resource["ResourceARN"].as_str()).map(str::to_owned).collect();
    for (arn, tags) in found.into_iter().filter(|(arn, _)| !known.contains(arn)) {
        let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        list.push(json!({ "ResourceARN": arn, "Tags": tags }));
    }
}

fn has(input: &Value, tags: &Tags) -> bool {
    let filters = input["TagFilters"].as_array().map(Vec::as_slice).unwrap_or_default();
    filters.iter().all(|filter| {
        let value = filter["Key"].as_str().and_then(|key| tags.get(key));
        let values = filter["Values"].as_array().filter(|values| !values.is_empty());
        value.is_some_and(|value| values.is_none_or(|values| values.iter().any(|wanted| wanted == value.as_str())))
    })
}

async fn streams(exchange: &Exchange<'_>) -> Vec<(String, Tags)> {
    let mut arns = Vec::new();
    let mut input = json!({ "Limit": 1000 });
    while let Some(page) = exchange.ask("kinesis", "Kinesis_20131202.ListStreams", &input).await {
        let streams = page["StreamSummaries"].as_array().map(Vec::as_slice).unwrap_or_default();
        arns.extend(streams.iter().filter_map(|stream| stream["StreamARN"].as_str()).map(str::to_owned));
        match streams.last() {
            Some(last) if page["HasMoreStreams"] == true => {
                input["ExclusiveStartStreamName"] = last["StreamName"].clone()
            }
            _ => break,
        }
    }
    let tags = |arn: String| async move {
        let target = "Kinesis_20131202.ListTagsForStream";
        let answer = exchange.ask("kinesis", target, &json!({ "StreamARN": arn })).await?;
        Some((arn, tags(&answer["Tags"])))
    };
    stream::iter(arns).map(tags).buffer_unordered(AT_ONCE).filter_map(async |found| found).collect().await
}

/// With those in their recovery window: they keep their tags.
async fn secrets(exchange: &Exchange<'_>) -> Vec<(String, Tags)> {
    let mut found = Vec::new();
    let mut input = json!({ "IncludePlannedDeletion": true });
    while let Some(page) = exchange.ask("secretsmanager", "secretsmanager.ListSecrets", &input).await {
        let secrets = page["SecretList"].as_array().map(Vec::as_slice).unwrap_or_default();
        found.extend(secrets.iter().filter_map(|s| Some((s["ARN"].as_str()?.to_owned(), tags(&s["Tags"])))));
        input["NextToken"] = page["NextToken"].clone();
        if !input["NextToken"].is_string() {
            break;
        }
    }
    found
}

async fn log_groups(exchange: &Exchange<'_>) -> Vec<(String, Tags)> {
    let mut arns = Vec::new();
    let mut input = json!({});
    while let Some(page) = exchange.ask("logs", "Logs_20140328.DescribeLogGroups", &input).await {
        let groups = page["logGroups"].as_array().into_iter().flatten();
        let arn = |group: &Value| Some(group["arn"].as_str()?.trim_end_matches(":*").to_owned());
        arns.extend(groups.filter_map(arn));
        input["nextToken"] = page["nextToken"].clone();
        if !input["nextToken"].is_string() {
            break;
        }
    }
    let tags = |arn: String| async move {
        let target = "Logs_20140328.ListTagsForResource";
        let answer = exchange.ask("logs", target, &json!({ "resourceArn": arn })).await?;
        Some((arn, tags(&answer["tags"])))
    };
    stream::iter(arns).map(tags).buffer_unordered(AT_ONCE).filter_map(async |found| found).collect().await
}

/// Reads tags in either spelling: an object, or a list of objects with `Key` and `Value`.
fn tags(value: &Value) -> Tags {
    let pair = |key: &str, value: &Value| Some((key.to_owned(), value.as_str()?.to_owned()));
    match value {
        Value::Object(map) => map.iter().filter_map(|(key, value)| pair(key, value)).collect(),
        Value::Array(list) => list.iter().filter_map(|tag| pair(tag["Key"].as_str()?, &tag["Value"])).collect(),
        _ => Tags::new(),
    }
}
