//! Which tables have items that expire.
//!
//! MiniStack deletes them without a record in the table's stream, whatever the type of the attribute. So in an emulator of the session's own
//! it is told that nothing expires, and the forwarder keeps what was asked for and deletes (`reaper`).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{Answering, Exchange, mended};

/// The attribute that says when an item expires, by region and table.
#[derive(Default)]
pub struct Settings(Mutex<HashMap<(String, String), String>>);

impl Settings {
    /// All tables with such an attribute.
    pub fn all(&self) -> Vec<((String, String), String)> {
        let settings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        settings.iter().map(|(table, attribute)| (table.clone(), attribute.clone())).collect()
    }

    /// Forgets the setting of a table that is no more, or is another one.
    pub fn forget(&self, table: &(String, String)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(table);
    }

    /// Sets or removes the attribute of a table.
    pub fn set(&self, table: (String, String), attribute: &str, enabled: bool) {
        let mut settings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match enabled {
            true => drop(settings.insert(table, attribute.to_owned())),
            false => drop(settings.remove(&table)),
        }
    }

    fn get(&self, table: &(String, String)) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(table).cloned()
    }
}

/// Keeps what is asked for, and tells the endpoint the attribute alone: with the table it forgets that, and so another table of the name is
/// known by it.
pub fn update<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let input = exchange.input();
        let wanted = &input["TimeToLiveSpecification"];
        let (Some(table), Some(attribute), Some(enabled)) =
            (table(exchange, &input), wanted["AttributeName"].as_str(), wanted["Enabled"].as_bool())
        else {
            return exchange.forward().await;
        };
        let mut told = input.clone();
        // Not `false`, with which the text would be longer than what is signed.
        told["TimeToLiveSpecification"]["Enabled"] = 0.into();
        let answer = exchange.forward_as(&told.to_string()).await?;
        if answer.status().is_success() {
            exchange.memory.ttl.set(table, attribute, enabled);
        }
        Ok(mended(answer, |body| body["TimeToLiveSpecification"] = wanted.clone()))
    })
}

/// Shows what is kept.
pub fn describe<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let Some(table) = table(exchange, &exchange.input()) else { return exchange.forward().await };
        Ok(mended(exchange.forward().await?, |body| {
            let known = exchange.memory.ttl.get(&table);
            let found = &mut body["TimeToLiveDescription"];
            *found = match known.filter(|known| found["AttributeName"] == known.as_str()) {
                Some(attribute) => json!({ "TimeToLiveStatus": "ENABLED", "AttributeName": attribute }),
                None => json!({ "TimeToLiveStatus": "DISABLED" }),
            };
        }))
    })
}

/// The table of a call, which may name it by its ARN, in an emulator of the session's own.
fn table(exchange: &Exchange<'_>, input: &Value) -> Option<(String, String)> {
    exchange.memory.logs.root.as_ref()?;
    let name = input["TableName"].as_str()?;
    Some((exchange.call.region.clone(), name.rsplit('/').next().unwrap_or(name).to_owned()))
}
