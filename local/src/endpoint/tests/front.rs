//! Domain names and web ACLs before an API, as AWS has them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::cloud::{Cloud, json, json_of};

const DOMAIN: &str = "/domainnames/api.example.com";

/// An endpoint that makes and deletes domains and mappings, and changes none: what is made again has no mapping.
async fn emulator() -> Cloud {
    let things = Arc::<Mutex<BTreeMap<String, Value>>>::default();
    Cloud::new(move |seen| {
        let mut things = things.lock().unwrap();
        let all = |things: &BTreeMap<String, Value>, below: &str| {
            let below = format!("{below}/");
            let direct = |path: &String| path.strip_prefix(&below).is_some_and(|rest| !rest.contains('/'));
            json!({ "item": things.iter().filter(|(path, _)| direct(path)).map(|(_, one)| one).collect::<Vec<_>>() })
        };
        let path = seen.target.split('?').next().unwrap().to_owned();
        let input = seen.json();
        match (seen.method.as_str(), path.as_str()) {
            (_, "/") => json(200, &json!({})),
            ("POST", "/domainnames") => {
                things.retain(|path, _| !path.starts_with(DOMAIN));
                things.insert(DOMAIN.to_owned(), input.clone());
                json(201, &input)
            }
            ("POST", path) => {
                things.insert(format!("{path}/{}", input["basePath"].as_str().unwrap()), input.clone());
                json(201, &input)
            }
            ("DELETE", path) => {
                things.remove(path);
                json(202, &json!({}))
            }
            ("GET", "/restapis/a1/stages") => json(200, &json!({ "item": [{ "stageName": "prod" }] })),
            ("GET", path) if path.ends_with('s') => json(200, &all(&things, path)),
            ("GET", path) if things.contains_key(path) => json(200, &things[path]),
            _ => json(404, &json!({ "message": "no" })),
        }
    })
    .await
}

async fn call(cloud: &Cloud, method: &str, path: &str, input: Value) -> Value {
    cloud.rest("apigateway", method, path, &input).await
}

fn patch(path: &str, value: &str) -> Value {
    json!({ "patchOperations": [{ "op": "replace", "path": path, "value": value }] })
}

#[tokio::test]
async fn a_domain_is_changed_and_leads_where_it_did() {
    let cloud = emulator().await;
    let made = json!({ "domainName": "api.example.com", "regionalCertificateArn": "one", "tags": { "a": "b" } });
    call(&cloud, "POST", "/domainnames", made).await;
    let mappings = format!("{DOMAIN}/basepathmappings");
    let mapping = json!({ "basePath": "(none)", "restApiId": "a1", "stage": "prod" });
    call(&cloud, "POST", &mappings, mapping.clone()).await;
    let again = call(&cloud, "POST", &mappings, mapping.clone()).await;
    assert_eq!(again["message"], "Base path already exists for this domain name");
    call(&cloud, "PATCH", DOMAIN, patch("/regionalCertificateArn", "two")).await;
    let found = call(&cloud, "GET", DOMAIN, Value::Null).await;
    assert_eq!((&found["regionalCertificateArn"], &found["tags"]), (&json!("two"), &json!({ "a": "b" })));
    assert_eq!(call(&cloud, "GET", &mappings, Value::Null).await, json!({ "item": [mapping] }));
    call(&cloud, "PATCH", &format!("{mappings}/(none)"), patch("/stage", "live")).await;
    assert_eq!(call(&cloud, "GET", &mappings, Value::Null).await["item"][0]["stage"], "live");
    let refused = call(&cloud, "DELETE", "/restapis/a1/stages/live", Value::Null).await;
    assert!(refused["message"].as_str().unwrap().contains("remove all base path mappings"), "{refused}");
    assert_eq!(call(&cloud, "DELETE", "/restapis/a1/stages/prod", Value::Null).await, json!({}));
    call(&cloud, "DELETE", DOMAIN, Value::Null).await;
    assert_eq!(call(&cloud, "DELETE", "/restapis/a1", Value::Null).await, json!({}));
}

#[tokio::test]
async fn a_stage_shows_the_web_acl_that_it_has_now() {
    let cloud = emulator().await;
    let shown = async || call(&cloud, "GET", "/restapis/a1/stages", Value::Null).await["item"][0]["webAclArn"].clone();
    let resource = "arn:aws:apigateway:eu-central-1::/restapis/a1/stages/prod";
    let set = async |operation: &str, input: Value| {
        let answer = cloud.call("wafv2", &format!("AWSWAF_20190729.{operation}"), &input).await;
        assert_eq!(json_of(&answer), json!({}));
    };
    assert_eq!(shown().await, Value::Null);
    set("AssociateWebACL", json!({ "WebACLArn": "acl", "ResourceArn": resource })).await;
    assert_eq!(shown().await, "acl");
    set("DisassociateWebACL", json!({ "ResourceArn": resource })).await;
    assert_eq!(shown().await, Value::Null);
    set("AssociateWebACL", json!({ "WebACLArn": "acl", "ResourceArn": resource })).await;
    call(&cloud, "DELETE", "/restapis/a1/stages/prod", Value::Null).await;
    assert_eq!(shown().await, Value::Null, "a stage that is made again has none");
}
