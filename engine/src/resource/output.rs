//! Values that only AWS knows, and what stands for them until a plan is made.

use serde_json::Value;

/// Begins a value that is an output of another resource: no text of a spec begins with this character.
pub(crate) const OUTPUT: char = '\u{1}';

/// Stands, in desired properties, for what AWS has as an attribute of another resource: the key of an existing table.
pub fn output_of(id: &str, attribute: &str) -> String {
    format!("{OUTPUT}{id}.{attribute}")
}

/// Puts outputs in the place of what stands for them. `find` is asked for an id and an attribute.
pub fn resolve(value: &mut Value, find: &impl Fn(&str, &str) -> Option<String>) {
    match value {
        Value::String(text) => {
            let output = text.strip_prefix(OUTPUT).and_then(|name| name.split_once('.'));
            if let Some((id, attribute)) = output {
                *text = find(id, attribute).unwrap_or_default();
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|value| resolve(value, find)),
        Value::Object(all) => all.values_mut().for_each(|value| resolve(value, find)),
        _ => {}
    }
}
