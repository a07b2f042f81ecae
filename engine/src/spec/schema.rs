//! The schema (draft 2020-12) as generated from the types, and its validator, each built once per run.
//!
//! The types are inlined, so that the path of an error in the schema leads straight to the keyword and its siblings.

use super::Spec;
use jsonschema::Validator;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::{Map, Value, json};
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
        let Some(Value::Array(branches)) = object.remove(keyword) else { continue };
        let mut branches = if keyword == "oneOf" { tagged(branches) } else { merged(branches) };
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

/// Returns the branches of an enum with tags: its words in one, and one object in place of several tagged members.
fn tagged(mut branches: Vec<Value>) -> Vec<Value> {
    branches.iter_mut().for_each(describe_tag);
    let branches = merged(branches);
    let (words, members): (Vec<Value>, Vec<Value>) =
        branches.into_iter().partition(|branch| branch.get("properties").is_none());
    match choice(&members) {
        Some(choice) => words.into_iter().chain([choice]).collect(),
        None => words.into_iter().chain(members).collect(),
    }
}

/// Returns one object for several tagged members, of which a document has exactly one: editors complete them all, and a mistake
/// within one is shown at its place. Returns `None` where there are fewer than two, or if one is not a tagged member.
fn choice(branches: &[Value]) -> Option<Value> {
    let tagged = |branch: &Value| Some(branch.get("properties")?.as_object().filter(|all| all.len() == 1)?.clone());
    let members: Option<Vec<_>> = branches.iter().map(tagged).collect();
    let members = members.filter(|members| members.len() > 1)?;
    let properties: Map<String, Value> = members.into_iter().flatten().collect();
    Some(json!({
        "type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
    }))
}

/// Returns the members of which a document has exactly one; `None` if the schema is not a choice.
pub(super) fn members(schema: &Value) -> Option<Vec<&str>> {
    let one = |bound: &str| schema.get(bound).and_then(Value::as_u64) == Some(1);
    let properties = schema.get("properties").and_then(Value::as_object)?;
    (one("minProperties") && one("maxProperties")).then(|| properties.keys().map(String::as_str).collect())
}

/// Returns the branches of a union without `null`, with its words in one `enum`.
fn merged(branches: Vec<Value>) -> Vec<Value> {
    let mut words = Vec::new();
    let mut rest = Vec::new();
    for branch in branches {
        match (branch.get("const").cloned(), branch.get("enum").cloned()) {
            (Some(word), _) => words.push(word),
            (None, Some(Value::Array(several))) => words.extend(several),
            _ if branch.get("type").is_some_and(|kind| kind == "null") => {}
            _ => rest.push(branch),
        }
    }
    let enumeration = (!words.is_empty()).then(|| json!({ "type": "string", "enum": words }));
    enumeration.into_iter().chain(rest).collect()
}

/// Puts the description of a tagged member, which stands beside its variant, at its key: there readers and editors look for it.
fn describe_tag(branch: &mut Value) {
    let description = branch.get("description").cloned();
    let Some(Value::Object(properties)) = branch.get_mut("properties") else {
        return;
    };
    if let (1, Some(Value::Object(only)), Some(description)) =
        (properties.len(), properties.values_mut().next(), description)
    {
        only.insert("description".to_owned(), description);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use schemars::JsonSchema;

    /// A section with more members than one.
    #[derive(JsonSchema, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its schema and its form are looked at")]
    enum Pets {
        /// A cat.
        Cat(Pet),
        /// A dog.
        Dog(Pet),
    }

    #[derive(JsonSchema, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pet {
        /// How old it is.
        #[expect(dead_code, reason = "only its schema is looked at")]
        age: u32,
    }

    #[derive(JsonSchema, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(in crate::spec) struct House {
        /// Who lives here.
        #[expect(dead_code, reason = "only its schema is looked at")]
        pets: Option<Pets>,
    }

    /// The schema of a document whose one section has two members.
    pub(in crate::spec) fn house() -> Value {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
        sorted(settings.with_transform(simplify).into_generator().into_root_schema_for::<House>())
    }

    #[test]
    fn a_section_with_two_members_is_one_object_with_one_of_them() {
        let schema = house();
        let pets = &schema["properties"]["pets"];
        assert_eq!(members(pets).unwrap(), ["cat", "dog"]);
        assert_eq!((&pets["type"], &pets["additionalProperties"]), (&json!("object"), &json!(false)));
        assert_eq!(pets["description"], "Who lives here.");
        assert_eq!(pets["properties"]["dog"]["description"], "A dog.");
        assert_eq!(pets["properties"]["dog"]["required"], json!(["age"]));
    }

    #[test]
    fn a_section_with_one_member_requires_it() {
        let sink = &value()["properties"]["sink"];
        assert_eq!((members(sink), &sink["required"]), (None, &json!(["table"])));
    }
}
