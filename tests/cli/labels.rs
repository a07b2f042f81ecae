//! What AWS draws of a mapping: its id, and the label of the table's stream that it reads, which is a time.

use serde_json::Value;

/// The texts that differ from one account to another, each with what stands for it.
pub fn of(mapping: &Value, uuid: String) -> Vec<(String, String)> {
    let source = mapping["EventSourceArn"].as_str().unwrap_or_default();
    let label = source.split_once("/stream/").map(|(_, label)| (label.to_owned(), "LABEL".to_owned()));
    [(uuid, "UUID".to_owned())].into_iter().chain(label).collect()
}
