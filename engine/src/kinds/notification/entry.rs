//! One entry of a bucket's notifications, and which two S3 does not take beside each other.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::aws::xml::Element;

/// Elements of the entries by the service that they name as their target: of the entry, and of the target's ARN
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html>).
const SORTS: &[(&str, &str, &str)] = &[
    ("lambda", "CloudFunctionConfiguration", "CloudFunction"),
    ("sqs", "QueueConfiguration", "Queue"),
    ("sns", "TopicConfiguration", "Topic"),
];

/// An entry: whom S3 tells of which events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub id: String,
    /// ARN of a function, a queue or a topic.
    pub target: String,
    /// As `s3:ObjectCreated:*`, sorted.
    pub events: Vec<String>,
    /// What the key begins with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// What the key ends with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub suffix: String,
}

impl Entry {
    /// Reads an element; nothing where it is no entry (the switch of EventBridge).
    pub fn read(element: &Element) -> Option<Self> {
        let (.., target) = SORTS.iter().find(|(_, entry, _)| *entry == element.name)?;
        let mut events: Vec<String> = element.all("Event").map(|event| event.text.clone()).collect();
        events.sort();
        let rules: Vec<&Element> = element.all("Filter").flat_map(|filter| filter.all("S3Key")).collect();
        let rules = || rules.iter().flat_map(|key| key.all("FilterRule"));
        // AWS shows the names with a capital letter, whatever was written.
        let rule = |name: &str| rules().find(|rule| rule.text_of("Name").eq_ignore_ascii_case(name));
        let value = |name: &str| rule(name).map_or_else(String::new, |rule| decoded(rule.text_of("Value")));
        Some(Self {
            id: element.text_of("Id").to_owned(),
            target: element.text_of(target).to_owned(),
            events,
            prefix: value("prefix"),
            suffix: value("suffix"),
        })
    }

    /// The element of the entry.
    pub fn element(&self) -> Element {
        let service = self.target.split(':').nth(2).unwrap_or_default();
        let sort = SORTS.iter().find(|(of, ..)| *of == service).or(SORTS.first());
        let (_, entry, target) = sort.copied().unwrap_or_default();
        let mut element = Element::new(entry).with("Id", &self.id).with(target, &self.target);
        for event in &self.events {
            element = element.with("Event", event);
        }
        let rules = [("prefix", &self.prefix), ("suffix", &self.suffix)];
        let rules = rules.into_iter().filter(|(_, value)| !value.is_empty());
        let rule = |(name, value): (&str, &String)| {
            Element::new("FilterRule").with("Name", name).with("Value", &encoded(value))
        };
        let rules: Vec<Element> = rules.map(rule).collect();
        let filter = (!rules.is_empty()).then(|| Element::new("Filter").and([Element::new("S3Key").and(rules)]));
        element.and(filter)
    }

    /// Whether one event could be of both, whoever is told: S3 takes no two such entries
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html>).
    pub fn overlaps(&self, other: &Self) -> bool {
        let both = |one: &str, two: &str, begins: fn(&str, &str) -> bool| begins(one, two) || begins(two, one);
        let events = self.events.iter().any(|one| other.events.iter().any(|two| both(one, two, covers)));
        let prefix = both(&self.prefix, &other.prefix, |one, two| one.starts_with(two));
        let suffix = both(&self.suffix, &other.suffix, |one, two| one.ends_with(two));
        events && prefix && suffix
    }
}

/// Characters that a key has in a filter as they are; a space is a `+`, and all else is percent-encoded
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html>).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'!')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'~');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string().replace("%20", "+")
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', "%20")).decode_utf8_lossy().into_owned()
}

/// Whether the first event is the second, or all of its sort.
fn covers(all: &str, one: &str) -> bool {
    all == one || all.strip_suffix('*').is_some_and(|sort| one.starts_with(sort))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_filter_is_written_as_s3_wants_it_and_read_back() {
        assert_eq!(encoded("dt=2026/in put/ä+b*.csv"), "dt%3D2026/in+put/%C3%A4%2Bb*.csv");
        for text in ["", "in/", "dt=1/", "a b+c%20", "ü(1)'!~"] {
            assert_eq!(decoded(&encoded(text)), text);
        }
    }

    fn entry(event: &str, prefix: &str, suffix: &str) -> Entry {
        let (prefix, suffix) = (prefix.to_owned(), suffix.to_owned());
        Entry { events: vec![event.to_owned()], prefix, suffix, ..Entry::default() }
    }

    #[test]
    fn two_overlap_where_one_key_fits_both() {
        let all = entry("s3:ObjectCreated:*", "", "");
        let overlaps = |one: &Entry, two: &Entry| {
            assert_eq!(one.overlaps(two), two.overlaps(one), "{one:?} {two:?}");
            one.overlaps(two)
        };
        assert!(overlaps(&all, &entry("s3:ObjectCreated:Put", "in/", ".csv")));
        assert!(!overlaps(&all, &entry("s3:ObjectRemoved:Delete", "", "")));
        let images = entry("s3:ObjectCreated:Put", "in/", ".jpg");
        assert!(overlaps(&images, &entry("s3:ObjectCreated:Put", "in/a/", "pg")), "jpg ends with pg");
        assert!(!overlaps(&images, &entry("s3:ObjectCreated:Put", "in/", ".png")));
        assert!(!overlaps(&images, &entry("s3:ObjectCreated:Put", "out/", ".jpg")));
        assert!(!overlaps(&images, &entry("s3:ObjectCreated:Copy", "in/", ".jpg")));
    }

    proptest! {
        /// A key that fits both is found nowhere where they do not overlap.
        #[test]
        fn what_does_not_overlap_shares_no_key(
            (prefix, suffix) in ("[ab]{0,2}", "[ab]{0,2}"), (other_prefix, other_suffix) in ("[ab]{0,2}", "[ab]{0,2}"),
            key in "[ab]{0,6}",
        ) {
            let (one, two) = (entry("s3:ObjectCreated:*", &prefix, &suffix), entry("s3:ObjectCreated:Put", &other_prefix, &other_suffix));
            let fits = |entry: &Entry| key.starts_with(&entry.prefix) && key.ends_with(&entry.suffix);
            prop_assert!(one.overlaps(&two) || !(fits(&one) && fits(&two)));
        }
    }

    #[test]
    fn an_entry_is_written_as_it_was_read() {
        let text = "<CloudFunctionConfiguration><Id>i</Id><CloudFunction>arn:aws:lambda:r:1:function:f</CloudFunction>\
                    <Event>s3:ObjectRemoved:*</Event><Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule><Name>Prefix</Name>\
                    <Value>in/ &amp;</Value></FilterRule><FilterRule><Name>Suffix</Name><Value>.csv</Value></FilterRule></S3Key>\
                    </Filter></CloudFunctionConfiguration>";
        let read = Entry::read(&Element::read(text).unwrap()).unwrap();
        assert_eq!((read.prefix.as_str(), read.suffix.as_str()), ("in/ &", ".csv"));
        assert_eq!(read.events, ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]);
        assert_eq!(Entry::read(&read.element()).unwrap(), read);
        let queue = Entry { target: "arn:aws:sqs:r:1:q".to_owned(), ..read };
        assert_eq!(queue.element().name, "QueueConfiguration");
        assert_eq!(Entry::read(&Element::new("EventBridgeConfiguration")), None);
    }
}
