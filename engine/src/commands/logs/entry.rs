//! A line of a log as people read it: time, part, level, message, and the rest as `key=value`. Of the lines that AWS writes about calls
//! of a function, one is shown for each call.

mod access;
mod platform;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::pages::Line;
use crate::commands::moment::rfc3339;
use crate::event::logs::Logged;
use crate::tame::{tame, tame_lines};
use crate::term::style::{BAD, DIM, END, WARN};

/// Names that loggers give to the level, the message and the time, the most usual first.
const LEVELS: [&str; 4] = ["level", "severity", "log_level", "lvl"];
const MESSAGES: [&str; 3] = ["message", "msg", "event"];
const TIMES: [&str; 5] = ["timestamp", "time", "ts", "@timestamp", "asctime"];
/// What tells CloudWatch which members are metrics: nothing of it is for people.
const METRICS: &str = "_aws";

/// Who writes to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// API Gateway: one line for each request.
    Api,
    Function,
}

/// What a line says; nothing where another line says it as well.
pub fn entry(writer: Writer, part: &str, line: &Line) -> Option<Logged> {
    let object = serde_json::from_str::<Map<String, Value>>(&line.text).ok();
    let read = match (writer, object) {
        (Writer::Api, Some(object)) => access::request(object),
        (Writer::Function, Some(object)) => match platform::json(&object) {
            platform::Read::Other => own(object),
            platform::Read::Folded => return None,
            platform::Read::Call(logged) => logged,
        },
        (_, None) => match platform::text(&line.text) {
            platform::Read::Other => plain(&line.text),
            platform::Read::Folded => return None,
            platform::Read::Call(logged) => logged,
        },
    };
    Some(Logged { at: rfc3339(line.at), part: part.to_owned(), ..read })
}

/// A line that is no JSON.
fn plain(text: &str) -> Logged {
    Logged { message: text.trim_end().to_owned(), ..Logged::default() }
}

/// A line of JSON, by whatever logger.
fn own(mut object: Map<String, Value>) -> Logged {
    object.remove(METRICS);
    object.retain(|name, value| !TIMES.contains(&name.as_str()) || !is_time(value));
    let level = LEVELS.into_iter().find_map(|name| take_text(&mut object, name)).map(|level| level.to_uppercase());
    let mut message = MESSAGES.into_iter().find_map(|name| object.remove(name));
    // As `tracing` has it.
    if message.is_none()
        && object.get("fields").is_some_and(Value::is_object)
        && let Some(Value::Object(mut fields)) = object.remove("fields")
    {
        message = fields.remove("message");
        object.extend(fields);
    }
    let message = match message {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    Logged { level, message, fields: object, ..Logged::default() }
}

/// Whether it is a time as loggers write it, and not how long something took.
fn is_time(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() >= 19 && text.starts_with(|first: char| first.is_ascii_digit()),
        Value::Number(number) => number.as_f64().is_some_and(|seconds| seconds > 1e9),
        _ => false,
    }
}

fn take_text(object: &mut Map<String, Value>, name: &str) -> Option<String> {
    match object.remove(name)? {
        Value::String(text) => Some(text),
        other => {
            object.insert(name.to_owned(), other);
            None
        }
    }
}

/// The line for people; names of parts take up so many columns.
pub fn shown(logged: &Logged, width: usize) -> String {
    let level = logged.level.as_deref().unwrap_or_default();
    let style = match level {
        "WARN" | "WARNING" => WARN.to_string(),
        "ERROR" | "CRITICAL" | "FATAL" => BAD.to_string(),
        _ => String::new(),
    };
    // A stack trace stays readable, and cannot be taken for lines of others.
    let message = tame_lines(logged.message.trim_end()).replace('\n', "\n    ");
    let (part, level) = (tame(&logged.part), tame(level));
    let mut text = format!("{DIM}{}{END} {part:<width$} {style}{level:<5}{END} {message}", logged.at);
    // Taking members out of an object may have changed their order.
    let fields: BTreeMap<&String, &Value> = logged.fields.iter().filter(|(_, value)| !value.is_null()).collect();
    for (name, value) in fields {
        text += &format!(" {DIM}{}={END}{}", tame(name), value_shown(value));
    }
    text.trim_end().to_owned() + "\n"
}

/// A value: a text without quotes, unless they are needed to tell where it ends.
fn value_shown(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() && !text.contains([' ', '"', '\n', '\t']) => tame(text),
        other => tame(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(text: &str) -> String {
        let line = Line { at: 1_764_393_600_123, stream: "s".into(), text: text.into() };
        let logged = entry(Writer::Function, "consumer", &line).unwrap();
        anstream::adapter::strip_str(&shown(&logged, 8)).to_string()
    }

    #[test]
    fn json_is_shown_as_people_read_it() {
        let line = json!({
            "timestamp": "2025-11-29T05:20:00.123Z", "level": "warn", "message": "slow", "n": 1.5, "to": "a b", "empty": "", "none": null,
            "_aws": { "Timestamp": 1 }, "nested": { "a": [1] },
        });
        assert_eq!(
            of(&line.to_string()),
            "2025-11-29T05:20:00.123Z consumer WARN  slow empty=\"\" n=1.5 nested={\"a\":[1]} to=\"a b\"\n"
        );
        assert_eq!(
            of(r#"{"fields":{"message":"hi","n":1},"level":"INFO","target":"a::b"}"#),
            "2025-11-29T05:20:00.123Z consumer INFO  hi n=1 target=a::b\n"
        );
        assert_eq!(of(r#"{"fields":[1],"time":12}"#), "2025-11-29T05:20:00.123Z consumer        fields=[1] time=12\n");
        assert_eq!(of(r#"{"msg":{"a":1},"level":30}"#), "2025-11-29T05:20:00.123Z consumer       {\"a\":1} level=30\n");
    }

    #[test]
    fn other_lines_stay_as_they_are_and_steer_nothing() {
        assert_eq!(of("hello\n"), "2025-11-29T05:20:00.123Z consumer       hello\n");
        assert_eq!(of("[1]"), "2025-11-29T05:20:00.123Z consumer       [1]\n");
        assert_eq!(
            of("Traceback:\n  File \u{1b}[2J\n2025 api INFO forged"),
            "2025-11-29T05:20:00.123Z consumer       Traceback:\n      File \\u{1b}[2J\n    2025 api INFO forged\n"
        );
        let forged = json!({ "message": "m\u{202e}", "k\u{1b}": "v\r\n##[x]", "level": "\u{7}" }).to_string();
        let forged = of(&forged);
        assert!(!forged.trim_end().contains(crate::tame::steers) && !forged.contains("##["), "{forged}");
    }
}
