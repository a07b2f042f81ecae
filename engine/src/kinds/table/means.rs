//! What a change of a table loses, and what it does to the records on their way and to those who read its indexes.

use std::collections::BTreeSet;

use super::{Index, Key, KeyKind, Table, encryption, record};
use crate::resource::How;

/// Says what is lost, or can no longer be had; nothing where the table is replaced, for then all is.
pub fn loses(desired: &Table, live: &Table) -> Option<String> {
    let mut all = Vec::new();
    if live.point_in_time_recovery && !desired.point_in_time_recovery {
        let lost = "without point-in-time recovery no earlier state of the table can be restored, not even today's";
        all.push(lost.to_owned());
    }
    for index in desired.ending(live) {
        all.push(match desired.indexes.contains_key(index) {
            true => format!("its index `{index}` is deleted and made again: until it is filled, what reads it fails"),
            false => format!("its index `{index}` is deleted: what reads it fails from then on"),
        });
    }
    if desired.begins_stream(live) && !live.stream_view.is_empty() {
        let lost = "its stream ends before the new one begins: changes that are made between the two, seconds to minutes, are in neither";
        all.push(lost.to_owned());
    }
    // After a run that was stopped before it set the TTL, consent was given already.
    let new = |attribute: &&str| !record::knows(&live.known, &record::ttl(attribute));
    if let Some(attribute) = desired.turns_on(live).filter(new) {
        all.push(format!(
            "items whose `{attribute}` is past (in seconds since 1970) are deleted, also those that are there"
        ));
    }
    (!all.is_empty()).then(|| all.join("; "))
}

/// Says it for people. A table under a new name is made before the old one goes, so only one that keeps its name is missed.
pub fn means(desired: &Table, live: &Table, how: &How) -> Vec<String> {
    if how.replaced {
        return replaced(desired, live, how);
    }
    [encryption::means(desired, live), changed(desired, live)].concat()
}

fn replaced(desired: &Table, live: &Table, how: &How) -> Vec<String> {
    let old = keys(live);
    let new: Vec<String> = keys(desired).into_iter().filter(|key| !old.contains(key)).map(Key::told).collect();
    let mut all = Vec::new();
    if !new.is_empty() {
        all.push(format!("records on their way that lack {} become dead letters", new.join(" or ")));
    }
    all.extend(desired.beginning(live).iter().flat_map(|(name, index)| refused(name, index, live)));
    if how.keeps_name {
        all.push(
            "writes fail from the delete of the old table until the new one is active: the consumer tries them again"
                .to_owned(),
        );
    }
    let others = desired.indexes.iter().filter(|(_, index)| index.of_others);
    all.extend(others.map(|(name, _)| format!("its index `{name}`, which others added, is not made again")));
    let ttl = desired.ttl.iter().filter(|ttl| ttl.of_others);
    all.extend(ttl.map(|ttl| format!("its TTL on `{}`, which others set, is not set again", ttl.attribute)));
    all
}

fn changed(desired: &Table, live: &Table) -> Vec<String> {
    let (mut all, beginning) = (Vec::new(), desired.beginning(live));
    if desired.begins_stream(live) {
        let told = match live.stream_view.as_str() {
            "" => {
                "it has no stream now: changes that were made without one are in none, and the new one begins with this apply"
            }
            _ => {
                "other readers of its old stream must be led to the new one: the old one has no new changes, and ends in 24 hours"
            }
        };
        all.push(told.to_owned());
    }
    all.extend(beginning.iter().flat_map(|(name, index)| refused(name, index, live)));
    if !beginning.is_empty() {
        let names: Vec<String> = beginning.iter().map(|(name, _)| format!("`{name}`")).collect();
        let (one, last) = if names.len() == 1 { ("index", "") } else { ("indexes", ", one after the other") };
        let names = names.join(", ");
        all.push(format!(
            "AWS fills the {one} {names} with the items that are there and fit{last}: the apply waits for that, minutes, and hours for a large table"
        ));
    }
    if live.on_demand && !desired.on_demand {
        let (read, write) = (desired.read_capacity, desired.write_capacity);
        let others = live.indexes.iter().filter(|(_, index)| index.of_others);
        all.extend(others.map(|(name, _)| {
            format!("its index `{name}`, which others added, gets a capacity of its own as well: {read} read and {write} write units")
        }));
    }
    if let (Some(new), Some(old)) = (desired.turns_on(live), &live.ttl) {
        all.push(format!(
            "AWS takes one change of the TTL in about an hour: this apply turns it off for `{}`, and may fail to turn it on for `{new}`; apply again then",
            old.attribute
        ));
    }
    if let (None, Some(old)) = (&desired.ttl, &live.ttl) {
        all.push(format!("items stay from then on, also those whose `{}` is past", old.attribute));
    }
    all
}

/// Which writes a new index has the table refuse.
fn refused<'a>(name: &'a str, index: &'a Index, live: &'a Table) -> impl Iterator<Item = String> + 'a {
    let known: BTreeSet<&Key> = keys(live).into_iter().chain(live.indexes.values().flat_map(Index::keys)).collect();
    index.keys().filter(move |key| !known.contains(key)).map(move |key| {
        let empty = if key.kind == KeyKind::Number { "" } else { ", or is empty" };
        format!(
            "the table refuses items from now on whose `{}` is no {}{empty}, because of the index `{name}`: such records become dead letters, and such requests are refused",
            key.name,
            key.kind.word()
        )
    })
}

/// What an item must hold, whichever part of the key it is.
fn keys(table: &Table) -> Vec<&Key> {
    [Some(&table.partition_key), table.sort_key.as_ref()].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::kinds::table::{Project, Ttl};
    use crate::resource::Resource;

    const GAP: &str =
        "writes fail from the delete of the old table until the new one is active: the consumer tries them again";

    fn key(name: &str, kind: KeyKind) -> Key {
        Key { name: name.into(), kind }
    }

    fn table(partition_key: Key, sort_key: Option<Key>) -> Table {
        Table {
            partition_key,
            sort_key,
            on_demand: true,
            read_capacity: 0,
            write_capacity: 0,
            encryption: "aws_managed".into(),
            point_in_time_recovery: true,
            deletion_protection: false,
            indexes: BTreeMap::new(),
            ttl: None,
            stream_view: String::new(),
            known: String::new(),
        }
    }

    fn index(partition: Key) -> Index {
        Index {
            partition_key: partition,
            sort_key: None,
            project: Project::All,
            read_capacity: 0,
            write_capacity: 0,
            of_others: false,
        }
    }

    fn with_index(name: &str, index: Index) -> Table {
        Table { indexes: BTreeMap::from([(name.to_owned(), index)]), ..of("a", None) }
    }

    fn of(name: &str, sort: Option<&str>) -> Table {
        table(key(name, KeyKind::String), sort.map(|name| key(name, KeyKind::String)))
    }

    fn replaced(keeps_name: bool) -> How {
        How { replaced: true, keeps_name, ..How::default() }
    }

    #[test]
    fn a_new_key_under_the_old_name_is_missed_and_lacked() {
        let told = |desired: &Table, live: &Table| means(desired, live, &replaced(true));
        let lack =
            |what: &str| vec![format!("records on their way that lack {what} become dead letters"), GAP.to_owned()];
        assert_eq!(told(&of("b", None), &of("a", None)), lack("`b` (string)"));
        assert_eq!(told(&of("b", Some("c")), &of("a", None)), lack("`b` (string) or `c` (string)"));
        assert_eq!(told(&table(key("a", KeyKind::Number), None), &of("a", None)), lack("`a` (number)"));
    }

    #[test]
    fn what_was_in_the_key_before_is_lacked_by_no_record() {
        let live = of("a", Some("b"));
        assert_eq!(means(&of("a", None), &live, &replaced(true)), [GAP]);
        assert_eq!(means(&of("b", Some("a")), &live, &replaced(true)), [GAP]);
    }

    #[test]
    fn under_a_new_name_the_old_one_takes_writes_until_the_new_one_does() {
        assert_eq!(means(&of("a", None), &of("a", None), &replaced(false)), [""; 0]);
        let told = means(&of("b", None), &of("a", None), &replaced(false));
        assert_eq!(told, ["records on their way that lack `b` (string) become dead letters"]);
        let with = with_index("by-it", index(key("n", KeyKind::Number)));
        let refused = means(&with, &of("a", None), &replaced(false));
        assert!(refused.len() == 1 && refused[0].contains("whose `n` is no number"), "{refused:?}");
    }

    #[test]
    fn in_place_nothing_happens_to_records() {
        let desired = Table { deletion_protection: true, ..of("a", None) };
        assert_eq!(means(&desired, &of("a", None), &How::default()), [""; 0]);
    }

    #[test]
    fn indexes_of_others_get_the_tables_capacity_and_go_with_it() {
        let live = with_index("by-customer", Index { of_others: true, ..index(key("customer", KeyKind::String)) });
        let desired = Table { on_demand: false, read_capacity: 5, write_capacity: 10, ..of("a", None) };
        let kept = desired.keeping(&live).unwrap();
        assert_eq!((kept.indexes["by-customer"].read_capacity, loses(&kept, &live)), (5, None));
        let told = "its index `by-customer`, which others added, gets a capacity of its own as well: 5 read and 10 write units";
        assert_eq!(means(&kept, &live, &How::default()), [told]);
        assert_eq!(means(&of("a", None).keeping(&kept).unwrap(), &kept, &How::default()), [""; 0]);
        let gone = "its index `by-customer`, which others added, is not made again";
        assert_eq!(means(&live, &live, &replaced(false)), [gone]);
    }

    #[test]
    fn a_new_index_refuses_what_does_not_fit_and_takes_its_time() {
        let by = |name: &str, kind| with_index("by-it", index(key(name, kind)));
        let told = means(&by("customer", KeyKind::String), &of("a", None), &How::default());
        assert!(
            told[0].starts_with("the table refuses items from now on whose `customer` is no string, or is empty, ")
        );
        assert!(told[1].starts_with("AWS fills the index `by-it`") && told.len() == 2, "{told:?}");
        let number = means(&by("n", KeyKind::Number), &of("a", None), &How::default());
        assert!(number[0].contains("whose `n` is no number, because"), "{number:?}");
        assert_eq!(
            means(&by("a", KeyKind::String), &of("a", None), &How::default()).len(),
            1,
            "a key of the table fits"
        );
        assert_eq!(means(&by("n", KeyKind::Number), &by("n", KeyKind::Number), &How::default()), [""; 0]);
    }

    #[test]
    fn an_index_goes_with_consent_alone_and_one_of_others_never() {
        let live = with_index("by-it", index(key("n", KeyKind::Number)));
        assert!(loses(&of("a", None), &live).unwrap().contains("what reads it fails from then on"));
        let other = with_index("by-it", index(key("n", KeyKind::String)));
        assert!(loses(&other, &live).unwrap().contains("deleted and made again"));
        assert_eq!(loses(&live, &live), None);
    }

    #[test]
    fn what_a_ttl_deletes_is_told_once_and_a_second_attribute_takes_two_applies() {
        let with = |attribute: &str| Table {
            ttl: Some(Ttl { attribute: attribute.into(), of_others: false }),
            ..of("a", None)
        };
        assert!(loses(&with("at"), &of("a", None)).unwrap().starts_with("items whose `at` is past"));
        let begun = Table { known: record::of(&with("at")), ..of("a", None) };
        assert_eq!(loses(&with("at"), &begun), None, "a run that was stopped had consent");
        let told = means(&with("at"), &with("then"), &How::default());
        assert!(told[0].ends_with("apply again then"), "{told:?}");
        assert!(means(&of("a", None), &with("at"), &How::default())[0].starts_with("items stay"));
        assert_eq!(means(&with("at"), &with("at"), &How::default()), [""; 0]);
    }
}
