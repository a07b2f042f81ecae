use super::*;

fn keys() -> Keys {
    Keys { partition: "id".into(), sort: None }
}

/// Reads a record's data as the consumer does.
fn read(data: &[u8], keys: &Keys) -> Result<(TableKey, Item), Poison> {
    let (key, text) = scan(data, keys)?;
    Ok((key, text.item()?))
}

fn item(text: &str) -> Item {
    read(text.as_bytes(), &keys()).expect(text).1
}

fn reason(data: impl AsRef<[u8]>) -> Reason {
    read(data.as_ref(), &keys()).expect_err("poison").reason
}

fn number(text: &str) -> AttributeValue {
    AttributeValue::N(text.into())
}

fn string(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

#[test]
fn every_json_type_has_its_attribute() {
    let read = item(r#"{"id":"a","n":-1.50E+3,"t":true,"f":false,"z":null,"e":"","l":[1,"x",[]],"m":{"k":{}}}"#);
    let expected: Item = [
        ("id", string("a")),
        ("n", number("-1.50E+3")),
        ("t", AttributeValue::Bool(true)),
        ("f", AttributeValue::Bool(false)),
        ("z", AttributeValue::Null(true)),
        ("e", string("")),
        ("l", AttributeValue::L(vec![number("1"), string("x"), AttributeValue::L(vec![])])),
        ("m", AttributeValue::M([("k".to_owned(), AttributeValue::M(HashMap::new()))].into())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    assert_eq!(read, expected);
}

#[test]
fn numbers_keep_their_text() {
    for text in ["1.0", "9007199254740993", "0.1000", "12345678901234567890123456789012345678", "1E-130", "-0"] {
        assert_eq!(item(&format!(r#"{{"id":"a","n":{text}}}"#))["n"], number(text));
    }
}

#[test]
fn a_number_that_dynamodb_cannot_hold_is_poison() {
    let digits = "1".repeat(39);
    for text in [digits.as_str(), "1e126", "1e-131"] {
        assert_eq!(reason(format!(r#"{{"id":"a","deep":[{{"n":{text}}}]}}"#)), Reason::Number, "{text}");
    }
}

#[test]
fn the_last_of_two_members_counts() {
    let read = item(r#"{"id":"a","v":1,"\u0076":2}"#);
    assert_eq!(read["v"], number("2"));
    assert_eq!(read.len(), 2);
    assert_eq!(item(r#"{"id":"a","id":"b"}"#)["id"], string("b"));
}

#[test]
fn what_is_no_json_is_told() {
    for text in
        ["", " ", "{", "{'id':1}", r#"{"id":"a"} x"#, r#"{"id":"a",}"#, r#"{"id":"\ud800"}"#, r#"{"id":01}"#, "nul"]
    {
        assert_eq!(reason(text), Reason::BadJson, "{text}");
    }
    assert_eq!(reason(b"{\"id\":\"\xff\"}"), Reason::BadJson);
}

/// A place within a fragment would send people to another one.
#[test]
fn half_a_letter_is_told_as_such_and_in_no_wrong_place() {
    for text in [r#"{"id":"a","label":"caf\ud83d"}"#, r#"{"id":"\ud83d"}"#, r#"{"id":"a","b":[{"\ud83d":1}]}"#] {
        let told = read(text.as_bytes(), &keys()).expect_err("poison");
        assert_eq!(told.reason, Reason::BadJson, "{text}");
        assert!(told.message.contains("surrogate") && !told.message.contains("column"), "{}", told.message);
    }
}

#[test]
fn json_that_is_no_object_is_told() {
    for text in ["[]", "1", "null", r#""text""#, "[{\"id\":1}]"] {
        assert_eq!(reason(text), Reason::NotAnObject, "{text}");
    }
}

#[test]
fn key_attributes_must_be_there_and_be_scalar() {
    assert_eq!(reason("{}"), Reason::NoKey);
    assert_eq!(reason(r#"{"Id":"a"}"#), Reason::NoKey);
    for value in ["null", "true", "[]", "{}", r#""""#] {
        assert_eq!(reason(format!(r#"{{"id":{value}}}"#)), Reason::WrongKey, "{value}");
    }
    let both = Keys { partition: "id".into(), sort: Some("at".into()) };
    assert_eq!(read(br#"{"id":"a"}"#, &both).expect_err("poison").reason, Reason::NoKey);
    assert_eq!(read(br#"{"id":"a","at":""}"#, &both).expect_err("poison").reason, Reason::WrongKey);
    assert!(read(br#"{"id":"a","at":7}"#, &both).is_ok());
}

#[test]
fn a_key_that_is_no_number_for_dynamodb_is_told() {
    assert_eq!(reason(r#"{"id":1e126}"#), Reason::Number);
}

#[test]
fn equal_keys_are_equal_whatever_their_spelling() {
    let both = Keys { partition: "id".into(), sort: Some("at".into()) };
    let key = |text: &str| read(text.as_bytes(), &both).expect(text).0;
    assert_eq!(key(r#"{"id":1,"at":"x"}"#), key(r#"{"at":"\u0078","id":1.0,"v":2}"#));
    assert_ne!(key(r#"{"id":1,"at":"x"}"#), key(r#"{"id":"1","at":"x"}"#));
    assert_ne!(key(r#"{"id":"a","at":"bc"}"#), key(r#"{"id":"ab","at":"c"}"#));
}

/// An attribute of `containers` nested lists or maps around a scalar.
fn nested(containers: usize, open: &str, close: &str) -> String {
    format!(r#"{{"id":"a","v":{}1{}}}"#, open.repeat(containers), close.repeat(containers))
}

#[test]
fn thirty_two_levels_are_taken_and_the_next_is_not() {
    for (open, close) in [("[", "]"), (r#"{"k":"#, "}")] {
        assert!(read(nested(31, open, close).as_bytes(), &keys()).is_ok());
        assert_eq!(reason(nested(32, open, close)), Reason::TooDeep);
        assert_eq!(reason(nested(33, open, close)), Reason::TooDeep);
        assert_eq!(reason(nested(200_000, open, close)), Reason::TooDeep);
    }
}

#[test]
fn an_item_beyond_400_kb_is_told_before_it_fills_the_memory() {
    let text = |length: usize| format!(r#"{{"id":"a","v":"{}"}}"#, "x".repeat(length));
    assert!(read(text(409_600 - 4).as_bytes(), &keys()).is_ok());
    assert_eq!(reason(text(409_600 - 3)), Reason::ItemTooLarge);
    assert_eq!(reason(format!(r#"{{"id":"a","v":[{}1]}}"#, "1,".repeat(1_000_000))), Reason::ItemTooLarge);
}
