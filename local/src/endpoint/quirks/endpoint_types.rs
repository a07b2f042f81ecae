//! Where a REST API is reached, which both emulators lose or take apart where it is patched.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use hyper::Response;
use serde_json::{Value, json};

use super::Exchange;
use super::refusals::refusal;

/// The endpoint configurations of the REST APIs that were patched, by id.
pub type Configurations = Mutex<HashMap<String, Value>>;

const CONFIGURATION: &str = "endpointConfiguration";
const PRIVATE: &str = "PRIVATE";

/// Takes the patches of the endpoint out of a request and keeps what they come to. `Err` is AWS's refusal: it looks at each patch alone.
pub async fn patched(exchange: &Exchange<'_>, input: &mut Value) -> Result<(), Response<Bytes>> {
    let Some(patches) = input["patchOperations"].as_array_mut() else { return Ok(()) };
    let is_ours =
        |patch: &Value| patch["path"].as_str().is_some_and(|path| path.starts_with("/endpointConfiguration/"));
    let ours: Vec<Value> = patches.iter().filter(|patch| is_ours(patch)).cloned().collect();
    if ours.is_empty() {
        return Ok(());
    }
    patches.retain(|patch| !is_ours(patch));
    let id = exchange.segments().pop().unwrap_or_default();
    let known = lock(exchange).get(&id).cloned();
    let mut now = match known {
        Some(known) => known,
        None => exchange.get(&format!("/restapis/{id}")).await.unwrap_or_default()[CONFIGURATION].clone(),
    };
    for patch in ours {
        now = with(now, &patch).map_err(|text| refusal(400, "BadRequestException", text))?;
    }
    lock(exchange).insert(id, now);
    Ok(())
}

/// The configuration after one patch.
fn with(mut now: Value, patch: &Value) -> Result<Value, &'static str> {
    let (path, value) = (patch["path"].as_str().unwrap_or_default(), patch["value"].clone());
    let mut ids = now["vpcEndpointIds"].as_array().cloned().unwrap_or_default();
    if path.starts_with("/endpointConfiguration/types/") {
        now["types"] = json!([value]);
    } else {
        ids.retain(|id| *id != value);
        if patch["op"] == "add" {
            ids.push(value);
        }
    }
    if now["types"][0] != PRIVATE && !ids.is_empty() {
        return Err("VPCEndpoints can only be specified with PRIVATE apis.");
    }
    now["vpcEndpointIds"] = ids.into();
    Ok(now)
}

/// Puts the configuration into a described API.
pub fn show(exchange: &Exchange<'_>, api: &mut Value, id: &str) {
    if let Some(configuration) = lock(exchange).get(id) {
        api[CONFIGURATION] = configuration.clone();
    }
}

fn lock<'a>(exchange: &'a Exchange<'_>) -> std::sync::MutexGuard<'a, HashMap<String, Value>> {
    exchange.memory.endpoint_types.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_private_api_has_endpoints() {
        let kind = |kind: &str| json!({ "op": "replace", "path": "/endpointConfiguration/types/X", "value": kind });
        let id = |op: &str| json!({ "op": op, "path": "/endpointConfiguration/vpcEndpointIds", "value": "vpce-1" });
        let public = json!({ "types": ["REGIONAL"] });
        with(public.clone(), &id("add")).unwrap_err();
        let private = with(with(public, &kind(PRIVATE)).unwrap(), &id("add")).unwrap();
        assert_eq!(private, json!({ "types": [PRIVATE], "vpcEndpointIds": ["vpce-1"] }));
        with(private.clone(), &kind("REGIONAL")).unwrap_err();
        let public = with(with(private, &id("remove")).unwrap(), &kind("REGIONAL")).unwrap();
        assert_eq!(public, json!({ "types": ["REGIONAL"], "vpcEndpointIds": [] }));
    }
}
