//! Tables: writes that they refuse, for themselves and for each index
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html>).

use super::{Figure, Limit, Part, Watch, run};
use crate::lower::Lowering;
use crate::lower::sink::table::TABLE;
use crate::lower::stream::kinesis::STREAM;
use crate::spec::Indexes;

/// The table whose changes are the stream, and the sink's.
pub(super) fn parts(lowering: &Lowering<'_>) -> Vec<Part> {
    let spec = lowering.spec;
    let none = Indexes::new();
    let changing = spec.table_changes().map(|changes| {
        let own = changes.own();
        ("changing-table", STREAM, spec.stream_name(), own.map_or(&none, |own| &own.indexes))
    });
    let sink =
        spec.table().map(|table| ("table", TABLE, spec.table_name(), table.own().map_or(&none, |own| &own.indexes)));
    let part = |(what, id, table, indexes): (&str, &str, String, &Indexes)| {
        let traffic = ["ConsumedWriteCapacityUnits", "ConsumedReadCapacityUnits"];
        Part {
            title: format!("Table {table}"),
            traffic: traffic.map(|metric| figure(metric, &table, None)).into(),
            watched: watched(what, id, &table, indexes),
        }
    };
    changing.into_iter().chain(sink).map(part).collect()
}

fn watched(what: &str, id: &str, table: &str, indexes: &Indexes) -> Vec<Watch> {
    let refused = |index: Option<&str>| {
        let (name, subject) = match index {
            None => (format!("{what}-throttled"), format!("The table `{table}`")),
            // Of the table's own figure those of its indexes are no part.
            Some(index) => (format!("{what}-throttled.{index}"), format!("The index `{index}` of the table `{table}`")),
        };
        let text = format!(
            "{subject} refuses writes in two of three periods of 5 minutes, because they are more than its capacity, or too many for one key: \
             whoever writes must try again, and records wait. {} shows how far behind they are. Set `capacity: on_demand` or more `write`, or a \
             partition key that spreads the items better.",
            run("status")
        );
        Watch::new(name, id, figure("WriteThrottleEvents", table, index), Limit::Often(0.0), text)
    };
    std::iter::once(None).chain(indexes.keys().map(|index| Some(index.as_str()))).map(refused).collect()
}

fn figure(metric: &'static str, table: &str, index: Option<&str>) -> Figure {
    let index = index.map(|index| ("GlobalSecondaryIndexName", index.to_owned()));
    Figure::sum("AWS/DynamoDB", metric, index.into_iter().chain([("TableName", table.to_owned())]))
}
