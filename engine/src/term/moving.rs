//! What moves through `pipe dev`, one line an event.

use pipe_local::event::{Answered, Batch, DeadLetter, Event, LogLine, Row};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::tame::tame;
use crate::term::Shell;
use crate::term::style::{BAD, DIM, END, GOOD, WARN};

/// Shows events until nobody sends them any more.
pub async fn report(shell: Shell, mut events: UnboundedReceiver<Event>) {
    while let Some(event) = events.recv().await {
        match shell.json {
            true => shell.line(&event.into()),
            false if is_routine(&event) => {}
            false => shell.out(&format!("{}\n", line(&event))),
        }
    }
}

/// Whether it is a line of a log that nobody looks for: one below the level INFO, or one by which a bundled handler says that all
/// is well, for the event it tells of has a line of its own here.
fn is_routine(event: &Event) -> bool {
    let Event::Log(LogLine { line, .. }) = event else { return false };
    let logged: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    match logged["level"].as_str().map(str::to_uppercase).as_deref() {
        Some("DEBUG" | "TRACE") => true,
        Some("INFO") => {
            let counts = logged["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "pipe";
            counts || matches!(logged["message"].as_str(), Some("allowed" | "unauthorized"))
        }
        _ => false,
    }
}

/// An event as a line. What clients and functions wrote steers no terminal.
fn line(event: &Event) -> String {
    match event {
        Event::Answered(Answered { method, path, status, milliseconds, shard, sequence_number, reason }) => {
            let style = if *status < 400 { GOOD } else { BAD };
            let took = match (shard, sequence_number) {
                (Some(shard), Some(number)) => format!("→ {}", position(shard, number)),
                _ => tame(reason.as_deref().unwrap_or_default()),
            };
            format!("{style}{status}{END} {} {} {took} {DIM}{milliseconds} ms{END}", tame(method), tame(path))
        }
        Event::Batch(batch) => called(batch),
        Event::Row(Row { table, key, kept }) => {
            let was = if *kept { " was there, and stays" } else { "" };
            format!("    {GOOD}✓{END} {table} {}{was}", tame(key))
        }
        Event::DeadLetter(DeadLetter { queue, reason, shard, first, last }) => {
            let to = if first == last { String::new() } else { format!(" to {last}") };
            format!("  {BAD}!{END} {queue}: {} {}{to}", tame(reason), position(shard, first))
        }
        Event::Log(LogLine { function, line }) => format!("    {DIM}{function}: {}{END}", tame(line)),
        Event::Warning { message } => format!("{WARN}warning{END}: {}", tame(message)),
    }
}

/// What came of a batch, and what is wrong with the answer beside it.
fn called(batch: &Batch) -> String {
    let Batch { function, records, milliseconds, succeeded, .. } = batch;
    let shard = short(&batch.shard);
    let records = if *records == 1 { "1 record".to_owned() } else { format!("{records} records") };
    let memory = match (batch.peak_mb, batch.memory_mb) {
        (Some(peak), Some(limit)) => format!(", {peak} of {limit} MB"),
        _ => String::new(),
    };
    let mark = if batch.answer.is_some() { format!("{WARN}!{END}") } else { " ".to_owned() };
    let wrong =
        batch.answer.as_ref().map(|wrong| format!(", its answer is wrong: {}", tame(wrong))).unwrap_or_default();
    let took = format!("{DIM}{milliseconds} ms{memory}{END}");
    match &batch.error {
        None => format!("  {mark} {shard} → {function}: {records}{wrong} {took}"),
        Some(error) => {
            format!("  {BAD}✗{END} {shard} → {function}: {succeeded} of {records}, {}{wrong} {took}", tame(error))
        }
    }
}

/// A record's place in its stream, short.
pub fn position(shard: &str, number: &str) -> String {
    format!("{}:{number}", short(shard))
}

/// `shardId-000000000000` is `shard 0`.
fn short(shard: &str) -> String {
    let number = shard.strip_prefix("shardId-").map(|digits| digits.trim_start_matches('0'));
    number.map_or_else(|| shard.to_owned(), |digits| format!("shard {}", if digits.is_empty() { "0" } else { digits }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(error: Option<&str>, answer: Option<&str>) -> Event {
        Event::Batch(Batch {
            function: "f".to_owned(),
            shard: "shardId-000000000000".to_owned(),
            records: 1,
            milliseconds: 3,
            succeeded: 1,
            error: error.map(str::to_owned),
            answer: answer.map(str::to_owned),
            peak_mb: Some(140),
            memory_mb: Some(128),
        })
    }

    fn plain(event: &Event) -> String {
        anstream::adapter::strip_str(&line(event)).to_string()
    }

    #[test]
    fn a_batch_is_told_with_its_memory_and_what_is_wrong_with_the_answer() {
        assert_eq!(plain(&batch(None, None)), "    shard 0 → f: 1 record 3 ms, 140 of 128 MB");
        assert_eq!(plain(&batch(Some("late"), None)), "  ✗ shard 0 → f: 1 of 1 record, late 3 ms, 140 of 128 MB");
        let odd = plain(&batch(None, Some("it has x")));
        assert_eq!(odd, "  ! shard 0 → f: 1 record, its answer is wrong: it has x 3 ms, 140 of 128 MB");
    }

    #[test]
    fn logs_of_info_and_above_are_shown_but_for_what_the_bundled_handlers_count() {
        let hidden = |line: &str| is_routine(&Event::Log(LogLine { function: "f".to_owned(), line: line.to_owned() }));
        for line in [
            r#"{"level":"DEBUG","message":"x"}"#,
            r#"{"level":"trace","fields":{"message":"x"}}"#,
            r#"{"level":"INFO","_aws":{"CloudWatchMetrics":[{"Namespace":"pipe"}]}}"#,
            r#"{"level":"INFO","message":"allowed"}"#,
        ] {
            assert!(hidden(line), "{line}");
        }
        for line in [r#"{"level":"INFO","fields":{"message":"x"}}"#, r#"{"level":"WARN","message":"x"}"#, "x", "[1]"] {
            assert!(!hidden(line), "{line}");
        }
    }

    #[test]
    fn what_clients_and_functions_wrote_steers_no_terminal() {
        let (text, table, queue, function) =
            (|| "\u{1b}[2J\n".to_owned(), "t".to_owned(), "q".to_owned(), "f".to_owned());
        let (method, path, reason) = (text(), text(), Some(text()));
        let answered =
            Answered { method, path, status: 400, milliseconds: 1, shard: None, sequence_number: None, reason };
        let (shard, first, last) = ("s".to_owned(), "1".to_owned(), "1".to_owned());
        for event in [
            Event::Answered(answered),
            Event::Row(Row { table, key: text(), kept: true }),
            Event::DeadLetter(DeadLetter { queue, reason: text(), shard, first, last }),
            Event::Log(LogLine { function, line: text() }),
            Event::Warning { message: text() },
        ] {
            let shown = line(&event);
            assert!(!shown.contains("\u{1b}[2J") && !shown.contains('\n'), "{shown:?}");
        }
    }
}
