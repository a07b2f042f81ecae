//! Legal JSON that serde_json does not take, and Java's parsers do: one half of a surrogate pair (RFC 8259, 8.2), and numbers that no
//! double holds. Models look at types and lengths, so that each may stand for another of its kind.

use serde_json::Value;

/// Reads a body for its model.
///
/// # Errors
/// It is no JSON, or nests deeper than 127 levels.
pub fn parse(body: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(body).or_else(|error| match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(&plain(text)),
        Err(_) => Err(error),
    })
}

/// The same text with letters and numbers that serde_json takes. What is no JSON stays none.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (taken, shown) = match first {
            '"' => string(rest),
            '-' | '0'..='9' => number(rest),
            other => (other.len_utf8(), other.to_string()),
        };
        out.push_str(&shown);
        rest = &rest[taken..];
    }
    out
}

/// A string up to its closing quote: how long it is, and what stands for it.
fn string(text: &str) -> (usize, String) {
    let (mut out, mut at) = ("\"".to_owned(), 1);
    while let Some(letter) = text[at..].chars().next() {
        let unit =
            |at: usize| text.get(at..at + 6).and_then(|text| u16::from_str_radix(text.strip_prefix("\\u")?, 16).ok());
        let pair = || matches!(unit(at + 6), Some(0xDC00..=0xDFFF));
        let length = match unit(at) {
            Some(0xD800..=0xDBFF) if pair() => 12,
            Some(0xD800..=0xDFFF) => {
                out.push_str("\\ufffd");
                at += 6;
                continue;
            }
            _ if letter == '\\' => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
            _ => letter.len_utf8(),
        };
        out.push_str(&text[at..at + length]);
        at += length;
        if letter == '"' {
            break;
        }
    }
    (at, out)
}

/// A number: one that is beyond all doubles becomes a large one.
fn number(text: &str) -> (usize, String) {
    let length = text.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
    let written = &text[..length];
    let shown = match written.parse::<f64>() {
        Ok(value) if value.is_infinite() && serde_json::from_str::<serde::de::IgnoredAny>(written).is_ok() => {
            if value > 0.0 { "1e308" } else { "-1e308" }
        }
        _ => written,
    };
    (length, shown.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_is_legal_is_taken() {
        for (text, value) in [
            (r#"{"a":"caf\ud83d"}"#, json!({ "a": "caf\u{fffd}" })),
            (r#"["\ud83d\ude00","\ude00x","\\ud83d","\"\ud83d"]"#, json!(["😀", "\u{fffd}x", "\\ud83d", "\"\u{fffd}"])),
            (r#"{"n":1e400,"m":[-1E999]}"#, json!({ "n": 1e308, "m": [-1e308] })),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_none() {
        for text in [
            "",
            "{",
            r#"{"a":"\ud83"}"#,
            r#"{"a":"\ud83d}"#,
            "1e4e00",
            "--1e400",
            "01e400",
            r#"{"a":"\"#,
            "{'a':1e400}",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_at(text in "\\PC*|[\"\\\\ud8c0-9e+.{}\\[\\]:,-]*") {
            let strict = serde_json::from_str::<Value>(&text);
            let lenient = parse(text.as_bytes());
            if let Ok(value) = strict {
                prop_assert_eq!(lenient.unwrap(), value);
            }
        }
    }
}
