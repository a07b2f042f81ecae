//! User pools, whose name MiniStack and moto keep for ever.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{Answering, Exchange, mended};

/// Names that were set later, by the pool's id, which no other pool gets.
pub type Names = Mutex<HashMap<String, String>>;

/// Renames a pool, where the endpoint took the rest of the change.
pub fn rename<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        let input = exchange.input();
        if let (true, Some(id), Some(name)) =
            (answer.status().is_success(), input["UserPoolId"].as_str(), input["PoolName"].as_str())
        {
            let mut names = exchange.memory.pools.lock().unwrap_or_else(PoisonError::into_inner);
            names.insert(id.to_owned(), name.to_owned());
        }
        Ok(answer)
    })
}

/// Shows the names of now.
pub fn named<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        let names = exchange.memory.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let show = |pool: &mut Value| {
            if let Some(name) = pool["Id"].as_str().and_then(|id| names.get(id)) {
                pool["Name"] = name.as_str().into();
            }
        };
        Ok(mended(answer, |body| {
            body.get_mut("UserPool").into_iter().for_each(show);
            body.get_mut("UserPools").and_then(Value::as_array_mut).into_iter().flatten().for_each(show);
        }))
    })
}
