//! The changes of a table.
//!
//! IAM: dynamodb:DescribeTable.

use super::kinesis::age;
use super::{Reader, behind, behind_patience, seconds};
use crate::aws::Cx;
use crate::commands::status::figures::Figures;
use crate::commands::status::sink;
use crate::commands::status::station::{Station, station};
use crate::event::status::Part;

/// Seconds that a change is kept
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>).
pub const KEPT: u64 = 24 * 60 * 60;

pub fn at<'a>(cx: &'a Cx, (id, name): (&str, &'a str), reader: Reader<'_>, now: u64) -> Station<'a> {
    let patience = reader.patience;
    let figures = reader.consumer.into_iter().flat_map(age).collect();
    let judge = move |state: Option<String>, figures: &Figures, part: &mut Part| {
        state.into_iter().for_each(|state| sink::usable(&state, part));
        let oldest = figures.newest("oldest unread").unwrap_or_default();
        behind(seconds(oldest), KEPT, now, part);
        behind_patience(seconds(oldest), patience, KEPT, part);
        part.note("changes kept 1 d");
    };
    station((id, name), figures, sink::state(cx, name), judge)
}
