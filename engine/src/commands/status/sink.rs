//! The table that the consumer writes to.
//!
//! IAM: dynamodb:DescribeTable.

use super::figures::Figures;
use super::figures::Stat::Sum;
use super::figures::{Table, asks};
use super::station::{Station, station};
use crate::aws::{Cx, nothing_if_absent};
use crate::error::Result;
use crate::event::status::Part;
use crate::event::status::Unit::Count;

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html>
const FIGURES: &Table = &[
    ("write units", "ConsumedWriteCapacityUnits", Sum, Count),
    ("throttled writes", "WriteThrottleEvents", Sum, Count),
];

pub fn at<'a>(cx: &'a Cx, id: &str, name: &'a str) -> Station<'a> {
    station((id, name), asks("AWS/DynamoDB", &[("TableName", name)], FIGURES), state(cx, name), judge)
}

/// The state of a table; nothing where there is none.
pub async fn state(cx: &Cx, name: &str) -> Result<Option<String>> {
    let sent = cx.aws.dynamodb.describe_table().table_name(name).send().await;
    let table = nothing_if_absent(sent)?.and_then(|answer| answer.table);
    Ok(table.map(|table| table.table_status.map(|status| status.as_str().to_owned()).unwrap_or_default()))
}

fn judge(state: Option<String>, figures: &Figures, part: &mut Part) {
    state.into_iter().for_each(|state| usable(&state, part));
    let throttled = figures.value("throttled writes");
    if throttled > 0.0 {
        let message = format!("{throttled} writes were throttled");
        part.needs_person(message, "raise `capacity`, or spread the keys: many writes of one key wait for one another");
    }
}

/// Says of a table that is not active what that means.
pub fn usable(state: &str, part: &mut Part) {
    match state {
        "ACTIVE" | "UPDATING" => {}
        "INACCESSIBLE_ENCRYPTION_CREDENTIALS" => {
            part.needs_person(
                "DynamoDB cannot use its KMS key: nothing can be read or written",
                "give the key back to it",
            );
        }
        passing => part.note(format!("it is {passing}")),
    }
}

#[cfg(test)]
mod tests;
