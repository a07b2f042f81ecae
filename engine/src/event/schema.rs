//! The schema (draft 2020-12) of a line of `--json`, generated from the types.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::{Value, json};

use super::{Event, VERSION};
use crate::spec::sorted;

/// Returns the schema of a line of `--json` as it is committed: indented, with a newline at the end.
#[must_use]
pub fn schema() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize().with_transform(simplify);
    let mut schema = settings.into_generator().into_root_schema_for::<Event>();
    schema.insert("$id".to_owned(), json!("urn:pipe:schema:events"));
    schema.insert("title".to_owned(), json!("pipe: one line of --json"));
    if let Some(Value::Array(events)) = schema.get_mut("oneOf") {
        events.iter_mut().for_each(versioned);
    }
    format!("{:#}\n", sorted(schema))
}

/// Adds what every line has beside its event.
fn versioned(event: &mut Value) {
    event["properties"]["version"] = json!({ "const": VERSION, "description": "Version of the lines' shape." });
    if let Some(Value::Array(required)) = event.get_mut("required") {
        required.push("version".into());
    }
}

/// Takes out what serves Rust and not the reader: the widths of numbers, and `null` for what is left out instead.
fn simplify(schema: &mut Schema) {
    transform_subschemas(&mut simplify, schema);
    schema.remove("format");
    let required = schema.get("required").cloned().unwrap_or_default();
    let required = |name: &str| required.as_array().is_some_and(|names| names.iter().any(|required| required == name));
    let Some(Value::Object(members)) = schema.get_mut("properties") else { return };
    for (_, member) in members.iter_mut().filter(|(name, _)| !required(name)) {
        not_null(member);
    }
}

/// Takes `null` out of `["string", "null"]` and of the union of a reference with it.
fn not_null(member: &mut Value) {
    if let Some(Value::Array(types)) = member.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            member["type"] = only.clone();
        }
    }
    if let Some(Value::Array(branches)) = member.get_mut("anyOf") {
        branches.retain(|branch| branch.get("type").is_none_or(|name| name != "null"));
        if let [only] = branches.as_slice() {
            member["$ref"] = only["$ref"].clone();
            member.as_object_mut().map(|member| member.remove("anyOf"));
        }
    }
}
