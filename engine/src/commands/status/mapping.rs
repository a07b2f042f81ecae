//! The event source mapping: whether it reads, and what its last call came to.
//!
//! IAM: lambda:ListEventSourceMappings; of a table's changes also dynamodb:DescribeTable.

use aws_sdk_lambda::types::EventSourceMappingConfiguration;

use super::figures::Figures;
use super::station::{Station, station};
use crate::aws::{Cx, nothing_if_absent};
use crate::error::Result;
use crate::event::status::Part;
use crate::kinds::mapping;
use crate::resource::Name;

/// How Lambda begins the result of a last call that did not go well
/// (<https://docs.aws.amazon.com/lambda/latest/dg/API_EventSourceMappingConfiguration.html>).
const PROBLEM: &str = "PROBLEM";

/// What is known of a mapping beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The spec wants it to read.
    pub enabled: bool,
    /// `pipe dev` reads in its place.
    pub local: bool,
    /// The table whose changes it reads.
    pub table: Option<&'a str>,
}

/// What Lambda says of a mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub state: String,
    /// What its last call came to, in Lambda's words.
    pub last_result: String,
    /// Others of its name, which go on with what is left in streams that the table had before.
    pub draining: usize,
    /// It reads a stream that the table no longer has.
    pub of_former_stream: bool,
}

pub fn at<'a>(cx: &'a Cx, id: &str, (name, function): (&'a Name, &'a str), wanted: Wanted<'a>) -> Station<'a> {
    let said = move |seen: Option<Seen>, _: &Figures, part: &mut Part| {
        seen.into_iter().for_each(|seen| judge(&seen, wanted, part));
    };
    station((id, name.as_str()), Vec::new(), look(cx, name, function, wanted.table), said)
}

async fn look(cx: &Cx, name: &Name, function: &str, table: Option<&str>) -> Result<Option<Seen>> {
    let (mut all, newest) = tokio::try_join!(mapping::list(cx, function), newest_stream(cx, table))?;
    all.retain(|found| mapping::name_in(found) == *name);
    Ok(seen(&all, newest.as_deref()))
}

/// The stream that a table has now.
async fn newest_stream(cx: &Cx, table: Option<&str>) -> Result<Option<String>> {
    let Some(table) = table else { return Ok(None) };
    let sent = cx.aws.dynamodb.describe_table().table_name(table).send().await;
    Ok(nothing_if_absent(sent)?.and_then(|answer| answer.table?.latest_stream_arn))
}

/// Of several the one that reads the table's stream of now, or else any.
fn seen(all: &[EventSourceMappingConfiguration], newest: Option<&str>) -> Option<Seen> {
    let current =
        |found: &&EventSourceMappingConfiguration| newest.is_none_or(|newest| found.event_source_arn() == Some(newest));
    let one = all.iter().find(current).or_else(|| all.first())?;
    Some(Seen {
        state: one.state().unwrap_or_default().to_owned(),
        last_result: one.last_processing_result().unwrap_or_default().to_owned(),
        draining: all.len() - 1,
        of_former_stream: !current(&one),
    })
}

fn judge(seen: &Seen, wanted: Wanted<'_>, part: &mut Part) {
    if seen.of_former_stream {
        let message = "the table has another stream since: its changes reach nobody";
        part.needs_person(message, "`pipe apply` makes a mapping of the new stream");
    }
    if seen.draining > 0 {
        part.note("others of it go on with what is left in streams that the table had before");
    }
    match (wanted.local, wanted.enabled) {
        (true, true) => return part.note("`pipe dev` reads in its place"),
        (_, false) if seen.state != "Enabled" => {
            return part.note("it does not read, as the spec says (`enabled: false`); what is not read expires");
        }
        _ => {}
    }
    match seen.state.as_str() {
        "Enabled" => {}
        "Disabled" | "Disabling" => part.needs_person(
            "it does not read, though the spec says so: what is not read expires",
            "`pipe apply` enables it",
        ),
        passing => part.note(format!("it is {passing}")),
    }
    match seen.last_result.as_str() {
        "" => {}
        result if result.starts_with(PROBLEM) => {
            part.needs_person(
                format!("its last call went wrong: {result}"),
                "the function's log says why: `pipe logs`",
            );
        }
        result => part.note(format!("last result: {result}")),
    }
}

#[cfg(test)]
mod tests;
