//! YAML that every reader takes for the same document.
//!
//! Readers of YAML 1.1 and 1.2 disagree on what a plain `no`, `1e21` or `2026-01-01` is. So a text is plain only where nobody can take it for
//! anything else; any other is in double quotes, with its escapes, as in JSON. `serde_yaml` writes dates plain, which some readers take for no text.

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// The members of the document in the order in which people read them.
const ORDER: [&str; 6] = ["openapi", "info", "servers", "tags", "paths", "components"];

/// Words that are no texts to some readers.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// The text of the document.
pub fn text(document: &Value) -> String {
    let mut text = String::new();
    for name in ORDER {
        if let Some(value) = document.get(name) {
            member(&mut text, name, value, 0);
        }
    }
    text
}

/// A member of a map at this depth, with its line's end.
fn member(text: &mut String, name: &str, value: &Value, depth: usize) {
    _ = write!(text, "{:1$}{2}:", "", 2 * depth, scalar_text(name));
    below(text, value, depth + 1);
}

/// What follows a name or a dash: on the same line where it has no parts, else on the next ones.
fn below(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            text.push('\n');
            members.iter().for_each(|(name, value)| member(text, name, value, depth));
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            items.iter().for_each(|item| entry(text, item, depth));
        }
        one => _ = writeln!(text, " {}", scalar(one)),
    }
}

/// An item of a list at this depth. The first member of a map stands beside the dash.
fn entry(text: &mut String, item: &Value, depth: usize) {
    _ = write!(text, "{:1$}-", "", 2 * depth);
    match item {
        Value::Object(members) if !members.is_empty() => {
            let mut inner = String::new();
            members.iter().for_each(|(name, value)| member(&mut inner, name, value, depth + 1));
            _ = write!(text, " {}", inner.trim_start());
        }
        other => below(text, other, depth + 1),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => scalar_text(text),
        Value::Number(number) => scalar_number(number),
        // Empty ones are the same in JSON.
        other => other.to_string(),
    }
}

fn scalar_text(text: &str) -> String {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || " _-./{}$()'`,".contains(c));
    let word = WORDS.contains(&text.to_ascii_lowercase().as_str());
    if begins && plain && !word && !text.ends_with(' ') { text.to_owned() } else { quoted(text) }
}

/// In double quotes: what is not printable is escaped, for YAML forbids it, and it would steer a terminal.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            ' '..='~' => quoted.push(letter),
            letter if letter.is_alphanumeric() => quoted.push(letter),
            '\u{10000}'.. => _ = write!(quoted, "\\U{:08X}", u32::from(letter)),
            _ => _ = write!(quoted, "\\u{:04X}", u32::from(letter)),
        }
    }
    // Build services take `##[` for a command.
    quoted.replace("##", "#\\u0023") + "\""
}

/// To YAML 1.1 a number with an exponent has a point and a sign.
fn scalar_number(number: &Number) -> String {
    let text = number.to_string();
    let Some((digits, exponent)) = text.split_once(['e', 'E']) else { return text };
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['-', '+']) { "" } else { "+" };
    format!("{digits}{point}e{sign}{exponent}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let word = prop_oneof![
            any::<String>(),
            "\\PC{0,8}",
            prop::sample::select(vec![
                "no",
                "~",
                "2026-01-01",
                "1e3",
                "",
                " a",
                "a ",
                "a: b",
                "- a",
                "#",
                "0x1f",
                "a #b",
                "<<",
                "=",
                "{a}",
                "{",
                "/{a}"
            ])
            .prop_map(str::to_owned)
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            prop::num::f64::NORMAL.prop_map(Value::from),
            word.clone().prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 32, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(word.clone(), inner, 0..5).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in value()) {
            let document = json!({ "paths": value });
            let text = text(&document);
            prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
            let read: Value = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            prop_assert_eq!(read, document);
        }
    }

    #[test]
    fn what_some_readers_take_for_no_text_is_quoted() {
        for text in
            ["no", "On", "null", "2026-01-01", "200", "1_000", "12:30:00", ".inf", "~", "<<", "=", "*a", "{a}", ""]
        {
            assert_eq!(scalar_text(text), format!("\"{text}\""));
        }
        for text in ["/people/{ID}", "An item", "application/json"] {
            assert_eq!(scalar_text(text), text);
        }
        assert_eq!(scalar_text("a\u{85}\u{202e}\u{1b}"), "\"a\\u0085\\u202E\\u001B\"");
        assert_eq!((scalar(&json!(1e21)), scalar(&json!(1.5e-9))), ("1.0e+21".to_owned(), "1.5e-9".to_owned()));
    }
}
