//! What the numbers of the spec mean, without a warning.

use super::Cx;
use crate::spec::{Capacity, Problem, Units};

/// Records per second that one shard takes.
const SHARD_RECORDS: u64 = 1000;

/// Every note.
pub(super) fn all(cx: &Cx<'_>) -> Vec<Problem> {
    pointers(cx).into_iter().chain(narrower(cx)).collect()
}

/// How long a pointer in the dlq leads to its record.
fn pointers(cx: &Cx<'_>) -> Option<Problem> {
    let stream = cx.spec.kinesis()?.own()?;
    let function = cx.spec.function()?;
    cx.spec.dlq.as_ref()?;
    let (retention, age) = (stream.retention_hours, function.failures.max_age_hours);
    let left = retention.saturating_sub(age);
    let message = format!(
        "a pointer in the dlq leads to its record until {retention} hours after it arrived (`retention_hours`): \
         given up after `max_age_hours: {age}` at the latest, {left} hours are left to act"
    );
    Some(Problem::note("/dlq", message).on_key())
}

/// Which of shards and table takes fewer records.
fn narrower(cx: &Cx<'_>) -> Option<Problem> {
    let stream = cx.spec.kinesis()?.own()?;
    let table = cx.spec.table()?.own()?;
    let taken = u64::from(stream.shards) * SHARD_RECORDS;
    let shards = if stream.shards == 1 { "1 shard takes".to_owned() } else { format!("{} shards take", stream.shards) };
    let shards = format!("{shards} {taken} records or {} MB per second", stream.shards);
    let items =
        |units: Units| format!("the table takes {} items of 1 KB per second: narrower than the stream", units.write);
    let (path, message) = match (table.capacity, stream.on_demand) {
        (Capacity::OnDemand, true) => return None,
        (Capacity::OnDemand, false) => ("/stream/kinesis", shards + ": narrower than the table, which is on demand"),
        (Capacity::Provisioned(units), true) => ("/sink/table/capacity", items(units) + ", which is on demand"),
        (Capacity::Provisioned(units), false) if u64::from(units.write) <= taken => {
            ("/sink/table/capacity", format!("{}, whose {shards}", items(units)))
        }
        (Capacity::Provisioned(units), false) => {
            ("/stream/kinesis", format!("{shards}: narrower than the table with its {} items of 1 KB", units.write))
        }
    };
    Some(Problem::note(path, message).on_key())
}
