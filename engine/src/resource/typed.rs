//! Between a kind's struct and its JSON form.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Live, Resource, json};
use crate::error::{Error, Result};

pub fn typed<R: DeserializeOwned>(props: &Value) -> Result<R> {
    R::deserialize(props).map_err(|e| Error::defect(format!("properties do not fit their kind: {e}")))
}

/// Asks about desired and live; a value that does not fit its kind is reported where it is read or applied.
pub fn both<R: Resource, T>(desired: &Value, live: &Value, ask: impl Fn(&R, &R) -> Vec<T>) -> Vec<T> {
    match (typed::<R>(desired), typed::<R>(live)) {
        (Ok(desired), Ok(live)) => ask(&desired, &live),
        _ => Vec::new(),
    }
}

/// Erases the type of what was read. AWS's own tags never count, whatever the kind.
pub fn erase<R: Serialize>(live: Live<R>) -> Result<Live<Value>> {
    let Live { handle, props, outputs, mut tags, identity, state } = live;
    tags.retain(|key, _| !key.starts_with("aws:"));
    Ok(Live { handle, props: json(&props)?, outputs, tags, identity, state })
}

/// Gives what was read its type back.
pub fn restore<R: DeserializeOwned>(live: &Live<Value>) -> Result<Live<R>> {
    let Live { handle, props, outputs, tags, identity, state } = live.clone();
    Ok(Live { handle, props: typed(&props)?, outputs, tags, identity, state })
}
