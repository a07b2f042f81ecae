//! A schema of draft 4 and the one that is made of it take the same values, or the latter takes more.

use proptest::prelude::*;

use super::super::components::Components;
use super::super::schema;
use super::*;

/// The components that a model becomes, as `{"components": {"schemas": ...}}`; its own is `Thing`.
fn converted(model: &Value) -> Value {
    let spec = crate::spec::parse("o.yaml", b"name: demo\n", Path::new(".")).unwrap().spec;
    let mut components = Components::new(&spec);
    let reference = components.body(Path::new("thing.schema.json"), model);
    assert_eq!(reference, json!({ "$ref": "#/components/schemas/Thing" }));
    json!({ "components": components.done(BTreeMap::new()) })
}

fn thing(model: &Value) -> Value {
    converted(model)["components"]["schemas"]["Thing"].clone()
}

/// The way back, to ask a validator of draft 4: what OpenAPI 3.0.3 says of `nullable` in draft 4's words.
fn back(value: &Value) -> Value {
    match value {
        Value::Object(all) if all.get("$ref").is_some_and(Value::is_string) => {
            json!({ "$ref": all["$ref"].as_str().unwrap().replace("#/components/schemas/", "#/definitions/") })
        }
        Value::Object(all) => {
            let mut made: Map<String, Value> = all.iter().map(|(name, one)| (name.clone(), back(one))).collect();
            if made.get("nullable") == Some(&json!(true)) {
                made.remove("nullable");
                made["type"] = json!([made["type"], "null"]);
            }
            made.into()
        }
        Value::Array(all) => all.iter().map(back).collect(),
        one => one.clone(),
    }
}

fn validator(document: &Value) -> jsonschema::Validator {
    let definitions = back(&document["components"]["schemas"]);
    let all = json!({ "definitions": definitions, "allOf": [{ "$ref": "#/definitions/Thing" }] });
    jsonschema::draft4::new(&all).unwrap_or_else(|error| panic!("{error}: {all:#}"))
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "type", "$ref"]).prop_map(str::to_owned)
}

fn instance() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..4_i64).prop_map(Value::from),
        Just(json!(0.5)),
        "[ab]{0,3}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

/// Types, bounds and values, without parts.
fn leaf() -> impl Strategy<Value = Value> {
    let kinds = vec!["array", "boolean", "integer", "null", "number", "object", "string"];
    let types = prop::sample::subsequence(kinds, 1..4);
    let bounds = prop::sample::select(vec![
        json!({}),
        json!({ "maximum": 1, "exclusiveMaximum": true }),
        json!({ "minLength": 1 }),
        json!({ "pattern": "^a" }),
        json!({ "maxItems": 1 }),
        json!({ "required": ["a"] }),
        json!({ "minProperties": 1 }),
        json!({ "title": "t", "$schema": "http://json-schema.org/draft-04/schema#" }),
    ]);
    let with_type = (types, bounds.clone()).prop_map(|(types, mut bounds)| {
        bounds["type"] = if types.len() == 1 { json!(types[0]) } else { json!(types) };
        bounds
    });
    let values =
        prop::collection::btree_set(prop::sample::select(vec!["null", "true", "1", "\"a\"", "[]", "{}"]), 1..4);
    let values = values.prop_map(|all| json!({ "enum": all.into_iter().map(|one| serde_json::from_str::<Value>(one).unwrap()).collect::<Vec<_>>() }));
    prop_oneof![4 => with_type, 1 => bounds, 2 => values]
}

/// References stand only where a value gets smaller, so that none of them goes in a circle.
fn part(inner: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Value> + Clone {
    let references =
        prop::sample::select(vec!["#", "#/definitions/a%20b", "#/definitions/c", "#/definitions/c/properties/a"]);
    prop_oneof![4 => inner, 1 => references.prop_map(|to| json!({ "$ref": to, "type": "null" }))]
}

fn any_schema() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 16, 3, |inner| {
        let (one, few) = (part(inner.clone()), prop::collection::vec(inner.clone(), 1..3));
        let more = prop_oneof![any::<bool>().prop_map(Value::from), inner.clone()];
        let add = |keyword: &'static str, base: Value, value: Value| {
            let mut base = base;
            base[keyword] = value;
            base
        };
        prop_oneof![
            (inner.clone(), prop::collection::btree_map(name(), one.clone(), 1..3)).prop_map(move |(base, all)| add(
                "properties",
                base,
                json!(all)
            )),
            (inner.clone(), one.clone()).prop_map(move |(base, one)| add("items", base, one)),
            (inner.clone(), few.clone(), any::<bool>()).prop_map(move |(base, few, more)| add(
                "additionalItems",
                add("items", base, json!(few)),
                json!(more)
            )),
            (inner.clone(), more).prop_map(move |(base, more)| add("additionalProperties", base, more)),
            (inner.clone(), prop::sample::select(vec!["allOf", "anyOf", "oneOf"]), few)
                .prop_map(move |(base, keyword, few)| add(keyword, base, json!(few))),
            (inner.clone(), inner.clone()).prop_map(move |(base, one)| add("not", base, one)),
            (inner.clone(), one).prop_map(move |(base, one)| add("patternProperties", base, json!({ "^a": one }))),
            inner.prop_map(move |base| add("dependencies", base, json!({ "a": ["b"] }))),
        ]
    })
}

prop_compose! {
    fn model()(root in any_schema(), first in any_schema(), second in any_schema(), third in any_schema()) -> Value {
        let mut root = root;
        let mut second = second;
        second["properties"] = json!({ "a": third });
        root["definitions"] = json!({ "a b": first, "c": second });
        root
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_schema_never_takes_less_than_its_model(model in model(), instances in prop::collection::vec(instance(), 20)) {
        let document = converted(&model);
        for (name, one) in document["components"]["schemas"].as_object().unwrap() {
            strict::schema(&document, one, name);
        }
        let (ours, theirs) = (validator(&document), jsonschema::draft4::new(&model).unwrap());
        let exact = schema::is_exact(&model, &model);
        for instance in instances {
            let (taken, said) = (theirs.is_valid(&instance), ours.is_valid(&instance));
            prop_assert!(said || !taken, "{instance} fits {model:#}\nand not {document:#}");
            prop_assert!(!exact || said == taken, "{instance} does not fit {model:#}\nand fits {document:#}");
        }
    }
}

#[test]
fn the_words_of_draft_4_are_those_of_3_0() {
    assert_eq!(
        thing(&json!({ "type": ["string", "null"], "enum": ["a", null], "id": "x" })),
        json!({ "type": "string", "nullable": true, "enum": ["a", null] })
    );
    assert_eq!(thing(&json!({ "type": "array" })), json!({ "type": "array", "items": {} }));
    assert_eq!(thing(&json!({ "type": "null" })), json!({ "type": "string", "nullable": true, "enum": [null] }));
    assert_eq!(
        thing(&json!({ "type": ["array", "null", "integer"], "items": { "type": "string" }, "maximum": 3 })),
        json!({ "anyOf": [{ "type": "array", "items": { "type": "string" }, "nullable": true }, { "type": "integer" }], "maximum": 3 })
    );
    assert_eq!(thing(&json!({ "enum": [1, null] })), json!({ "type": "number", "nullable": true, "enum": [1, null] }));
}

#[test]
fn references_become_components_and_may_be_recursive() {
    let model = json!({
        "properties": { "next": { "$ref": "#" }, "line": { "$ref": "#/definitions/a%20line" }, "far": { "$ref": "https://example.com/x" } },
        "definitions": { "a line": { "type": "string" }, "unused": {} },
    });
    let schemas = converted(&model)["components"]["schemas"].clone();
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    assert_eq!(
        schemas["Thing"]["properties"],
        json!({ "next": reference("Thing"), "line": reference("ThingALine"), "far": {} })
    );
    assert_eq!(schemas["ThingALine"], json!({ "type": "string" }));
    assert_eq!(schemas.as_object().unwrap().len(), 3, "two and the message");
}

/// One file as a body that takes more and as one that does not has two schemas; other files of the same name have others.
#[test]
fn a_name_belongs_to_one_schema() {
    let spec = crate::spec::parse("o.yaml", b"name: demo\n", Path::new(".")).unwrap().spec;
    let mut components = Components::new(&spec);
    let mut body = |file: &str, model: Value| {
        components.body(Path::new(file), &model)["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    };
    assert_eq!(body("a/thing.json", json!({})), "Thing");
    assert_eq!(body("a/thing.json", json!({ "additionalProperties": false })), "Thing2");
    assert_eq!(body("a/thing.json", json!({})), "Thing");
    assert_eq!(body("b/item.json", json!({ "title": "x" })), "Item2");
    assert_eq!(body("b/.json", json!({ "title": "y" })), "Body");
}
