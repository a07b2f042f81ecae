//! The binary types of a REST API, which both emulators take apart where they are patched.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use hyper::Response;
use serde_json::Value;

use super::Exchange;
use crate::endpoint::upstream::Passed;

/// The types of the REST APIs that were patched, by id.
pub type BinaryTypes = Mutex<HashMap<String, BTreeSet<String>>>;

const TYPES: &str = "binaryMediaTypes";

/// Passes a call on, as this input, without its patches of the types, which are kept here.
pub async fn forward(exchange: &Exchange<'_>, mut input: Value) -> Passed<Response<Bytes>> {
    let Some(patches) = input["patchOperations"].as_array_mut() else { return exchange.forward().await };
    let path = format!("/{TYPES}/");
    let ours: Vec<(bool, String)> = patches
        .iter()
        .filter_map(|patch| {
            let name = patch["path"].as_str()?.strip_prefix(&path)?.replace("~1", "/").replace("~0", "~");
            Some((patch["op"] == "add", name))
        })
        .collect();
    if ours.is_empty() {
        return exchange.forward_as(&input.to_string()).await;
    }
    patches.retain(|patch| !patch["path"].as_str().is_some_and(|at| at.starts_with(&path)));
    let id = exchange.segments().pop().unwrap_or_default();
    let known = lock(exchange).get(&id).cloned();
    let mut types = match known {
        Some(types) => types,
        None => named(&exchange.get(&format!("/restapis/{id}")).await.unwrap_or_default()),
    };
    for (is_new, name) in ours {
        if is_new {
            types.insert(name)
        } else {
            types.remove(&name)
        };
    }
    lock(exchange).insert(id, types);
    exchange.forward_as(&input.to_string()).await
}

/// Puts the types into a described API.
pub fn show(exchange: &Exchange<'_>, api: &mut Value, id: &str) {
    if let Some(types) = lock(exchange).get(id) {
        api[TYPES] = types.iter().map(String::as_str).collect();
    }
}

fn named(api: &Value) -> BTreeSet<String> {
    api[TYPES].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn lock<'a>(exchange: &'a Exchange<'_>) -> std::sync::MutexGuard<'a, HashMap<String, BTreeSet<String>>> {
    exchange.memory.binary_types.lock().unwrap_or_else(PoisonError::into_inner)
}
