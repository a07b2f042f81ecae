//! The schema (draft 2020-12) as generated from the types, and its validator, each built once per run.
//!
//! The types are inlined, so that the path of an error in the schema leads straight to the keyword and its siblings.

use super::Spec;
use jsonschema::Validator;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::{Value, json};
use std::sync::LazyLock;

static SCHEMA: LazyLock<Value> = LazyLock::new(generate);
static VALIDATOR: LazyLock<Result<Validator, String>> =
    LazyLock::new(|| jsonschema::draft202012::new(&SCHEMA).map_err(|error| error.to_string()));

/// Returns the schema of `pipeline.yaml` as it is committed: indented, with a newline at the end.
#[must_use]
pub fn schema() -> String {
    format!("{:#}\n", *SCHEMA)
}

/// Returns the schema as a value.
pub(super) fn value() -> &'static Value {
    &SCHEMA
}

/// Returns the validator of the schema; an error would be one of the types and is shown by a test.
pub(super) fn validator() -> Result<&'static Validator, &'static str> {
    VALIDATOR.as_ref().map_err(String::as_str)
}

fn generate() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.with_transform(simplify).into_generator().into_root_schema_for::<Spec>();
    schema.insert("$id".to_owned(), json!("urn:pipe:schema:pipeline"));
    schema.insert("title".to_owned(), json!("pipe: one event pipeline"));
    sorted(schema)
}

/// Returns a schema with every object's keys in alphabetical order: serde_json keeps them so, or in the order of their
/// making, by a feature that other crates of a build may turn on.
pub(crate) fn sorted(schema: Schema) -> Value {
    let mut value = schema.to_value();
    value.sort_all_objects();
    value
}

/// Takes out what serves Rust and not the reader: `null` for what may be absent, number formats, one branch per word.
fn simplify(schema: &mut Schema) {
    transform_subschemas(&mut simplify, schema);
    let Some(object) = schema.as_object_mut() else { return };
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
    if object.get("type").is_some_and(|kind| kind == "integer" || kind == "number") {
        object.remove("format");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(Value::Array(branches)) = object.remove(keyword) {
            let mut branches = merged(branches);
            match branches.pop() {
                Some(Value::Object(only)) if branches.is_empty() => {
                    for (key, value) in only {
                        object.entry(key).or_insert(value);
                    }
                }
                last => {
                    object.insert("anyOf".to_owned(), branches.into_iter().chain(last).collect());
                }
            }
        }
    }
}

/// Returns the branches of a union without `null`, its words in one `enum`, and the description of a tagged branch at its key.
fn merged(branches: Vec<Value>) -> Vec<Value> {
    let mut words = Vec::new();
    let mut rest = Vec::new();
    for mut branch in branches {
        match (branch.get("const").cloned(), branch.get("enum").cloned()) {
            (Some(word), _) => words.push(word),
            (None, Some(Value::Array(several))) => words.extend(several),
            _ if branch.get("type").is_some_and(|kind| kind == "null") => {}
            _ => {
                describe_tag(&mut branch);
                rest.push(branch);
            }
        }
    }
    let enumeration = (!words.is_empty()).then(|| json!({ "type": "string", "enum": words }));
    enumeration.into_iter().chain(rest).collect()
}

fn describe_tag(branch: &mut Value) {
    let description = branch.get("description").cloned();
    let Some(Value::Object(properties)) = branch.get_mut("properties") else {
        return;
    };
    if let (1, Some(Value::Object(only)), Some(description)) =
        (properties.len(), properties.values_mut().next(), description)
    {
        only.entry("description").or_insert(description);
    }
}
