//! The places where an event was, in the order of their times, and what nobody knows.

use serde_json::{Map, Value};

use crate::commands::moment::rfc3339;
use crate::event::trace::Hop;
use crate::tame::{tame, tame_lines};
use crate::term::style::{DIM, END};

/// A place where an event was.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    /// In milliseconds since 1970.
    pub at: Option<i64>,
    pub part: String,
    pub message: String,
    pub fields: Map<String, Value>,
}

impl Found {
    pub fn new(part: &str, message: String) -> Self {
        Self { part: part.to_owned(), message, ..Self::default() }
    }
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Hops {
    found: Vec<Found>,
    unknown: Vec<String>,
}

impl Hops {
    pub fn add(&mut self, found: Found) {
        self.found.push(found);
    }

    pub fn add_once(&mut self, found: Found) {
        if !self.found.contains(&found) {
            self.found.push(found);
        }
    }

    pub fn unknown(&mut self, what: String) {
        if !self.unknown.contains(&what) {
            self.unknown.push(what);
        }
    }

    /// The places by their times, those without one last; and what is not known.
    pub fn in_order(mut self) -> (Vec<Hop>, Vec<String>) {
        self.found.sort_by_key(|found| (found.at.is_none(), found.at));
        let mut before = None;
        let mut hop = |found: Found| {
            let Found { at, part, message, fields } = found;
            let milliseconds = at.zip(before).map(|(at, before)| at - before);
            before = at.or(before);
            Hop { at: at.map(rfc3339), milliseconds, part, message, fields }
        };
        (self.found.into_iter().map(&mut hop).collect(), self.unknown)
    }
}

/// A place, for people.
pub(super) fn line(hop: &Hop) -> String {
    let at = hop.at.clone().unwrap_or_default();
    let after = hop.milliseconds.map(after).unwrap_or_default();
    let message = tame_lines(&hop.message).replace('\n', "\n    ");
    let mut text = format!("{DIM}{at:<24}{END} {after:>9}  {:<10} {message}", tame(&hop.part));
    for (name, value) in hop.fields.iter().filter(|(_, value)| !value.is_null()) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text += &format!(" {DIM}{}={END}{}", tame(name), tame(&value));
    }
    text + "\n"
}

fn after(milliseconds: i64) -> String {
    match milliseconds {
        0..1_000 => format!("+{milliseconds} ms"),
        _ => format!("+{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_in_the_order_of_their_times() {
        let found = |at: Option<i64>, part: &str| Found { at, ..Found::new(part, "m".into()) };
        let mut hops = Hops::default();
        [found(None, "table"), found(Some(3_500), "consumer"), found(Some(1_000), "api"), found(Some(1_012), "stream")]
            .into_iter()
            .for_each(|one| hops.add(one));
        let lines: String = hops.in_order().0.iter().map(line).collect();
        let lines = anstream::adapter::strip_str(&lines).to_string();
        let expected = [
            "1970-01-01T00:00:01.000Z            api        m",
            "1970-01-01T00:00:01.012Z    +12 ms  stream     m",
            "1970-01-01T00:00:03.500Z    +2.4 s  consumer   m",
            "                                    table      m",
        ];
        assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_logs_and_records_say_steers_nothing() {
        let fields = Map::from_iter([("k\u{1b}".to_owned(), Value::from("v\u{202e}"))]);
        let line = line(&Hop { message: "a\nb\u{7}".into(), fields, ..Hop::default() });
        let line = anstream::adapter::strip_str(&line).to_string();
        assert!(line.contains("a\n    b\\u{7} k\\u{1b}=v\\u{202e}\n"), "{line}");
    }
}
