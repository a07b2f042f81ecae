//! Tags are compared and written like any other property. Tags that others set stay.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::names::Tags;

/// What the keys of all tags of `pipe` itself begin with.
pub const OWN: &str = "pipe:";

/// Tag that knows which keys of the spec's tags were set, where the spec has some: see [`record`].
pub const TAGS: &str = "pipe:tags";

/// Tag that knows which parts of a resource the pipeline has set, where others may add some and AWS keeps no tags of them.
pub const PARTS: &str = "pipe:parts";

/// Letters that stand for a key in a [`record`]: 45 keys and the digest fit into the 256 letters of a tag's value.
const PER_KEY: usize = 5;
/// Letters of the digest that a [`record`] begins with.
const DIGEST: usize = 10;

/// What to set and what to take away so that live tags become the desired ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagDiff {
    pub set: Tags,
    pub remove: Vec<String>,
}

/// One call to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagCall {
    Set(Tags),
    Remove(Vec<String>),
}

impl TagDiff {
    /// Compares desired with live tags. Tags that others set stay: backups, bills and policies go by tags. So only tags that
    /// `pipe` set go: its own keys, and those that the live [`TAGS`] knows.
    pub fn of(desired: &Tags, live: &Tags) -> Self {
        let set = desired.iter().filter(|(key, value)| live.get(*key) != Some(value));
        let record = live.get(TAGS).map(String::as_str).unwrap_or_default();
        let ours = |key: &str| key.starts_with(OWN) || recorded(record, key);
        let remove = live.keys().filter(|key| !desired.contains_key(*key) && ours(key));
        Self { set: set.map(|(k, v)| (k.clone(), v.clone())).collect(), remove: remove.cloned().collect() }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }

    /// The calls, in an order that may end anywhere: a key goes before the record of it does, and a mark of ours after the one
    /// that takes its place was set.
    pub fn calls(self) -> impl Iterator<Item = TagCall> {
        let (own, users): (Vec<_>, Vec<_>) = self.remove.into_iter().partition(|key| key.starts_with(OWN));
        let removes = |keys: Vec<String>| (!keys.is_empty()).then_some(TagCall::Remove(keys));
        let set = (!self.set.is_empty()).then_some(TagCall::Set(self.set));
        [removes(users), set, removes(own)].into_iter().flatten()
    }
}

/// What the tag [`TAGS`] holds: a digest of the spec's tags, which tells drift from edit, then what stands for each key.
pub fn record(user: &Tags) -> String {
    let pairs: Vec<_> = user.iter().collect();
    let mut keys: Vec<String> = user.keys().map(|key| letters(key, PER_KEY)).collect();
    keys.sort();
    letters(&serde_json::json!(pairs).to_string(), DIGEST) + &keys.concat()
}

fn recorded(record: &str, key: &str) -> bool {
    let keys = record.as_bytes().get(DIGEST..).unwrap_or_default();
    keys.chunks(PER_KEY).any(|one| one == letters(key, PER_KEY).as_bytes())
}

fn letters(text: &str, count: usize) -> String {
    let mut letters = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()));
    letters.truncate(count);
    letters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::owner::{PIPELINE, RETAINED};

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_others_set_stays_and_what_we_set_goes() {
        let record = record(&tags(&[("team", "a"), ("old", "b")]));
        let live = tags(&[("team", "x"), ("old", "b"), ("backup-plan", "gold"), ("pipe:tags", &record)]);
        let diff = TagDiff::of(&tags(&[("team", "a")]), &live);
        assert_eq!(diff.set, tags(&[("team", "a")]));
        assert_eq!(diff.remove, ["old", "pipe:tags"]);
    }

    #[test]
    fn without_a_record_no_key_is_known_to_be_ours() {
        let live = tags(&[("old", "b"), ("pipe:on-destroy", "retain")]);
        assert_eq!(TagDiff::of(&Tags::new(), &live).remove, ["pipe:on-destroy"]);
    }

    #[test]
    fn a_key_is_known_until_it_is_gone_and_an_owner_until_there_is_another_mark() {
        let live = tags(&[("old", "b"), (PIPELINE, "demo"), (TAGS, &record(&tags(&[("old", "b")])))]);
        let calls: Vec<_> = TagDiff::of(&tags(&[(RETAINED, "demo")]), &live).calls().collect();
        let (own, user) = (vec![PIPELINE.to_owned(), TAGS.to_owned()], vec!["old".to_owned()]);
        let set = tags(&[(RETAINED, "demo")]);
        assert_eq!(calls, [TagCall::Remove(user), TagCall::Set(set), TagCall::Remove(own)]);
    }

    #[test]
    fn a_record_tells_values_apart_and_fits_into_a_tag() {
        assert_ne!(record(&tags(&[("a", "1")])), record(&tags(&[("a", "2")])));
        let many: Tags = (0..45).map(|n| (format!("key {n}"), "value".to_owned())).collect();
        let record = record(&many);
        assert!(record.len() <= 256 && many.keys().all(|key| recorded(&record, key)), "{record}");
        assert!(record.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)), "{record}");
    }
}
