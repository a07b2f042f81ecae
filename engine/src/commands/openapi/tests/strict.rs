//! The rules of OpenAPI 3.0 that a document of ours could break (<https://spec.openapis.org/oas/v3.0.3>): which members an object has,
//! what must be there, what refers to what.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

const SCHEMA: [&str; 29] = [
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "nullable",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
    "uniqueItems",
    "example",
];

/// Panics with what is wrong.
pub fn check(document: &Value) {
    let root = members(document, "document", &["openapi", "info", "servers", "tags", "paths", "components"]);
    assert_eq!(document["openapi"], "3.0.3");
    for text in ["title", "version"] {
        assert!(document["info"][text].as_str().is_some_and(|text| !text.is_empty()), "info.{text}");
    }
    members(&root["info"], "info", &["title", "version", "description"]);
    root["servers"].as_array().unwrap().iter().for_each(server);
    components(document);
    let tags: BTreeSet<&str> =
        root["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    assert_eq!(tags.len(), root["tags"].as_array().unwrap().len(), "a tag twice");
    let mut ids = BTreeSet::new();
    for (path, item) in root["paths"].as_object().unwrap() {
        assert!(path.starts_with('/'), "{path}");
        let item = members(item, path, &["delete", "get", "head", "options", "patch", "post", "put"]);
        assert!(!item.is_empty(), "{path}");
        for (method, one) in item {
            let at = format!("{method} {path}");
            operation(document, path, one, &at);
            assert!(ids.insert(one["operationId"].as_str().unwrap()), "{at}: its id is not its own");
            assert!(one["tags"].as_array().unwrap().iter().all(|tag| tags.contains(tag.as_str().unwrap())), "{at}");
        }
    }
}

fn members<'a>(value: &'a Value, at: &str, known: &[&str]) -> &'a Map<String, Value> {
    let members = value.as_object().unwrap_or_else(|| panic!("{at} is no object: {value}"));
    let unknown = members.keys().find(|name| !known.contains(&name.as_str()) && !name.starts_with("x-"));
    assert!(unknown.is_none(), "{at}: `{}` is not in OpenAPI 3.0", unknown.unwrap());
    members
}

fn server(server: &Value) {
    members(server, "server", &["url", "variables", "description"]);
    let url = server["url"].as_str().unwrap();
    let named: BTreeSet<&str> = url.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    let variables = server.get("variables").and_then(Value::as_object);
    let known: BTreeSet<&str> = variables.into_iter().flat_map(Map::keys).map(String::as_str).collect();
    assert_eq!(named, known, "{url}");
    for variable in variables.into_iter().flat_map(Map::values) {
        assert!(members(variable, "variable", &["default", "description", "enum"])["default"].is_string());
    }
}

fn components(document: &Value) {
    let all = members(&document["components"], "components", &["schemas", "responses", "securitySchemes"]);
    for (kind, parts) in all {
        for (name, part) in parts.as_object().unwrap() {
            assert!(!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "{name}");
            match kind.as_str() {
                "schemas" => schema(document, part, name),
                "responses" => response(document, part, name),
                _ => scheme(part, name),
            }
        }
    }
}

fn scheme(scheme: &Value, name: &str) {
    let known: &[&str] = match scheme["type"].as_str().unwrap() {
        "http" => &["type", "scheme", "bearerFormat", "description"],
        "apiKey" => &["type", "name", "in", "description"],
        other => panic!("{name}: {other}"),
    };
    members(scheme, name, known);
    assert!(scheme["scheme"].is_string() || (scheme["name"].is_string() && scheme["in"] == "header"), "{name}");
}

fn operation(document: &Value, path: &str, operation: &Value, at: &str) {
    let known = ["operationId", "summary", "tags", "parameters", "requestBody", "responses", "security"];
    let all = members(operation, at, &known);
    let none = Vec::new();
    let parameters = all.get("parameters").map_or(&none, |all| all.as_array().unwrap());
    let mut named = BTreeSet::new();
    for parameter in parameters {
        members(parameter, at, &["name", "in", "required", "description", "schema"]);
        let (place, name) = (parameter["in"].as_str().unwrap(), parameter["name"].as_str().unwrap());
        assert!(["path", "query", "header"].contains(&place) && named.insert((place, name)), "{at}: {name}");
        assert!(place != "path" || parameter["required"] == true, "{at}: {name}");
        schema(document, &parameter["schema"], at);
    }
    let in_path: BTreeSet<&str> = path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    let declared: BTreeSet<&str> = named.iter().filter(|(place, _)| *place == "path").map(|(_, name)| *name).collect();
    assert_eq!(in_path, declared, "{at}");
    if let Some(body) = all.get("requestBody") {
        assert!(!at.starts_with("get ") && !at.starts_with("head ") && !at.starts_with("delete "), "{at}");
        members(body, at, &["required", "content", "description"]);
        content(document, &body["content"], at);
    }
    let responses = all["responses"].as_object().unwrap();
    assert!(responses.keys().any(|status| status.starts_with('2') || status == "default"), "{at}: no success");
    for (status, one) in responses {
        let number = status.parse::<u16>().is_ok_and(|status| (100..600).contains(&status));
        assert!(number || status == "default", "{at}: {status}");
        response(document, one, at);
    }
    for requirement in all.get("security").into_iter().flat_map(|all| all.as_array().unwrap()) {
        for (scheme, scopes) in requirement.as_object().unwrap() {
            assert!(document["components"]["securitySchemes"][scheme].is_object(), "{at}: {scheme}");
            assert_eq!(scopes.as_array().map(Vec::len), Some(0), "{at}: only OAuth's schemes have scopes");
        }
    }
}

fn response(document: &Value, response: &Value, at: &str) {
    if reference(document, response, "#/components/responses/") {
        return;
    }
    let all = members(response, at, &["description", "content", "headers"]);
    assert!(all["description"].as_str().is_some_and(|text| !text.is_empty()), "{at}");
    content(document, &all["content"], at);
    for header in all.get("headers").into_iter().flat_map(|all| all.as_object().unwrap().values()) {
        schema(document, &members(header, at, &["schema", "description"])["schema"], at);
    }
}

fn content(document: &Value, content: &Value, at: &str) {
    let all = content.as_object().unwrap();
    assert!(!all.is_empty(), "{at}: a body of no type");
    for (media, one) in all {
        assert!(media.contains('/'), "{at}: {media}");
        schema(document, &members(one, at, &["schema"])["schema"], at);
    }
}

/// Whether it is a reference, which then stands alone and leads to something.
fn reference(document: &Value, value: &Value, prefix: &str) -> bool {
    let Some(reference) = value.get("$ref").filter(|reference| reference.is_string()) else { return false };
    let reference = reference.as_str().unwrap();
    assert!(
        reference.starts_with(prefix) && document.pointer(&reference[1..]).is_some_and(Value::is_object),
        "{reference}"
    );
    assert_eq!(value.as_object().unwrap().len(), 1, "nothing is read beside {reference}");
    true
}

pub fn schema(document: &Value, value: &Value, at: &str) {
    if reference(document, value, "#/components/schemas/") {
        return;
    }
    let all = members(value, at, &SCHEMA);
    let kind = all.get("type").map(|kind| kind.as_str().unwrap_or_else(|| panic!("{at}: several types: {value}")));
    let kinds = ["array", "boolean", "integer", "number", "object", "string"];
    assert!(kind.is_none_or(|kind| kinds.contains(&kind)), "{at}: {value}");
    assert!(kind != Some("array") || all.contains_key("items"), "{at}: a list of nothing: {value}");
    assert!(all.get("nullable").is_none_or(|flag| *flag == true && kind.is_some()), "{at}: {value}");
    for list in ["enum", "required", "allOf", "anyOf", "oneOf"] {
        assert!(all.get(list).is_none_or(|list| !list.as_array().unwrap().is_empty()), "{at}: {value}");
    }
    let several =
        ["allOf", "anyOf", "oneOf"].iter().filter_map(|list| all.get(*list)).flat_map(|list| list.as_array().unwrap());
    let named = all.get("properties").into_iter().flat_map(|all| all.as_object().unwrap().values());
    let within = ["items", "not"].iter().filter_map(|one| all.get(*one));
    let others = all.get("additionalProperties").filter(|others| !others.is_boolean());
    several.chain(named).chain(within).chain(others).for_each(|one| schema(document, one, at));
}
