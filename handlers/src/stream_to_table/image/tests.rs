use serde_json::json;

use super::*;

fn keys() -> Keys {
    Keys { partition: "id".into(), sort: None }
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("json")
}

fn read(json: &str) -> Result<Item, Poison> {
    let raw = raw(json);
    scan(&raw, &keys())?.1.item()
}

fn reason(json: &str) -> Reason {
    read(json).expect_err(json).reason
}

#[test]
fn every_type_of_attribute_comes_through_as_it_is() {
    let image = json!({
        "id": { "S": "a\u{1F600}" },
        "n": { "N": "12345678901234567890123456789012345678" }, "e": { "N": "-1.50E-130" },
        "b": { "B": "AP8=" }, "t": { "BOOL": false }, "z": { "NULL": true }, "empty": { "S": "" },
        "ss": { "SS": ["x", "y"] }, "ns": { "NS": ["1.0", "2"] }, "bs": { "BS": ["AA==", "/w=="] },
        "l": { "L": [{ "N": "1" }, { "L": [] }, { "M": {} }] }, "m": { "M": { "S": { "S": "deep" } } },
    });
    let blob = |bytes: &[u8]| Blob::new(bytes.to_vec());
    let number = |text: &str| AttributeValue::N(text.into());
    let expected: Item = [
        ("id", AttributeValue::S("a\u{1F600}".into())),
        ("n", number("12345678901234567890123456789012345678")),
        ("e", number("-1.50E-130")),
        ("b", AttributeValue::B(blob(&[0, 255]))),
        ("t", AttributeValue::Bool(false)),
        ("z", AttributeValue::Null(true)),
        ("empty", AttributeValue::S(String::new())),
        ("ss", AttributeValue::Ss(vec!["x".into(), "y".into()])),
        ("ns", AttributeValue::Ns(vec!["1.0".into(), "2".into()])),
        ("bs", AttributeValue::Bs(vec![blob(&[0]), blob(&[255])])),
        ("l", AttributeValue::L(vec![number("1"), AttributeValue::L(vec![]), AttributeValue::M(HashMap::new())])),
        ("m", AttributeValue::M([("S".to_owned(), AttributeValue::S("deep".into()))].into())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    assert_eq!(read(&image.to_string()), Ok(expected));
}

#[test]
fn what_is_no_image_is_told_without_a_value() {
    for json in [
        "null",
        "[]",
        r#"{"id":"hunter2"}"#,
        r#"{"id":{}}"#,
        r#"{"id":{"S":7}}"#,
        r#"{"id":{"S":"a","N":"1"}}"#,
        r#"{"id":{"X":"hunter2"}}"#,
        r#"{"id":{"S":"a"},"b":{"B":"hunter2?"}}"#,
        r#"{"id":{"S":"a"},"b":{"BOOL":"true"}}"#,
        r#"{"id":{"S":"a"},"b":{"NS":[1]}}"#,
    ] {
        let poison = read(json).expect_err(json);
        assert_eq!(poison.reason, Reason::BadJson, "{json}");
        assert!(!poison.message.contains("hunter2"), "{}", poison.message);
    }
}

#[test]
fn keys_must_be_there_and_may_be_binary() {
    assert_eq!(reason("{}"), Reason::NoKey);
    for value in [r#"{"S":""}"#, r#"{"B":""}"#, r#"{"NULL":true}"#, r#"{"L":[]}"#, r#"{"SS":["a"]}"#] {
        assert_eq!(reason(&format!(r#"{{"id":{value}}}"#)), Reason::WrongKey, "{value}");
    }
    assert_eq!(reason(r#"{"id":{"N":"1e126"}}"#), Reason::Number);
    assert!(read(r#"{"id":{"B":"AA=="}}"#).is_ok());
    let key = |json: &str| scan(&raw(json), &keys()).expect(json).0;
    assert_eq!(key(r#"{"id":{"N":"1"}}"#), key(r#"{"id":{"N":"1.0"}}"#));
    assert_ne!(key(r#"{"id":{"N":"1"}}"#), key(r#"{"id":{"S":"1"}}"#));
    assert_ne!(key(r#"{"id":{"B":"MQ=="}}"#), key(r#"{"id":{"S":"1"}}"#));
}

#[test]
fn a_key_is_made_of_the_keys_alone() {
    let both = Keys { partition: "id".into(), sort: Some("at".into()) };
    let raw = raw(r#"{"id":{"S":"a"},"at":{"N":"7"},"v":{"S":"x"}}"#);
    let (_, image) = scan(&raw, &both).expect("an image");
    let mut names: Vec<String> = image.key(&both).expect("a key").into_keys().collect();
    names.sort();
    assert_eq!(names, ["at", "id"]);
}

#[test]
fn thirty_two_levels_are_taken_and_the_next_is_not() {
    let nested = |levels: usize| {
        let (open, close) = (r#"{"L":["#.repeat(levels), "]}".repeat(levels));
        format!(r#"{{"id":{{"S":"a"}},"v":{open}{{"N":"1"}}{close}}}"#)
    };
    assert!(read(&nested(31)).is_ok());
    assert_eq!(reason(&nested(32)), Reason::TooDeep);
    assert_eq!(reason(&nested(60)), Reason::TooDeep);
    assert_eq!(reason(&nested(40_000)), Reason::TooDeep);
}
