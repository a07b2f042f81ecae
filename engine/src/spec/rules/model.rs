//! What API Gateway takes as a model: a JSON schema of draft 4 without a keyword that is none of that draft's. It refuses the whole
//! model for one ("Unsupported keyword(s)"), when routes that need it are made already.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// Keywords whose value says nothing of other schemas.
const PLAIN: [&str; 23] = [
    "$ref",
    "$schema",
    "default",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "id",
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
    "type",
    "uniqueItems",
];
/// Keywords of one schema or of a list of them, and of schemas by name.
const WITHIN: [&str; 7] = ["additionalItems", "additionalProperties", "allOf", "anyOf", "items", "not", "oneOf"];
const BY_NAME: [&str; 4] = ["definitions", "dependencies", "patternProperties", "properties"];

/// Draft 4's own schema. Its formats are not looked at: patterns that Java takes, such as `[\w-.]`, are no "regex" to it.
static DRAFT_4: LazyLock<Option<Validator>> = LazyLock::new(|| {
    let schema = json!({ "$ref": "http://json-schema.org/draft-04/schema#" });
    jsonschema::draft4::options().should_validate_formats(false).build(&schema).ok()
});

/// Why API Gateway would refuse the schema, if it would.
pub(super) fn refused(schema: &Value) -> Option<String> {
    if let Some(keyword) = unknown(schema) {
        return Some(format!("draft 4 has no keyword `{keyword}`"));
    }
    let error = DRAFT_4.as_ref()?.validate(schema).err()?;
    Some(format!("{} at `{}`", error.masked(), error.instance_path()))
}

/// A keyword that draft 4 does not have, in this schema or within.
fn unknown(schema: &Value) -> Option<&str> {
    schema.as_object()?.iter().find_map(|(keyword, value)| match keyword.as_str() {
        plain if PLAIN.contains(&plain) => None,
        within if WITHIN.contains(&within) => match value {
            Value::Array(all) => all.iter().find_map(unknown),
            one => unknown(one),
        },
        by_name if BY_NAME.contains(&by_name) => value.as_object()?.values().find_map(unknown),
        other => Some(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draft_4_is_taken_and_what_came_later_is_told() {
        let taken = json!({
            "$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["const"],
            "definitions": { "$defs": { "type": "string", "default": { "const": 1 } } },
            "properties": { "const": { "enum": [{ "if": 1 }] }, "examples": { "$ref": "#/definitions/$defs" } },
            "dependencies": { "a": ["b"], "c": { "minProperties": 1 } }, "additionalProperties": false,
            "items": [{ "maximum": 1, "exclusiveMaximum": true }], "not": { "anyOf": [{}] },
        });
        assert_eq!(refused(&taken), None);
        let all = PLAIN.iter().chain(&WITHIN).chain(&BY_NAME).filter(|keyword| !["$ref", "format"].contains(keyword));
        assert_eq!(all.count() + 2, 34, "draft 4 has 34 keywords with `$ref` and `format`");
        let patterns =
            json!({ "pattern": "^[\\w-\\.]+@([\\w-]+\\.)+[\\w-]{2,4}$", "items": { "pattern": "(?i)[\\w-.]" } });
        assert_eq!(refused(&patterns), None);
        assert_eq!(refused(&json!({ "type": "array", "uniqueItems": true })), None);
        let said = |schema: Value| refused(&schema).unwrap();
        assert_eq!(said(json!({ "properties": { "a": { "const": 1 } } })), "draft 4 has no keyword `const`");
        assert_eq!(said(json!({ "anyOf": [{}, { "items": { "$id": "x" } }] })), "draft 4 has no keyword `$id`");
        assert!(said(json!({ "exclusiveMinimum": 1 })).ends_with("at `/exclusiveMinimum`"));
        assert!(said(json!({ "properties": { "a": true } })).ends_with("at `/properties/a`"));
    }
}
