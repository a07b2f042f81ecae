//! An event that cannot be read, told without a value of it.

use std::collections::BTreeMap;

use lambda_runtime::Diagnostic;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

const MAX_NAMES: usize = 12;
const MAX_NAME_CHARS: usize = 40;

/// An event of no feed, or not as its feed sends it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unknown {
    #[error("the event is of no feed that `stream-to-table` knows: it is {0}; a handler of your own can take it")]
    Event(String),
    #[error("record {index} is not as the feed `{feed}` sends it, a member is missing or of another type: it is {got}")]
    Record { feed: &'static str, index: usize, got: String },
}

impl From<Unknown> for Diagnostic {
    fn from(unknown: Unknown) -> Self {
        Self { error_type: "unknown-event".to_owned(), error_message: unknown.to_string() }
    }
}

impl Unknown {
    /// What an event is that is no list of records.
    pub fn shape(event: &RawValue) -> Self {
        Unknown::Event(described(event))
    }

    /// What the records are of an event of another source, or of several.
    pub fn records(records: &[&RawValue]) -> Self {
        let first = records.first().map_or_else(String::new, |record| described(record));
        Unknown::Event(format!("{} records not all of one known source, the first {first}", records.len()))
    }

    /// The record of a feed that has another form.
    pub fn record(feed: &'static str, index: usize, record: &RawValue) -> Self {
        Unknown::Record { feed, index, got: described(record) }
    }
}

/// Returns the type of a value and, of an object, the names of its members.
fn described(raw: &RawValue) -> String {
    let Ok(members) = serde_json::from_str::<BTreeMap<String, IgnoredAny>>(raw.get()) else {
        return match raw.get().as_bytes().first() {
            Some(b'{') => "an object whose names are no text",
            Some(b'[') => "a list",
            Some(b'"') => "a text",
            Some(b'n') => "null",
            Some(b't' | b'f') => "true or false",
            _ => "a number",
        }
        .to_owned();
    };
    let name = |name: &String| format!("`{}`", name.chars().take(MAX_NAME_CHARS).collect::<String>().escape_debug());
    let names: Vec<String> = members.keys().take(MAX_NAMES).map(name).collect();
    match members.len() {
        0 => "an empty object".to_owned(),
        more if more > MAX_NAMES => {
            format!("an object with the members {} and {} more", names.join(", "), more - MAX_NAMES)
        }
        _ => format!("an object with the members {}", names.join(", ")),
    }
}
