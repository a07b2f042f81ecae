//! What a change of a table does to the records on their way, and to the indexes that others added.

use super::{Key, KeyKind, Table};
use crate::resource::How;

/// Says it for people. A table under a new name is made before the old one goes, so only one that keeps its name is missed.
pub fn means(desired: &Table, live: &Table, how: &How) -> Vec<String> {
    let old = keys(live);
    let new: Vec<String> = keys(desired).into_iter().filter(|key| !old.contains(key)).map(told).collect();
    let mut all = Vec::new();
    if how.replaced && !new.is_empty() {
        all.push(format!("records on their way that lack {} become dead letters", new.join(" or ")));
    }
    if how.keeps_name {
        all.push(
            "writes fail from the delete of the old table until the new one is active: the consumer tries them again"
                .to_owned(),
        );
    }
    for index in &live.indexes {
        let to_provisioned = live.on_demand && !desired.on_demand;
        if how.replaced {
            all.push(format!("its index `{index}`, which others added, is not made again"));
        } else if to_provisioned {
            let (read, write) = (desired.read_capacity, desired.write_capacity);
            all.push(format!(
                "its index `{index}`, which others added, gets a capacity of its own as well: {read} read and {write} write units"
            ));
        }
    }
    all
}

/// What an item must hold, whichever part of the key it is.
fn keys(table: &Table) -> Vec<&Key> {
    [Some(&table.partition_key), table.sort_key.as_ref()].into_iter().flatten().collect()
}

fn told(key: &Key) -> String {
    let kind = match key.kind {
        KeyKind::String => "string",
        KeyKind::Number => "number",
        KeyKind::Binary => "binary",
    };
    format!("`{}` ({kind})", key.name)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            indexes: Vec::new(),
        }
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
    }

    #[test]
    fn in_place_nothing_happens_to_records() {
        let desired = Table { deletion_protection: true, ..of("a", None) };
        assert_eq!(means(&desired, &of("a", None), &How::default()), [""; 0]);
    }

    #[test]
    fn indexes_of_others_get_the_tables_capacity_and_go_with_it() {
        let live = Table { indexes: vec!["by-customer".into()], ..of("a", None) };
        let desired = Table { on_demand: false, read_capacity: 5, write_capacity: 10, ..live.clone() };
        let told = "its index `by-customer`, which others added, gets a capacity of its own as well: 5 read and 10 write units";
        assert_eq!(means(&desired, &live, &How::default()), [told]);
        assert_eq!(means(&live, &desired, &How::default()), [""; 0]);
        let gone = "its index `by-customer`, which others added, is not made again";
        assert_eq!(means(&live, &live, &replaced(false)), [gone]);
    }
}
