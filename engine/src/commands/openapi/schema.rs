//! From a model of API Gateway (a JSON schema of draft 4) to a schema of OpenAPI 3.0, which is another dialect of it.
//!
//! What 3.0 cannot say is left out, so that the description may allow more than the API takes, and never less. What counts the schemas that
//! fit (`not`, `oneOf`) would turn "more" into "less": it is left out with the rest where a file has anything that 3.0 cannot say.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::components::{Components, camel, to_schema};

/// Keywords that mean the same in both (<https://spec.openapis.org/oas/v3.0.3#schema-object>).
const SAME: [&str; 19] = [
    "default",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "title",
    "uniqueItems",
];

/// Adds a model under this name, and what it refers to under names that begin with it.
pub fn add(components: &mut Components, name: &str, model: &Value) {
    let refs = BTreeMap::from([(String::new(), name.to_owned())]);
    let mut dialect = Dialect { components, name, root: model, exact: is_exact(model, model), refs };
    let schema = dialect.schema(model);
    components.set(name, schema);
}

struct Dialect<'a> {
    components: &'a mut Components,
    name: &'a str,
    root: &'a Value,
    /// Whether 3.0 can say all that the file says.
    exact: bool,
    /// Components by the JSON pointers that lead to them.
    refs: BTreeMap<String, String>,
}

impl Dialect<'_> {
    fn schema(&mut self, schema: &Value) -> Value {
        let Value::Object(keywords) = schema else { return json!({}) };
        // Draft 4 and 3.0 alike read nothing beside a reference.
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            return self.reference(reference);
        }
        let mut made = Map::new();
        for (keyword, value) in keywords {
            if let Some(value) = self.keyword(keyword, value) {
                made.insert(keyword.clone(), value);
            }
        }
        self.lists(keywords, &mut made);
        self.others(keywords, &mut made);
        typed(keywords, &mut made);
        made.into()
    }

    /// The value of a keyword that stands for itself.
    fn keyword(&mut self, keyword: &str, value: &Value) -> Option<Value> {
        match (keyword, value) {
            (same, value) if SAME.contains(&same) => Some(value.clone()),
            ("properties", Value::Object(all)) => {
                Some(all.iter().map(|(name, one)| (name.clone(), self.schema(one))).collect::<Map<_, _>>().into())
            }
            ("allOf" | "anyOf", Value::Array(all)) => Some(all.iter().map(|one| self.schema(one)).collect()),
            ("oneOf", Value::Array(all)) if self.exact => Some(all.iter().map(|one| self.schema(one)).collect()),
            ("not", one) if self.exact => Some(self.schema(one)),
            ("items", one @ Value::Object(_)) => Some(self.schema(one)),
            _ => None,
        }
    }

    /// 3.0 has one schema for all items of a list.
    fn lists(&mut self, keywords: &Map<String, Value>, made: &mut Map<String, Value>) {
        let Some(Value::Array(each)) = keywords.get("items") else { return };
        let closed = keywords.get("additionalItems") == Some(&Value::Bool(false));
        let items = if closed { self.any_of(each) } else { json!({}) };
        made.insert("items".to_owned(), items);
        if closed {
            let given = keywords.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX);
            made.insert("maxItems".to_owned(), given.min(each.len() as u64).into());
        }
    }

    /// Properties that are not named. 3.0 has no patterns for their names: each may be as any of the patterns says.
    fn others(&mut self, keywords: &Map<String, Value>, made: &mut Map<String, Value>) {
        let more = keywords.get("additionalProperties").filter(|more| **more != Value::Bool(true));
        let Some(more) = more else { return };
        let none = Map::new();
        let patterns = keywords.get("patternProperties").and_then(Value::as_object).unwrap_or(&none);
        let all: Vec<Value> = patterns.values().chain(Some(more).filter(|more| more.is_object())).cloned().collect();
        let others = if all.is_empty() { more.clone() } else { self.any_of(&all) };
        made.insert("additionalProperties".to_owned(), others);
    }

    fn any_of(&mut self, all: &[Value]) -> Value {
        match all {
            [] => json!({}),
            [one] => self.schema(one),
            all => json!({ "anyOf": all.iter().map(|one| self.schema(one)).collect::<Vec<_>>() }),
        }
    }

    /// A component for what a reference leads to. One that leads out of the file says nothing here.
    fn reference(&mut self, reference: &str) -> Value {
        let Some((pointer, target)) = target(self.root, reference) else { return json!({}) };
        if let Some(name) = self.refs.get(&pointer) {
            return to_schema(name);
        }
        let last = pointer.rsplit('/').next().unwrap_or_default();
        let name = self.components.claim(&format!("{}{}", self.name, camel(last)));
        // Before the schema itself, which may refer to it.
        self.refs.insert(pointer, name.clone());
        let schema = self.schema(target);
        self.components.set(&name, schema);
        to_schema(&name)
    }
}

/// What a reference leads to within its file, and its pointer.
fn target<'a>(root: &'a Value, reference: &str) -> Option<(String, &'a Value)> {
    let pointer = reference.strip_prefix('#')?;
    let decoded = percent_encoding::percent_decode_str(pointer).decode_utf8().ok()?;
    let of = |pointer: &str| Some((pointer.to_owned(), root.pointer(pointer)?));
    of(pointer).or_else(|| of(&decoded)).filter(|(_, target)| target.is_object())
}

/// Whether 3.0 can say what a schema says.
pub(super) fn is_exact(schema: &Value, root: &Value) -> bool {
    let Some(keywords) = schema.as_object() else { return true };
    if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
        return target(root, reference).is_some();
    }
    keywords.iter().all(|(keyword, value)| match (keyword.as_str(), value) {
        ("dependencies" | "patternProperties", _) | ("items", Value::Array(_)) => false,
        ("properties" | "definitions", Value::Object(all)) => all.values().all(|one| is_exact(one, root)),
        ("allOf" | "anyOf" | "oneOf", Value::Array(all)) => all.iter().all(|one| is_exact(one, root)),
        ("not" | "items" | "additionalProperties", one) => is_exact(one, root),
        _ => true,
    })
}

/// The types. In 3.0 a schema has one, and null is no type: `nullable` allows it, beside a `type` and nowhere else.
fn typed(keywords: &Map<String, Value>, made: &mut Map<String, Value>) {
    let types = types(keywords);
    let null = types.contains(&"null");
    let types: Vec<&str> = types.into_iter().filter(|kind| *kind != "null").collect();
    match types.as_slice() {
        [] if null => {
            made.insert("type".to_owned(), json!("string"));
            made.insert("nullable".to_owned(), json!(true));
            made.insert("enum".to_owned(), json!([null]));
        }
        [] => {}
        [one] => {
            made.insert("type".to_owned(), json!(one));
            if null {
                made.insert("nullable".to_owned(), json!(true));
            }
            if *one == "array" {
                made.entry("items").or_insert_with(|| json!({}));
            }
        }
        several => alternatives(several, null, made),
    }
}

/// A schema for each of several types. A bound of one type says nothing of the values of another, so it may stay beside them.
fn alternatives(types: &[&str], null: bool, made: &mut Map<String, Value>) {
    let mut branches: Vec<Value> = types.iter().map(|kind| json!({ "type": kind })).collect();
    for branch in branches.iter_mut().filter(|branch| branch["type"] == "array") {
        branch["items"] = made.remove("items").unwrap_or_else(|| json!({}));
    }
    if null {
        branches[0]["nullable"] = json!(true);
    }
    if made.contains_key("anyOf") {
        let all = made.entry("allOf").or_insert_with(|| json!([]));
        if let Value::Array(all) = all {
            all.push(json!({ "anyOf": branches }));
        }
    } else {
        made.insert("anyOf".to_owned(), branches.into());
    }
}

/// The types that a schema names. One without any, whose `enum` has null, has those of its values: readers differ in whether a schema
/// without a type takes null.
fn types(keywords: &Map<String, Value>) -> Vec<&str> {
    let kind = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let mut types: Vec<&str> = match (keywords.get("type"), keywords.get("enum")) {
        (Some(Value::String(one)), _) => vec![one],
        (Some(Value::Array(several)), _) => several.iter().filter_map(Value::as_str).collect(),
        (None, Some(Value::Array(values))) if values.contains(&Value::Null) => values.iter().map(kind).collect(),
        _ => Vec::new(),
    };
    types.sort_unstable();
    types.dedup();
    types
}
