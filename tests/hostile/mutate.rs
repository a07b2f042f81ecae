//! Specs that somebody has broken: as values (a scalar replaced, a key renamed, doubled or gone, a branch put deeper), as lines, as
//! bytes.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_yaml::{Mapping, Value as Yaml};

use crate::hostile::walk::repository;

/// Texts that end a text, a template, a policy, a line or a terminal's patience somewhere.
const HOSTILE: &[&str] = &[
    "",
    " ",
    "'",
    "\"",
    "\\",
    "\\\"",
    "\"}}",
    "'}}]}",
    "\", \"Effect\": \"Allow\", \"Resource\": \"*",
    "*",
    "?",
    "arn:aws:kinesis:*:*:stream/*",
    "arn:aws:kinesis:eu-west-1:123456789012:stream/*",
    "arn:aws:kinesis:eu-west-1:123456789012:stream/a:b/c",
    "#set($x = 1)",
    "#end",
    "#foreach($i in [0..1000000])",
    "$context.identity.sourceIp",
    "$input.body",
    "$util.base64Decode('eA==')",
    "${stageVariables.x}",
    "${jndi:ldap://x}",
    "${AWS_SECRET_ACCESS_KEY}",
    "{{ 7 * 7 }}",
    "path.x'); #set($x = '",
    "body.a\"b",
    "header.X-A\") || (\"",
    "/a/{b}/../{c}",
    "/{streamName}'\"",
    "a\nb",
    "a\r\nSet-Cookie: b",
    "\n{\"level\":\"INFO\"}",
    "\u{0}",
    "\u{fdd0}table.partition_key\u{fdd1}",
    "a\u{fdd0}a.b",
    "\u{1b}]0;title\u{7}",
    "\u{1b}[2J",
    "\u{9b}31m",
    "\u{7f}\u{8}",
    "\u{2028}",
    "\u{202e}evil\u{2066}",
    "\u{feff}",
    "\u{fffd}\u{ffff}",
    "é😀👩‍👩‍👧",
    "שלום",
    "../../../etc/passwd",
    "file:///etc/passwd",
    "/dev/zero",
    "pipe:pipeline",
    "aws:x",
    "__proto__",
    "~",
    "null",
    "no",
    "0x1F",
    "1e999",
    ".inf",
    "!!binary x",
    "&a",
    "*a",
    "<<",
    "%YAML 1.2",
    "---",
    "- ",
    ": ",
    "? ",
    "# ",
];

/// Bytes of a spec, shown as text when they fail.
#[derive(Clone)]
pub struct Text(pub Vec<u8>);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nas bytes: {}", String::from_utf8_lossy(&self.0), self.0.escape_ascii())
    }
}

/// One hostile text.
pub fn scalar_text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(HOSTILE).prop_map(str::to_owned),
        2 => vec(select(HOSTILE), 2..5).prop_map(|parts| parts.concat()),
        2 => "\\PC{0,40}|(?s:.{0,40})",
        1 => (select(HOSTILE), 1..6000_usize).prop_map(|(text, times)| text.chars().cycle().take(times).collect()),
    ]
}

fn scalar() -> impl Strategy<Value = Yaml> {
    let number = prop_oneof![
        select(&[0, 1, -1, i64::MAX, i64::MIN, 4_294_967_296, 2_147_483_648, 10_001][..]).prop_map(Yaml::from),
        Just(Yaml::from(u64::MAX)),
        select(&[0.5, -0.0, 1e308, 5e-324, f64::NAN, f64::INFINITY, 30.0][..]).prop_map(Yaml::from),
        any::<i64>().prop_map(Yaml::from),
    ];
    prop_oneof![
        6 => scalar_text().prop_map(Yaml::from),
        2 => number,
        1 => any::<bool>().prop_map(Yaml::from),
        1 => Just(Yaml::Null),
        1 => Just(Yaml::Sequence(Vec::new())),
        1 => Just(Yaml::Mapping(Mapping::new())),
    ]
}

#[derive(Clone, Debug)]
enum Edit {
    Replace(Yaml),
    /// Puts what is elsewhere here.
    Copy(Index),
    /// Takes one entry out.
    Delete(Index),
    /// Gives one entry another key.
    Rename(Index, String),
    Add(String, Yaml),
    Nest(u8),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        5 => scalar().prop_map(Edit::Replace),
        1 => any::<Index>().prop_map(Edit::Copy),
        1 => any::<Index>().prop_map(Edit::Delete),
        1 => (any::<Index>(), scalar_text()).prop_map(|(at, key)| Edit::Rename(at, key)),
        2 => (scalar_text(), scalar()).prop_map(|(key, value)| Edit::Add(key, value)),
        1 => (1..40_u8).prop_map(Edit::Nest),
    ]
}

#[derive(Clone, Debug)]
enum Slip {
    DoubleLine(Index),
    DropLine(Index),
    Insert(Index, String),
    Replace(Index, u8),
    Remove(Index),
}

fn slip() -> impl Strategy<Value = Slip> {
    prop_oneof![
        any::<Index>().prop_map(Slip::DoubleLine),
        any::<Index>().prop_map(Slip::DropLine),
        (any::<Index>(), scalar_text()).prop_map(|(at, text)| Slip::Insert(at, text)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Slip::Replace(at, byte)),
        any::<Index>().prop_map(Slip::Remove),
    ]
}

/// A real spec after a few edits of its values, and, half of the time, of its text.
pub fn text() -> impl Strategy<Value = Text> {
    let slips = prop_oneof![Just(Vec::new()), vec(slip(), 1..4)];
    (select(real()), vec((any::<Index>(), edit()), 0..4), slips).prop_map(|(mut spec, edits, slips)| {
        for (at, edit) in edits {
            apply(&mut spec, at, edit);
        }
        let mut bytes = serde_yaml::to_string(&spec).unwrap().into_bytes();
        slips.into_iter().for_each(|slip| slipped(&mut bytes, slip));
        Text(bytes)
    })
}

/// The specs that people start from.
fn real() -> Vec<Yaml> {
    let folders = ["tests/specs/good", "examples", "tests/hostile/corpus/spec"];
    let files = folders.iter().flat_map(|folder| fs::read_dir(repository().join(folder)).unwrap());
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "yaml"));
    files.retain(|file| !file.parent().unwrap().ends_with("corpus/spec") || file.to_string_lossy().contains("/good_"));
    files.push(repository().join("pipeline.yaml"));
    files.sort();
    let read = |file: &PathBuf| fs::read_to_string(file).unwrap().trim_start_matches('\u{feff}').to_owned();
    files.iter().map(|file| serde_yaml::from_str(&read(file)).unwrap()).collect()
}

fn apply(spec: &mut Yaml, at: Index, edit: Edit) {
    let count = count(spec);
    let copy = match &edit {
        Edit::Copy(from) => nth(spec, &mut from.index(count)).cloned(),
        _ => None,
    };
    let Some(node) = nth(spec, &mut at.index(count)) else { return };
    match (edit, node) {
        (Edit::Replace(value), node) => *node = value,
        (Edit::Copy(_), node) => *node = copy.unwrap_or_default(),
        (Edit::Nest(levels), node) => {
            for level in 0..levels {
                let inner = node.clone();
                let list = || Yaml::Sequence(vec![inner.clone()]);
                *node =
                    if level % 2 == 0 { list() } else { Yaml::Mapping([("a".into(), inner)].into_iter().collect()) };
            }
        }
        (Edit::Add(key, value), Yaml::Mapping(entries)) => drop(entries.insert(key.into(), value)),
        (Edit::Add(_, value), Yaml::Sequence(items)) => items.push(value),
        (Edit::Delete(at), Yaml::Sequence(items)) if !items.is_empty() => drop(items.remove(at.index(items.len()))),
        (Edit::Delete(_) | Edit::Rename(..), Yaml::Mapping(entries)) if entries.is_empty() => {}
        (Edit::Delete(at), Yaml::Mapping(entries)) => drop(taken(entries, at)),
        (Edit::Rename(at, key), Yaml::Mapping(entries)) => {
            let value = taken(entries, at);
            entries.insert(key.into(), value);
        }
        _ => {}
    }
}

fn taken(entries: &mut Mapping, at: Index) -> Yaml {
    let key = entries.keys().nth(at.index(entries.len())).cloned().unwrap_or_default();
    entries.remove(&key).unwrap_or_default()
}

fn count(value: &Yaml) -> usize {
    1 + match value {
        Yaml::Sequence(items) => items.iter().map(count).sum(),
        Yaml::Mapping(entries) => entries.values().map(count).sum(),
        _ => 0,
    }
}

/// The value of this number, a container before what is in it.
fn nth<'a>(value: &'a mut Yaml, at: &mut usize) -> Option<&'a mut Yaml> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    match value {
        Yaml::Sequence(items) => items.iter_mut().find_map(|item| nth(item, at)),
        Yaml::Mapping(entries) => entries.values_mut().find_map(|item| nth(item, at)),
        _ => None,
    }
}

fn slipped(bytes: &mut Vec<u8>, slip: Slip) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    match slip {
        Slip::DoubleLine(at) if !lines.is_empty() => {
            let at = at.index(lines.len());
            lines.insert(at, lines[at].clone());
            *bytes = lines.concat();
        }
        Slip::DropLine(at) if !lines.is_empty() => {
            lines.remove(at.index(lines.len()));
            *bytes = lines.concat();
        }
        Slip::Insert(at, text) => {
            let at = at.index(bytes.len() + 1);
            drop(bytes.splice(at..at, text.into_bytes()));
        }
        Slip::Replace(at, byte) if !bytes.is_empty() => {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        Slip::Remove(at) if !bytes.is_empty() => drop(bytes.remove(at.index(bytes.len()))),
        _ => {}
    }
}
