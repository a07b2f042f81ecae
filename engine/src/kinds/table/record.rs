//! Which indexes and which TTL the pipeline has set, and whether a key of its own: AWS keeps no tags of them, and others may add some to
//! the table.

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Table;
pub use crate::aws::PARTS;

/// Letters that stand for a part: those of 20 indexes that go, of 20 that come and of two attributes of a TTL fit into the 256 letters of a tag's value.
const PER_PART: usize = 6;

/// What a record ends with where the pipeline has set a key of its own. It is shorter than a part, so that none is like it.
const KEY: &str = "-key";

/// What stands for an index.
pub fn index(name: &str) -> String {
    letters(&format!("index {name}"))
}

/// What stands for a TTL.
pub fn ttl(attribute: &str) -> String {
    letters(&format!("ttl {attribute}"))
}

/// Whether a record holds a part.
pub fn knows(record: &str, part: &str) -> bool {
    record.as_bytes().chunks(PER_PART).any(|one| one == part.as_bytes())
}

/// The record of the parts of a table that are not of others; empty where there are none.
pub fn of(table: &Table) -> String {
    parts(table).into_iter().chain(key(table)).collect()
}

/// Whether a record says that the pipeline has set a key of its own.
pub fn has_key(record: &str) -> bool {
    record.len() % PER_PART == KEY.len() && record.ends_with(KEY)
}

fn key(table: &Table) -> Option<String> {
    table.own_key().map(|_| KEY.to_owned())
}

/// The record of all that is in one of these two tables and is not of others.
pub fn of_both(desired: &Table, live: &Table) -> String {
    parts(desired).union(&parts(live)).cloned().chain(key(desired).or_else(|| key(live))).collect()
}

/// What stands for each part of a table that is not of others.
pub fn parts(table: &Table) -> BTreeSet<String> {
    let indexes = table.indexes.iter().filter(|(_, one)| !one.of_others).map(|(name, _)| index(name));
    let ttl = table.ttl.iter().filter(|one| !one.of_others).map(|one| ttl(&one.attribute));
    indexes.chain(ttl).collect()
}

fn letters(text: &str) -> String {
    let mut letters = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()));
    letters.truncate(PER_PART);
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_fits_into_a_tag_and_knows_its_parts() {
        let all: Vec<String> = (0..40).map(|n| index(&format!("by-{n}"))).chain([ttl("a"), ttl("b")]).collect();
        let record = all.concat();
        assert!(record.len() + KEY.len() <= 256, "{}", record.len());
        assert!(has_key(&(record.clone() + KEY)) && has_key(KEY) && !has_key(&record) && !has_key(""));
        assert!(all.iter().all(|part| knows(&(record.clone() + KEY), part)));
        assert!(record.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)), "{record}");
        assert!(all.iter().all(|part| knows(&record, part)));
        assert!(!knows(&record, &ttl("by-0")) && !knows("", &index("by-0")));
        assert!(!knows(&record[1..], &index("by-0")), "no part begins within another");
    }
}
