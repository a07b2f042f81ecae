//! The Resource Groups Tagging API.

use serde_json::{Value, json};

use super::{Answering, Exchange};
use crate::endpoint::message::Answer;
use crate::endpoint::tags::TagMap;

/// GetResources over every kind that AWS lists, from what the endpoint saw being tagged: MiniStack knows functions,
/// tables and queues only, moto no streams, REST APIs and mappings. Roles are not listed, as on AWS.
pub fn get_resources<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let input = exchange.request.json();
        let call = exchange.call;
        let found: Vec<Value> = {
            let tags = exchange.memory.tags();
            let then = tags.in_region(&call.account, &call.region, exchange.tags_as_of);
            let wanted = then.filter(|(arn, tags)| matches(&input, arn, tags));
            wanted.map(|(arn, tags)| json!({ "ResourceARN": arn, "Tags": pairs(tags) })).collect()
        };
        Ok(Answer::of_json(200, &page(&input, &found)))
    })
}

fn matches(input: &Value, arn: &str, tags: &TagMap) -> bool {
    let list = |member: &str| input[member].as_array().cloned().unwrap_or_default();
    let has = |filter: &Value| {
        let value = filter["Key"].as_str().and_then(|key| tags.get(key));
        let values = filter["Values"].as_array().filter(|values| !values.is_empty());
        value.is_some_and(|value| values.is_none_or(|values| values.iter().any(|wanted| wanted == value.as_str())))
    };
    let types = list("ResourceTypeFilters");
    let of_type = types.iter().filter_map(Value::as_str).any(|wanted| is_of_type(arn, wanted));
    let arns = list("ResourceARNList");
    list("TagFilters").iter().all(has)
        && (types.is_empty() || of_type)
        && (arns.is_empty() || arns.contains(&json!(arn)))
}

/// Whether a type filter, `service` or `service:type`, covers an ARN. A queue's ARN names no type.
fn is_of_type(arn: &str, wanted: &str) -> bool {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, resource) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
    let kind = resource.trim_start_matches('/').split([':', '/']).next().unwrap_or_default();
    match wanted.split_once(':') {
        None => wanted == service,
        Some((of, "queue")) => of == service && service == "sqs",
        Some((of, wanted)) => of == service && wanted == kind,
    }
}

fn pairs(tags: &TagMap) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// One page of at most `ResourcesPerPage`, 1 to 100; the token is where the next one starts, and "" ends the list.
fn page(input: &Value, found: &[Value]) -> Value {
    let size = input["ResourcesPerPage"].as_u64().unwrap_or(50).clamp(1, 100) as usize;
    let start = input["PaginationToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0).min(found.len());
    let end = (start + size).min(found.len());
    let token = if end < found.len() { end.to_string() } else { String::new() };
    json!({ "PaginationToken": token, "ResourceTagMappingList": found[start..end] })
}
