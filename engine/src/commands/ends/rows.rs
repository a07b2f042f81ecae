//! Whether rows are in the table.
//!
//! IAM: dynamodb:BatchGetItem.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::ItemKey;
use crate::aws::Cx;
use crate::error::{Class, Error, Result};

/// Keys of one BatchGetItem call.
pub const BATCH: usize = 100;

/// Which of these keys, at most [`BATCH`] and no two the same, have rows. A key that the table's capacity does not let through
/// counts as not there yet.
///
/// # Errors
/// Those of DynamoDB, but for too many calls and for a key that no table takes.
pub async fn present(cx: &Cx, table: &str, keys: &[&ItemKey]) -> Result<Vec<bool>> {
    let Some(names) = keys.first().map(|key| key.keys().cloned().collect::<Vec<_>>()) else { return Ok(Vec::new()) };
    let mut wanted = KeysAndAttributes::builder().consistent_read(true);
    // Only the key comes back: names may be reserved words.
    let places: Vec<String> = (0..names.len()).map(|at| format!("#k{at}")).collect();
    wanted = wanted.projection_expression(places.join(","));
    for (place, name) in places.iter().zip(&names) {
        wanted = wanted.expression_attribute_names(place, name);
    }
    for key in keys {
        wanted = wanted.keys((*key).clone());
    }
    let wanted = wanted.build().map_err(|error| Error::defect(error.to_string()))?;
    let request = HashMap::from([(table.to_owned(), wanted)]);
    let sent = cx.aws.dynamodb.batch_get_item().set_request_items(Some(request)).send().await;
    let found = match sent.map_err(Error::from) {
        Ok(answer) => answer.responses.unwrap_or_default().remove(table).unwrap_or_default(),
        Err(error) if error.class() == Class::Throttled || error.code() == "ValidationException" => Vec::new(),
        Err(error) => return Err(error),
    };
    // A number may come back in another form than it went (1.0 as 1): one key that was asked for is the one that was found.
    let is_there = |key: &&ItemKey| if keys.len() == 1 { !found.is_empty() } else { found.contains(key) };
    Ok(keys.iter().map(is_there).collect())
}

#[cfg(test)]
mod tests;
