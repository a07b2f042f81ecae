//! Whether the bundled handler can make one table like another, where AWS alone knows the keys or the stream of one of the two.

use serde::Deserialize;
use serde_json::Value;

use super::Table;
use crate::resource::Refusal;

/// Says that the stream does not show items as they are after a change, which the bundled handler writes.
pub fn lacks_new_image(changing: &Value, _: &Value) -> Option<Refusal> {
    let changing = Table::deserialize(changing).ok()?;
    let view = changing.stream_view.as_str();
    matches!(view, "keys_only" | "old_image").then(|| Refusal {
        why: format!("has a stream with the view `{view}`: `stream-to-table` writes items as they are after a change, and they are not in it"),
        hint: "give the table a stream with `NEW_AND_OLD_IMAGES` or `NEW_IMAGE`, or bring a handler of your own".to_owned(),
    })
}

/// Says that a deletion would not tell its row: the stream has no old image, and the keys of the sink are not all those of the changing table.
pub fn lacks_old_keys(changing: &Value, sink: &Value) -> Option<Refusal> {
    let (changing, sink) = (Table::deserialize(changing).ok()?, Table::deserialize(sink).ok()?);
    let names = |table: &Table| -> Vec<String> {
        [Some(&table.partition_key), table.sort_key.as_ref()]
            .into_iter()
            .flatten()
            .map(|key| key.name.clone())
            .collect()
    };
    let known = names(&changing);
    let view = changing.stream_view.as_str();
    let lost = names(&sink).into_iter().find(|key| !known.contains(key));
    let lost = lost.filter(|_| matches!(view, "keys_only" | "new_image"))?;
    Some(Refusal {
        why: format!(
            "has a stream with the view `{view}`, so that a deletion tells its keys alone, and `{lost}`, a key of the sink, is none: with \
             `deletes: true` each deletion would become a dead letter"
        ),
        hint: "give the table a stream with `NEW_AND_OLD_IMAGES`, or take `deletes` out of `sink.table`".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(keys: &[&str], view: &str) -> Value {
        let key = |name: &str| json!({ "name": name, "type": "string" });
        json!({
            "partition_key": key(keys[0]), "sort_key": keys.get(1).map(|name| key(name)), "on_demand": true, "read_capacity": 0,
            "write_capacity": 0, "encryption": "aws_owned", "point_in_time_recovery": false, "deletion_protection": false,
            "stream_view": view,
        })
    }

    #[test]
    fn a_deletion_tells_its_row_by_the_old_image_or_by_the_keys_of_both() {
        let refused =
            |view: &str, sink: &[&str]| lacks_old_keys(&table(&["id", "at"], view), &table(sink, "")).is_some();
        assert!(refused("new_image", &["other"]) && refused("keys_only", &["id", "other"]));
        assert!(!refused("new_image", &["id"]) && !refused("new_image", &["at", "id"]));
        assert!(!refused("new_and_old_images", &["other"]) && !refused("old_image", &["other"]));
    }

    #[test]
    fn what_is_written_is_the_new_image() {
        let refused = |view: &str| lacks_new_image(&table(&["id"], view), &Value::Null).is_some();
        assert!(refused("keys_only") && refused("old_image"));
        assert!(!refused("new_image") && !refused("new_and_old_images") && !refused(""));
    }
}
