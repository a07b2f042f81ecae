//! API keys and usage plans, as far as a deployer meets them.

use futures_util::future::BoxFuture;
use hyper::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::refusals::refusal;
use super::{Answering, Exchange, each, mended};

/// What an update may change.
const MEMBERS: &[&str] = &["name", "description", "throttle", "quota", "apiStages"];

/// Keys and plans with the tags of now, and without limits that they do not have.
pub fn described<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        let tags = if exchange.head.method == Method::GET { current_tags(exchange).await } else { Value::Null };
        Ok(mended(answer, |body| each(body, &["item"]).into_iter().for_each(|one| show(one, &tags))))
    })
}

/// UpdateUsagePlan, as AWS does it: each operation is done here, and what came of it takes the place of the old.
pub fn updated<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let Some(before) = exchange.get(exchange.head.uri.path()).await else { return exchange.forward().await };
        let mut after = before.clone();
        for operation in exchange.input()["patchOperations"].as_array().into_iter().flatten() {
            if !patch(&mut after, operation) {
                return Ok(refusal(400, "BadRequestException", "Invalid API Stage specified"));
            }
        }
        let changed = MEMBERS.iter().filter(|member| before[**member] != after[**member]);
        let set = |member: &&str| json!({ "op": "replace", "path": format!("/{member}"), "value": after[*member] });
        let patches = json!({ "patchOperations": changed.map(set).collect::<Vec<_>>() });
        let mut answer = exchange.forward_as(&patches.to_string()).await?;
        let now = exchange.get(exchange.head.uri.path()).await.unwrap_or_default();
        if now["apiStages"] != after["apiStages"] {
            // An endpoint that takes AWS's own operations and no others.
            answer = exchange.forward().await?;
        }
        Ok(mended(answer, |body| show(body, &Value::Null)))
    })
}

/// DeleteUsagePlan of one that has stages.
pub fn deleted<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let plan = exchange.get(exchange.head.uri.path()).await.unwrap_or_default();
        if let Some(stage) = plan["apiStages"].get(0) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (plan, api, stage) = (text(&plan["id"]), text(&stage["apiId"]), text(&stage["stage"]));
            let text = format!(
                "Cannot delete Usage Plan {plan} because there are API Stages associated with it, including {api}:{stage}"
            );
            return Ok(refusal(400, "BadRequestException", &text));
        }
        exchange.forward().await
    })
}

/// Does one operation of a patch on a plan. False where it takes out a stage that is not there, which AWS refuses.
fn patch(plan: &mut Value, operation: &Value) -> bool {
    let path = operation["path"].as_str().unwrap_or_default();
    let (removes, value) = (operation["op"] == "remove", &operation["value"]);
    let text = value.as_str().unwrap_or_default();
    match &path.split('/').skip(1).collect::<Vec<_>>()[..] {
        ["apiStages"] => {
            let (api, stage) = text.split_once(':').unwrap_or_default();
            let Some(stages) = plan["apiStages"].as_array_mut() else { return false };
            let before = stages.len();
            stages.retain(|one| !(one["apiId"] == api && one["stage"] == stage));
            if removes {
                return stages.len() < before;
            }
            stages.push(json!({ "apiId": api, "stage": stage }));
        }
        ["apiStages", id, "throttle"] => {
            let (api, name) = id.split_once(':').unwrap_or_default();
            let mut stages = plan["apiStages"].as_array_mut().into_iter().flatten();
            if let Some(stage) = stages.find(|one| one["apiId"] == api && one["stage"] == name) {
                stage["throttle"] = if removes { json!({}) } else { serde_json::from_str(text).unwrap_or_default() };
            }
        }
        [member @ ("throttle" | "quota")] if removes => plan[*member] = json!({}),
        ["quota", "period"] => plan["quota"]["period"] = value.clone(),
        [member @ ("throttle" | "quota"), leaf] => {
            plan[*member][*leaf] = serde_json::from_str(text).unwrap_or_default();
        }
        [member] => plan[*member] = value.clone(),
        _ => {}
    }
    true
}

fn show(body: &mut Value, tags: &Value) {
    let Some(shown) = body.as_object_mut() else { return };
    // AWS leaves out what a plan does not have, and a quota has an offset.
    let empty = |member: &Value| member.as_object().is_some_and(serde_json::Map::is_empty);
    shown.retain(|member, value| !(matches!(member.as_str(), "throttle" | "quota") && empty(value)));
    if let Some(quota) = shown.get_mut("quota").and_then(Value::as_object_mut) {
        quota.entry("offset").or_insert(0.into());
    }
    if let Some(enabled) = shown.get("enabled").and_then(Value::as_str) {
        let enabled = enabled == "true";
        shown.insert("enabled".to_owned(), enabled.into());
    }
    // MiniStack keeps the tags of the creation apart from those that were set later.
    if let Some(later) = tags.as_object() {
        let all = shown.entry("tags").or_insert_with(|| json!({}));
        later.iter().for_each(|(key, value)| all[key] = value.clone());
    }
}

/// The tags that were set after the creation.
async fn current_tags(exchange: &Exchange<'_>) -> Value {
    let [collection, id] = &exchange.segments()[..] else { return Value::Null };
    let arn = format!("arn:aws:apigateway:{}::/{collection}/{id}", exchange.call.region);
    let path = format!("/tags/{}", utf8_percent_encode(&arn, NON_ALPHANUMERIC));
    exchange.get(&path).await.unwrap_or_default()["tags"].take()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plan after these operations: op, path and value.
    fn after(operations: &[(&str, &str, &str)]) -> Value {
        let mut plan =
            json!({ "name": "a", "apiStages": [{ "apiId": "a1", "stage": "dev" }], "throttle": {}, "quota": {} });
        for (op, path, value) in operations {
            assert!(patch(&mut plan, &json!({ "op": op, "path": path, "value": value })), "{path}");
        }
        show(&mut plan, &Value::Null);
        plan
    }

    #[test]
    fn limits_are_numbers_and_go_whole() {
        let set = [
            ("replace", "/throttle/rateLimit", "1.5"),
            ("replace", "/throttle/burstLimit", "2"),
            ("replace", "/quota/limit", "7"),
            ("replace", "/quota/period", "DAY"),
            ("replace", "/name", "b"),
        ];
        let plan = after(&set);
        assert_eq!(plan["throttle"], json!({ "rateLimit": 1.5, "burstLimit": 2 }));
        assert_eq!(
            (&plan["quota"], &plan["name"]),
            (&json!({ "limit": 7, "period": "DAY", "offset": 0 }), &json!("b"))
        );
        let mut key = json!({ "enabled": "true" });
        show(&mut key, &json!({ "a": "b" }));
        assert_eq!(key, json!({ "enabled": true, "tags": { "a": "b" } }));
        let gone = after(&[&set[..], &[("remove", "/throttle", ""), ("remove", "/quota", "")]].concat());
        assert_eq!((gone.get("throttle"), gone.get("quota")), (None, None));
    }

    #[test]
    fn stages_come_and_go_by_their_ids() {
        let moved = after(&[("remove", "/apiStages", "a1:dev"), ("add", "/apiStages", "a2:prod")]);
        assert_eq!(moved["apiStages"], json!([{ "apiId": "a2", "stage": "prod" }]));
        let limited = after(&[("replace", "/apiStages/a1:dev/throttle", r#"{"/a/GET":{"rateLimit":1.0}}"#)]);
        assert_eq!(limited["apiStages"][0]["throttle"]["/a/GET"]["rateLimit"], 1.0);
        let operation = json!({ "op": "remove", "path": "/apiStages", "value": "a9:dev" });
        assert!(!patch(&mut moved.clone(), &operation), "AWS refuses it");
    }
}
