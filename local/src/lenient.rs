//! Legal JSON that serde_json does not take, and Java's parsers do: one half of a surrogate pair (RFC 8259, 8.2), and numbers that no
//! double holds. Models look at types and lengths, so that each may stand for another of its kind.

use serde::de::IgnoredAny;
use serde_json::Value;

/// How many levels of a body its model sees; what is below is empty for it.
const SEEN: usize = 100;

/// Reads a body for its model.
///
/// # Errors
/// It is no JSON.
pub fn parse(body: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(body).or_else(|error| match std::str::from_utf8(body) {
        // This judges the grammar of all levels, and keeps none on the stack.
        Ok(text) => serde_json::from_str(text).and_then(|_: IgnoredAny| serde_json::from_str(&plain(text))),
        Err(_) => Err(error),
    })
}

/// The string that a JSON text with its quotes stands for, a half of a surrogate pair as U+FFFD.
pub fn text(quoted: &str) -> Option<String> {
    serde_json::from_str(quoted).or_else(|_| serde_json::from_str(&plain(quoted))).ok()
}

/// How deep a text nests, if it is JSON.
pub fn levels(body: &[u8]) -> usize {
    let (mut level, mut most, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                level += 1;
                most = most.max(level);
            }
            b'}' | b']' if !quoted => level = level.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// The same text with letters and numbers that serde_json takes, and no deeper than it takes. A text that is not JSON stays so.
fn plain(text: &str) -> String {
    let (mut out, mut rest, mut level) = (String::with_capacity(text.len()), text, 0_usize);
    while let Some(first) = rest.chars().next() {
        level += usize::from(matches!(first, '{' | '['));
        let (taken, shown) = match first {
            '"' => string(rest),
            '-' | '0'..='9' => number(rest),
            other => (other.len_utf8(), other.to_string()),
        };
        // The brackets of the first hidden level stay.
        if level <= SEEN || level == SEEN + 1 && matches!(first, '{' | '[' | ']' | '}') {
            out.push_str(&shown);
        }
        level = level.saturating_sub(usize::from(matches!(first, '}' | ']')));
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
        Ok(value) if value.is_infinite() && serde_json::from_str::<IgnoredAny>(written).is_ok() => {
            if value > 0.0 {
                "1e308"
            } else {
                "-1e308"
            }
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
    fn any_number_of_levels_is_taken() {
        for deep in [100, 101, 127, 128, 200, 200_000] {
            let text = format!(r#"{{"a":{}{{"]":["}}"],"n":1e400}},7{}}}"#, "[".repeat(deep), "]".repeat(deep));
            assert!(parse(text.as_bytes()).unwrap()["a"].is_array(), "{deep}");
            assert!(parse(text.replace(",7", ",7,").as_bytes()).is_err(), "{deep}");
            assert_eq!(levels(text.as_bytes()), deep + 3);
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
