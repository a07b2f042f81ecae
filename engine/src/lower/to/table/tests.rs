//! The templates as they are deployed, rendered by the engine of the local gateway, with values of a hostile client.

use std::collections::BTreeMap;

use base64::Engine as _;
use pipe_local::template::{Params, Rendered, Scope, Template};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::spec::shape::model;

mod cases;
mod indexes;

fn key(name: &str, kind: &'static str) -> Key {
    Key { name: name.to_owned(), kind }
}

/// The templates of an action on the table `People` with the keys `ID` and `Age`, a number.
fn people(action: &str, schema: Option<&Value>) -> Made {
    let call: TableAction = serde_json::from_value(match action {
        "put" | "get" | "query" | "scan" | "update" | "delete" => json!({ action: {} }),
        options => serde_json::from_str(options).unwrap(),
    })
    .unwrap();
    let (partition, sort) = (key("ID", "S"), key("Age", "N"));
    made(&Call { table: "People", partition: &partition, sort: Some(&sort), index: None }, &call, schema).unwrap()
}

fn rendered(template: &str, body: &str, params: &Params) -> Rendered {
    let template = Template::parse(template).unwrap_or_else(|error| panic!("{error}\n{template}"));
    let context = json!({ "requestId": "r" });
    template.render(&Scope { body, params, context: &context, stage_variables: &BTreeMap::new() }).unwrap()
}

fn text(template: &str, body: &str, params: &Params) -> Value {
    let made = rendered(template, body, params).text;
    serde_json::from_str(&made).unwrap_or_else(|error| panic!("{error}: {made}"))
}

/// An answer: its status, 200 where the template sets none, and its body.
fn answered(template: &str, body: &Value) -> (u16, Value) {
    let made = rendered(template, &body.to_string(), &Params::default());
    let body = serde_json::from_str(&made.text).unwrap_or_else(|error| panic!("{error}: {}", made.text));
    (made.overrides.response_status.unwrap_or(200), body)
}

fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["ID", "Age"],
        "properties": {
            "ID": { "type": "string" },
            "Age": { "type": "integer" },
            "note": { "type": ["string", "number", "boolean", "null"] },
            "flag": { "type": "boolean" },
            "none": { "type": "null" },
            "__proto__": { "type": "string" },
            "a-b:c": { "type": ["number", "string"] },
            "tags": { "type": "array", "items": { "type": ["string", "null"] } },
            "address": {
                "type": ["object", "null"],
                "properties": {
                    "street": { "$ref": "#/definitions/line" },
                    "lines": { "type": "array", "items": { "type": "object", "required": ["n"], "properties": { "n": { "type": "number" }, "t": { "type": "string" } } } },
                    "grid": { "type": "array", "items": { "type": "array", "items": { "type": "number" } } },
                },
            },
        },
        "definitions": { "line": { "type": "string", "anyOf": [{ "minLength": 1 }, { "maxLength": 0 }] } },
    })
}

/// What DynamoDB reads: the JSON value that an attribute value means.
fn plain(attribute: &Value) -> Value {
    let (kind, value) = attribute.as_object().unwrap().iter().next().unwrap();
    assert_eq!(attribute.as_object().unwrap().len(), 1, "{attribute}");
    match kind.as_str() {
        "S" => json!(value.as_str().unwrap()),
        "N" => serde_json::from_str(value.as_str().unwrap()).unwrap(),
        "BOOL" => json!(value.as_bool().unwrap()),
        "NULL" => Value::Null,
        "L" => value.as_array().unwrap().iter().map(plain).collect(),
        "M" => object(value),
        other => panic!("{other}"),
    }
}

fn object(attributes: &Value) -> Value {
    attributes.as_object().unwrap().iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

/// The other way round: how DynamoDB gives a value back.
fn attribute(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({ "S": text }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::Bool(flag) => json!({ "BOOL": flag }),
        Value::Null => json!({ "NULL": true }),
        Value::Array(all) => json!({ "L": all.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(members) => json!({ "M": attributes(members) }),
    }
}

fn attributes(members: &serde_json::Map<String, Value>) -> Value {
    members.iter().map(|(name, value)| (name.clone(), attribute(value))).collect::<serde_json::Map<_, _>>().into()
}

fn hostile() -> impl Strategy<Value = String> {
    let known = [
        "\"",
        "'",
        "\\",
        "\"}, \"X\": {\"S\": \"y",
        "#set($x = 1)",
        "$input.body",
        "${hash}",
        "}}",
        "\u{0}\n\t",
        "é\u{1F600}",
        "",
        "</script>",
        "%22",
        "__proto__",
        "$util.escapeJavaScript('x')",
        "null",
        "true",
        "1",
    ];
    prop_oneof![prop::sample::select(known.to_vec()).prop_map(str::to_owned), "\\PC{0,12}", any::<String>()]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        hostile().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null)
    ]
}

prop_compose! {
    /// Bodies that fit the schema: every optional member is there or not.
    fn body()(id in hostile(), age in any::<i32>(), note in prop::option::of(scalar()), flag in prop::option::of(any::<bool>()),
              proto in prop::option::of(hostile()), odd in prop::option::of(prop_oneof![hostile().prop_map(Value::from), any::<u32>().prop_map(Value::from)]),
              tags in prop::option::of(prop::collection::vec(prop::option::of(hostile()), 0..4)), address in 0..4u8, street in hostile(),
              lines in prop::collection::vec((any::<u16>(), prop::option::of(hostile())), 0..3), grid in prop::collection::vec(prop::collection::vec(any::<i16>(), 0..3), 0..3)) -> Value {
        let mut body = json!({ "ID": id, "Age": age });
        let mut put = |name: &str, value: Option<Value>| { if let Some(value) = value { body[name] = value; } };
        put("note", note);
        put("flag", flag.map(Value::from));
        put("__proto__", proto.map(Value::from));
        put("a-b:c", odd);
        put("tags", tags.map(|tags| json!(tags)));
        let line = |(n, t): (u16, Option<String>)| match t { Some(t) => json!({ "n": n, "t": t }), None => json!({ "n": n }) };
        let lines: Vec<Value> = lines.into_iter().map(line).collect();
        put("address", match address {
            0 => None,
            1 => Some(Value::Null),
            2 => Some(json!({ "lines": lines })),
            _ => Some(json!({ "street": street, "lines": lines, "grid": grid })),
        });
        body
    }
}

proptest! {
    /// Every value of the body is in the item, with its type, and nothing else is.
    #[test]
    fn an_item_means_what_the_body_says(body in body()) {
        let schema = schema();
        prop_assert!(jsonschema::draft4::new(&model(&schema, true)).unwrap().is_valid(&body));
        let call = text(&people("put", Some(&schema)).request, &body.to_string(), &Params::default());
        prop_assert_eq!((call.as_object().unwrap().len(), &call["TableName"], &call["ReturnValues"]), (3, &json!("People"), &json!("NONE")));
        prop_assert_eq!(object(&call["Item"]), body);
    }

    /// What the table holds comes back as it was put.
    #[test]
    fn an_item_comes_back_as_it_was_put(body in body()) {
        let item = attributes(body.as_object().unwrap());
        let (status, one) = answered(&people("get", None).success, &json!({ "Item": item }));
        prop_assert_eq!((status, &one), (200, &body));
        let (_, page) = answered(&people("scan", None).success, &json!({ "Items": [item, item], "Count": 2 }));
        prop_assert_eq!(page, json!({ "items": [body, body] }));
    }

    /// A client's text, wherever it stands, is a value and no part of the call.
    #[test]
    fn a_path_and_a_query_are_values(id in hostile(), age in hostile(), limit in hostile(), start in hostile()) {
        let encoded = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let path = vec![("ID".to_owned(), encoded(&id)), ("Age".to_owned(), encoded(&age))];
        let querystring = vec![("limit".to_owned(), limit.clone())];
        let params = Params { path, querystring, ..Params::default() };
        let key = json!({ "ID": { "S": id }, "Age": { "N": age } });
        prop_assert_eq!(&text(&people("get", None).request, "", &params)["Key"], &key);
        prop_assert_eq!(&text(&people("delete", None).request, "", &params)["Key"], &key);
        let call = text(&people("query", None).request, "", &params);
        prop_assert_eq!(&call["ExpressionAttributeValues"], &json!({ ":k": { "S": id } }));
        let wanted = match limit.parse::<u32>() { _ if limit.is_empty() => 100, Ok(n) if (1..=100).contains(&n) && n.to_string() == limit => n, _ => 0 };
        prop_assert_eq!(&call["Limit"], &json!(wanted));
        // A token that a client made by itself: its texts are values as well. What is no token is refused, without a start.
        let encoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&start);
        for (token, known) in [(format!("{encoded}.{encoded}"), !start.is_empty()), (start.clone(), start.is_empty())] {
            let params = Params { querystring: vec![("next".to_owned(), token)], ..Params::default() };
            let call = text(&people("scan", None).request, "", &params);
            let begun = json!({ "ID": { "S": start }, "Age": { "N": start } });
            let wanted = if known && !start.is_empty() { Some(&begun) } else { None };
            prop_assert_eq!((call.get("ExclusiveStartKey"), &call["Limit"]), (wanted, &json!(if known { 100 } else { 0 })));
        }
    }

    /// DynamoDB's own words, whatever they quote, are not repeated, and nothing but a success is a 200.
    #[test]
    fn a_refusal_is_never_a_success(code in hostile(), message in hostile()) {
        for action in ["put", "get", "query", "scan", "delete"] {
            let made = people(action, Some(&schema()));
            let (status, body) = answered(&made.refusal, &json!({ "__type": code, "message": message }));
            prop_assert!(status >= 400, "{}", status);
            prop_assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["message"]);
        }
    }
}
