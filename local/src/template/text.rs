//! The methods of texts, as `java.lang.String` has them: lengths and indexes are in UTF-16 units.

use std::borrow::Cow;
use std::sync::Arc;

use regex::Regex;

use super::MAX_OUTPUT_BYTES;
use super::ast::MethodCall;
use super::heap::{Heap, Value};
use super::number::Number;
use super::pattern;

pub fn call(heap: &mut Heap, text: &Arc<str>, call: &MethodCall, arguments: &[Value]) -> Result<Option<Value>, String> {
    let others: usize = arguments.iter().filter_map(|argument| argument.as_text().map(|text| text.len())).sum();
    heap.work(2 * (text.len() + others))?;
    if let Some(value) = ask(text, &call.name, arguments) {
        return Ok(Some(value));
    }
    let made = match (&*call.name, arguments) {
        ("toLowerCase", []) => text.to_lowercase(),
        ("toUpperCase", []) => text.to_uppercase(),
        ("trim", []) => text.trim_matches(|char| char <= ' ').to_owned(),
        ("concat", [Value::Text(other)]) => format!("{text}{other}"),
        ("valueOf", [other]) => heap.printed(other)?,
        ("replace", [Value::Text(from), Value::Text(to)]) => replace(text, from, to)?,
        ("substring", [from]) => return substring(heap, text, from.as_whole(), Some(length(text))),
        ("substring", [from, to]) => return substring(heap, text, from.as_whole(), to.as_whole()),
        ("charAt", [at]) => {
            return substring(heap, text, at.as_whole(), at.as_whole().and_then(|at| at.checked_add(1)));
        }
        _ => return with_pattern(heap, text, call, arguments),
    };
    keep(heap, made).map(Some)
}

/// The methods that say something about the text.
fn ask(text: &Arc<str>, name: &str, arguments: &[Value]) -> Option<Value> {
    let whole = |number| Value::Number(Number::Whole(number));
    let found = |at: Option<usize>| whole(at.map_or(-1, |at| length(&text[..at])));
    Some(match (name, arguments) {
        ("length", []) => whole(length(text)),
        ("isEmpty", []) => Value::Bool(text.is_empty()),
        ("contains", [Value::Text(part)]) => Value::Bool(text.contains(&**part)),
        ("startsWith", [Value::Text(part)]) => Value::Bool(text.starts_with(&**part)),
        ("endsWith", [Value::Text(part)]) => Value::Bool(text.ends_with(&**part)),
        ("equalsIgnoreCase", [Value::Text(other)]) => Value::Bool(same_ignoring_case(text, other)),
        ("indexOf", [Value::Text(part)]) => found(text.find(&**part)),
        ("indexOf", [Value::Text(part), from]) => {
            let from = byte_at(text, from.as_whole()?.clamp(0, length(text)))?;
            found(text[from..].find(&**part).map(|at| at + from))
        }
        ("lastIndexOf", [Value::Text(part)]) => found(text.rfind(&**part)),
        ("compareTo", [Value::Text(other)]) => whole(compare(text, other)),
        _ => return None,
    })
}

fn with_pattern(heap: &mut Heap, text: &str, call: &MethodCall, arguments: &[Value]) -> Result<Option<Value>, String> {
    let Some(Value::Text(source)) = arguments.first() else { return Ok(None) };
    match (&*call.name, &arguments[1..]) {
        ("matches", []) => {
            let pattern = compiled(call, source, pattern::compile_whole)?;
            Ok(Some(Value::Bool(pattern.is_match(text))))
        }
        ("replaceAll" | "replaceFirst", [Value::Text(replacement)]) => {
            let pattern = compiled(call, source, pattern::compile)?;
            let first = &*call.name == "replaceFirst";
            let made = pattern::replace(&pattern, text, replacement, first, heap)?;
            keep(heap, made).map(Some)
        }
        ("split", limit) => {
            let limit = match limit {
                [] => 0,
                [limit] => limit.as_whole().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0),
                _ => return Ok(None),
            };
            let pattern = compiled(call, source, pattern::compile)?;
            let parts = pattern::split(&pattern, text, limit, heap)?;
            heap.new_list(parts.iter().map(|part| Value::text(part)).collect(), false).map(Some)
        }
        _ => Ok(None),
    }
}

fn compiled<'c>(
    call: &'c MethodCall,
    source: &str,
    compile: fn(&str) -> Result<Regex, String>,
) -> Result<Cow<'c, Regex>, String> {
    match &call.pattern {
        Some(pattern) => Ok(Cow::Borrowed(pattern)),
        None => compile(source).map(Cow::Owned),
    }
}

/// A text that was made, which counts as work and has its bound.
pub fn keep(heap: &mut Heap, text: String) -> Result<Value, String> {
    heap.work(text.len())?;
    if text.len() > MAX_OUTPUT_BYTES {
        return Err(too_long());
    }
    Ok(Value::Text(text.into()))
}

fn too_long() -> String {
    format!("the text becomes longer than {MAX_OUTPUT_BYTES} bytes")
}

fn replace(text: &str, from: &str, to: &str) -> Result<String, String> {
    let more = text.matches(from).count().saturating_mul(to.len());
    if text.len().saturating_add(more) > 2 * MAX_OUTPUT_BYTES {
        return Err(too_long());
    }
    Ok(text.replace(from, to))
}

/// In UTF-16 units.
fn length(text: &str) -> i128 {
    let units = if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
    units as i128
}

/// The byte at which this UTF-16 unit begins; none inside of a character of two units.
fn byte_at(text: &str, units: i128) -> Option<usize> {
    let units = usize::try_from(units).ok()?;
    if text.is_ascii() {
        return (units <= text.len()).then_some(units);
    }
    let mut passed = 0;
    for (at, char) in text.char_indices() {
        if passed >= units {
            return (passed == units).then_some(at);
        }
        passed += char.len_utf16();
    }
    (passed == units).then_some(text.len())
}

/// Fails where Java throws, and where half of a character would be cut off, which no text here can hold.
fn substring(heap: &mut Heap, text: &str, from: Option<i128>, to: Option<i128>) -> Result<Option<Value>, String> {
    let (Some(from), Some(to)) = (from, to) else { return Ok(None) };
    match (byte_at(text, from), byte_at(text, to)) {
        (Some(start), Some(end)) if start <= end => keep(heap, text[start..end].to_owned()).map(Some),
        _ => Err("the index is out of the text's bounds".to_owned()),
    }
}

fn same_ignoring_case(left: &str, right: &str) -> bool {
    let folded =
        |text: &str| text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect::<String>();
    left.eq_ignore_ascii_case(right) || folded(left) == folded(right)
}

fn compare(left: &str, right: &str) -> i128 {
    let different = left.encode_utf16().zip(right.encode_utf16()).find(|(left, right)| left != right);
    match different {
        Some((left, right)) => i128::from(left) - i128::from(right),
        None => length(left) - length(right),
    }
}
