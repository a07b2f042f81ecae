//! What random values meet too seldom, one by one.

use serde_json::{Value, json};

use super::*;

#[test]
fn a_page_says_where_the_next_one_begins() {
    let last = json!({ "ID": { "S": "ü?>~" }, "Age": { "N": "7" } });
    let (_, page) = answered(&people("scan", None).success, &json!({ "Items": [], "LastEvaluatedKey": last }));
    let next = page["next"].as_str().unwrap().to_owned();
    assert!(!next.contains(['+', '/']), "{next}");
    let params = Params { querystring: vec![("next".to_owned(), next)], ..Params::default() };
    assert_eq!(text(&people("scan", None).request, "", &params)["ExclusiveStartKey"], last);
}

#[test]
fn sets_bytes_and_deep_items_come_back() {
    let item = json!({ "s": { "SS": ["a\"", "b"] }, "n": { "NS": ["1", "2.50"] }, "b": { "B": "AAE=" }, "bs": { "BS": ["AA=="] } });
    let (_, plain) = answered(&people("get", None).success, &json!({ "Item": item }));
    assert_eq!(plain, json!({ "s": ["a\"", "b"], "n": [1, 2.50], "b": "AAE=", "bs": ["AA=="] }));
    let digits = json!({ "Item": { "n": { "N": "12345678901234567890123456789012345678" } } });
    let text = rendered(&people("get", None).success, &digits.to_string(), &Params::default()).text;
    assert!(text.contains(":12345678901234567890123456789012345678}"), "{text}");
}

#[test]
fn a_decimal_that_may_have_been_rounded_is_refused_and_a_whole_number_is_not() {
    let put = |number: &str| {
        let body = format!(r#"{{"ID":"a","Age":1,"note":{number}}}"#);
        let call = text(&people("put", Some(&schema())).request, &body, &Params::default());
        (call["ReturnValues"].as_str().unwrap().to_owned(), call["Item"]["note"]["N"].clone())
    };
    for exact in ["1.5", "-0.12345678901234", "12345678901234567890123456789012345678"] {
        assert_eq!(put(exact), ("NONE".to_owned(), json!(exact)));
    }
    for rounded in ["0.1234567890123456", "0.10000000000000000001", "100000000000000000001e0", "1e-400"] {
        assert_eq!(put(rounded).0, "REFUSED", "{rounded}: which DynamoDB refuses");
    }
    assert_eq!(put(r#""0.10000000000000000001""#).0, "NONE", "a text keeps all");
}

#[test]
fn conditions_tell_what_was_there() {
    let refused = |action: &str, code: &str| {
        let made = people(action, Some(&schema()));
        answered(&made.refusal, &json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}") })).0
    };
    let absent = r#"{"put": {"if_absent": true}}"#;
    assert_eq!(refused(absent, "ConditionalCheckFailedException"), 409);
    assert_eq!(refused("delete", "ConditionalCheckFailedException"), 404);
    assert_eq!(refused("update", "ConditionalCheckFailedException"), 404);
    assert_eq!(refused("put", "ConditionalCheckFailedException"), 502, "none was asked for");
    assert_eq!(refused("scan", "ProvisionedThroughputExceededException"), 429);
    assert_eq!(refused("get", "ValidationException"), 400);
    assert_eq!(refused("get", "AccessDeniedException"), 502);
    assert_eq!(answered(&people("get", None).success, &json!({})).0, 404);
    let call = text(&people(absent, Some(&schema())).request, r#"{"ID":"a","Age":1}"#, &Params::default());
    assert_eq!(call["ConditionExpression"], "attribute_not_exists(#k)");
    assert_eq!(call["ExpressionAttributeNames"], json!({ "#k": "ID" }));
}

#[test]
fn an_update_sets_what_the_body_has() {
    let mut schema = schema();
    schema["required"] = json!([]);
    schema["properties"].as_object_mut().unwrap().retain(|name, _| !["ID", "Age"].contains(&name.as_str()));
    let made = people("update", Some(&schema));
    let params = Params { path: vec![("ID".into(), "a".into()), ("Age".into(), "7".into())], ..Params::default() };
    let call = text(&made.request, r#"{"flag":true,"note":"it's"}"#, &params);
    assert_eq!(call["Key"], json!({ "ID": { "S": "a" }, "Age": { "N": "7" } }));
    let sets = call["UpdateExpression"].as_str().unwrap();
    assert_eq!((sets.starts_with("SET #n"), sets.matches(" = :v").count()), (true, 2), "{sets}");
    let values: Vec<Value> = call["ExpressionAttributeValues"].as_object().unwrap().values().map(plain).collect();
    assert!(values.contains(&json!(true)) && values.contains(&json!("it's")) && values.len() == 2, "{values:?}");
    assert_eq!(call["ExpressionAttributeNames"].as_object().unwrap().len(), 3);
    assert_eq!(call["ConditionExpression"], "attribute_exists(#k)");
    let nothing = text(&made.request, "{}", &params);
    assert_eq!(nothing["UpdateExpression"], "SET ", "which DynamoDB refuses: 400");
}

#[test]
fn what_the_schema_does_not_name_is_kept_as_text_or_refused() {
    let body = r#"{"ID":"a","Age":1,"more":{"x":[1.50,"it's \"\\ "]}}"#;
    let call = text(&people(r#"{"put": {"extra": "keep"}}"#, Some(&schema())).request, body, &Params::default());
    assert_eq!(call["Item"]["_json"]["S"], body);
    assert!(!jsonschema::draft4::new(&model(&schema(), true)).unwrap().is_valid(&serde_json::from_str(body).unwrap()));
}

/// `#foreach` ends after 1,000 rounds.
#[test]
fn what_is_too_long_is_refused_and_never_cut_in_a_success() {
    let model = model(&schema(), false);
    assert_eq!(model["properties"]["tags"]["maxItems"], 1000);
    let long: Vec<Value> = (0..1001).map(|n| json!({ "N": n.to_string() })).collect();
    let deep = (0..7).fold(json!({ "S": "x" }), |inner, _| json!({ "L": [inner] }));
    for item in [json!({ "l": { "L": long } }), json!({ "s": { "SS": vec!["x"; 1001] } }), json!({ "d": deep })] {
        let (status, body) = answered(&people("get", None).success, &json!({ "Item": item }));
        assert_eq!((status, body.is_object()), (502, true));
        assert_eq!(answered(&people("scan", None).success, &json!({ "Items": [item] })).0, 502);
    }
}

#[test]
fn a_property_may_have_the_name_of_a_keyword() {
    let inner = json!({ "type": "object", "properties": { "x": { "type": "string" } } });
    let schema = json!({ "type": "object", "properties": { "default": inner, "properties": inner, "enum": { "type": "string" } } });
    let model = model(&schema, true);
    for name in ["default", "properties"] {
        assert_eq!(model["properties"][name]["additionalProperties"], false, "{name}");
    }
    let untyped = json!({ "type": "object", "properties": { "a": { "properties": { "x": { "type": "string" } } } } });
    assert_eq!(members(&untyped).unwrap_err().at, "/properties/a", "a text would pass it, and be lost");
}
