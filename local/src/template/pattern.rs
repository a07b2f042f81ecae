//! Java's regular expressions, as far as the `regex` crate has them: no look-around, no back-references.

use regex::{Captures, Regex, RegexBuilder};

use super::MAX_OUTPUT_BYTES;
use super::heap::{Heap, STEP};

/// A compiled pattern may have this many bytes.
const MAX_COMPILED_BYTES: usize = 1 << 20;

pub fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(MAX_COMPILED_BYTES).build().map_err(|_| {
        "the pattern is not a regular expression that this engine knows (no look-around, no back-references)".to_owned()
    })
}

/// The pattern as `String.matches` takes it: Java tries every alternative until one fits the whole text.
pub fn compile_whole(pattern: &str) -> Result<Regex, String> {
    // Compiled alone first: `a)|(b` must not become a pattern.
    compile(pattern)?;
    compile(&format!(r"\A(?:{pattern})\z"))
}

/// `String.replaceAll` and `replaceFirst`: `$1` and `${name}` are groups, a backslash takes the next character as it is.
///
/// Fails where Java throws, when the result is too long, and when it is too much work.
pub fn replace(pattern: &Regex, text: &str, replacement: &str, first: bool, heap: &mut Heap) -> Result<String, String> {
    let parts = parse_replacement(pattern, replacement)?;
    let mut out = String::new();
    let mut end = 0;
    for found in pattern.captures_iter(text).take(if first { 1 } else { usize::MAX }) {
        let Some(whole) = found.get(0) else { continue };
        heap.work(STEP)?;
        out.push_str(&text[end..whole.start()]);
        append(&mut out, &parts, &found)?;
        end = whole.end();
    }
    out.push_str(&text[end..]);
    Ok(out)
}

enum Part {
    Text(String),
    Group(usize),
}

fn append(out: &mut String, parts: &[Part], found: &Captures<'_>) -> Result<(), String> {
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Group(group) => out.push_str(found.get(*group).map_or("", |group| group.as_str())),
        }
        if out.len() > MAX_OUTPUT_BYTES {
            return Err(format!("the text becomes longer than {MAX_OUTPUT_BYTES} bytes"));
        }
    }
    Ok(())
}

fn parse_replacement(pattern: &Regex, replacement: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = replacement;
    while let Some(at) = rest.find(['\\', '$']) {
        parts.push(Part::Text(rest[..at].to_owned()));
        let escaped = rest[at..].starts_with('\\');
        rest = &rest[at + 1..];
        if escaped {
            let Some(next) = rest.chars().next() else {
                return Err("the replacement ends in a backslash".to_owned());
            };
            parts.push(Part::Text(next.to_string()));
            rest = &rest[next.len_utf8()..];
        } else {
            let (group, after) =
                group(pattern, rest).ok_or("the replacement names a group that the pattern does not have")?;
            parts.push(Part::Group(group));
            rest = after;
        }
    }
    parts.push(Part::Text(rest.to_owned()));
    Ok(parts)
}

/// The group after a `$`, and what follows it. Java takes as many digits as make a group that exists.
fn group<'t>(pattern: &Regex, text: &'t str) -> Option<(usize, &'t str)> {
    if let Some(named) = text.strip_prefix('{') {
        let (name, after) = named.split_once('}')?;
        let group = pattern.capture_names().position(|known| known == Some(name))?;
        return Some((group, after));
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count().min(3);
    let lengths = (1..=digits).rev();
    let longest = lengths.filter_map(|length| Some((text[..length].parse::<usize>().ok()?, &text[length..])));
    longest.into_iter().find(|(group, _)| *group < pattern.captures_len())
}

/// `String.split`: empty texts at the end are left out, as is an empty one that an empty match at the start would make.
///
/// Fails when it is too much work.
pub fn split(pattern: &Regex, text: &str, limit: usize, heap: &mut Heap) -> Result<Vec<String>, String> {
    let mut parts = Vec::new();
    let mut from = 0;
    for found in pattern.find_iter(text) {
        if limit > 0 && parts.len() + 1 == limit {
            break;
        }
        if found.end() == 0 || (found.is_empty() && found.start() == text.len()) {
            continue;
        }
        heap.work(STEP)?;
        parts.push(text[from..found.start()].to_owned());
        from = found.end();
    }
    parts.push(text[from..].to_owned());
    let all_empty = parts.len() > 1;
    while limit == 0 && all_empty && parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    Ok(parts)
}
