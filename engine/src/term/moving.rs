//! What moves through `pipe dev`, one line an event.

use pipe_local::event::{Answered, Batch, DeadLetter, Denied, Event, GivenUp, Location, LogLine, Put, Retry, Row};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::lower::id;
use crate::tame::tame;
use crate::term::Shell;
use crate::term::style::{BAD, DIM, END, GOOD, HINT, WARN};

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

/// Whether nobody looks for it: records that came where they were sent, which the answer or the batch tells; a line of a log below the
/// level INFO, or one by which a bundled handler says that all is well, because the event that it reports has a line of its own here.
fn is_routine(event: &Event) -> bool {
    if matches!(event, Event::Put(_)) {
        return true;
    }
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

/// An event as a line. Text by clients and functions cannot steer the terminal.
fn line(event: &Event) -> String {
    match event {
        Event::Answered(Answered { method, path, status, milliseconds, location, record, reason }) => {
            let style = if *status < 400 { GOOD } else { BAD };
            let took = match (location, record) {
                (Some(location), Some(record)) => format!("→ {}", position(location, record)),
                _ => tame(reason.as_deref().unwrap_or_default()),
            };
            format!("{style}{status}{END} {} {} {took} {DIM}{milliseconds} ms{END}", tame(method), tame(path))
        }
        Event::Put(Put { location, records }) => format!("    → {}: {}", short(location), counted(*records)),
        Event::Batch(batch) => called(batch),
        Event::Row(Row { table, key, kept }) => {
            let was = if *kept { " was there, and stays" } else { "" };
            format!("    {GOOD}✓{END} {table} {}{was}", tame(key))
        }
        Event::DeadLetter(DeadLetter { queue, reason, location, first, last }) => {
            let to = if first == last { String::new() } else { format!(" to {}", tame(last)) };
            format!("  {BAD}!{END} {queue}: {} {}{to}", tame(reason), position(location, first))
        }
        Event::Retry(Retry { function, location, reason, seconds, .. }) => {
            format!("  {WARN}!{END} {} → {function}: again in {seconds} s, {}", short(location), tame(reason))
        }
        Event::GivenUp(GivenUp { function, location, reason, to, .. }) => {
            let to =
                to.as_deref().map_or_else(|| "the event is lost".to_owned(), |to| format!("it is in {}", tame(to)));
            format!("  {BAD}✗{END} {} → {function}: {}; {to}", short(location), tame(reason))
        }
        Event::Denied(denied) => refusal(denied),
        Event::Log(LogLine { function, line }) => format!("    {DIM}{function}: {}{END}", tame(line)),
        Event::Warning { message } => format!("{WARN}warning{END}: {}", tame(message)),
    }
}

/// What came of a batch, and what is wrong with the answer beside it.
fn called(batch: &Batch) -> String {
    let Batch { function, records, milliseconds, succeeded, .. } = batch;
    let from = short(&batch.location);
    let records = counted(*records);
    let memory = match (batch.peak_mb, batch.memory_mb) {
        (Some(peak), Some(limit)) => format!(", {peak} of {limit} MB"),
        _ => String::new(),
    };
    let mark = if batch.answer.is_some() { format!("{WARN}!{END}") } else { " ".to_owned() };
    let wrong =
        batch.answer.as_ref().map(|wrong| format!(", its answer is wrong: {}", tame(wrong))).unwrap_or_default();
    let took = format!("{DIM}{milliseconds} ms{memory}{END}");
    match &batch.error {
        None => format!("  {mark} {from} → {function}: {records}{wrong} {took}"),
        Some(error) => {
            format!("  {BAD}✗{END} {from} → {function}: {succeeded} of {records}, {}{wrong} {took}", tame(error))
        }
    }
}

fn counted(records: usize) -> String {
    if records == 1 { "1 record".to_owned() } else { format!("{records} records") }
}

/// A call that was refused; of a handler's with the key of the spec that gives the right.
fn refusal(Denied { role, action, resource }: &Denied) -> String {
    let (action, resource) = (tame(action), resource.as_deref().map(tame));
    let on = resource.as_ref().map(|arn| format!(" on {arn}")).unwrap_or_default();
    let what = format!("  {BAD}✗{END} the role {} may not {action}{on}", tame(role));
    if !role.contains(id::CONSUMER_ROLE) {
        return what;
    }
    // If the answer names no resource, it most likely means one of the pipeline's own: the spec has a word for it.
    let own = section(&action);
    let resource = resource.map_or_else(|| own.to_owned(), |arn| format!("\"{arn}\""));
    let entry = format!("{{ actions: [\"{action}\"], resources: [{resource}] }}");
    format!("{what}\n    {HINT}hint{END}: a handler's own rights are `consumer.function.statements`: {entry}")
}

/// The section whose resource this action is most likely about: what is read feeds the function, and what is sent is given up.
fn section(action: &str) -> &'static str {
    const OF_FEED: &[&str] = &[
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:ReceiveMessage",
    ];
    match action.split(':').next() {
        _ if OF_FEED.contains(&action) => "stream",
        Some("dynamodb") => "sink",
        Some("kinesis") => "stream",
        Some("sqs") => "dlq",
        _ => "ARN",
    }
}

/// Where a record is, short.
pub fn position(location: &Location, record: &str) -> String {
    format!("{}:{}", short(location), tame(record))
}

/// The part of the location, where it has parts: `shardId-000000000012` is `shard 12`, and so is a table's, whose number has an arbitrary
/// ending, as in `shardId-00000000000000000012-864758bb`.
fn short(location: &Location) -> String {
    let Location { service, name, part } = location;
    let Some(part) = part else { return tame(name.as_ref().unwrap_or(service)) };
    let number = part.strip_prefix("shardId-").map(|id| id.split_once('-').map_or(id, |(number, _)| number));
    match number.map(|digits| digits.trim_start_matches('0')) {
        Some("") => "shard 0".to_owned(),
        Some(digits) => format!("shard {}", tame(digits)),
        None => tame(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard() -> Location {
        Location::of("arn:aws:kinesis:eu-west-1:111122223333:stream/s", Some("shardId-000000000000"))
    }

    fn batch(error: Option<&str>, answer: Option<&str>) -> Event {
        Event::Batch(Batch {
            function: "f".to_owned(),
            location: shard(),
            records: 1,
            milliseconds: 3,
            age_milliseconds: None,
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
    fn an_event_that_waits_or_is_given_up_says_for_what_and_where_it_is() {
        let location = Location::of("arn:aws:sns:eu-west-1:111122223333:orders", None);
        let (function, request, reason) = ("f".to_owned(), "r".to_owned(), "no".to_owned());
        let retry = Retry { function, location: location.clone(), request, reason, seconds: 60 };
        assert_eq!(plain(&Event::Retry(retry)), "  ! orders → f: again in 60 s, no");
        let given_up = |to: Option<&str>| {
            let (function, request, reason) = ("f".to_owned(), "r".to_owned(), "RetriesExhausted".to_owned());
            plain(&Event::GivenUp(GivenUp {
                function,
                location: location.clone(),
                request,
                reason,
                to: to.map(str::to_owned),
            }))
        };
        assert_eq!(given_up(Some("dead")), "  ✗ orders → f: RetriesExhausted; it is in dead");
        assert_eq!(given_up(None), "  ✗ orders → f: RetriesExhausted; the event is lost");
    }

    #[test]
    fn a_record_is_named_by_its_part_or_by_what_has_no_parts() {
        assert_eq!(position(&shard(), "49"), "shard 0:49");
        let of = |arn: &str, part: Option<&str>| position(&Location::of(arn, part), "7");
        assert_eq!(of("arn:aws:kinesis:r:a:stream/s", Some("shardId-000000000012")), "shard 12:7");
        let table = "arn:aws:dynamodb:r:a:table/t/stream/2026-11-21T00:00:00.000";
        assert_eq!(of(table, Some("shardId-00000000000000000000-00000000")), "shard 0:7");
        assert_eq!(of(table, Some("shardId-00000001573689847184-864758bb")), "shard 1573689847184:7");
        assert_eq!(of("arn:aws:sqs:r:a:orders", None), "orders:7");
        assert_eq!(of("arn:aws:sqs:r:a:orders.fifo", None), "orders.fifo:7");
        assert_eq!(of("arn:aws:sqs:r:a:orders", Some("group")), "group:7");
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
    fn a_call_that_a_handler_has_no_right_to_names_the_key_that_gives_it() {
        let denied = |role: &str, resource: Option<&str>| {
            let (role, action) = (role.to_owned(), "dynamodb:GetItem".to_owned());
            let resource = resource.map(str::to_owned);
            anstream::adapter::strip_str(&line(&Event::Denied(Denied { role, action, resource }))).to_string()
        };
        let handler = "orders-consumer-role-eu-west-1";
        assert_eq!(
            denied(handler, Some("arn:t")),
            "  ✗ the role orders-consumer-role-eu-west-1 may not dynamodb:GetItem on arn:t\n    hint: a handler's own rights are \
             `consumer.function.statements`: { actions: [\"dynamodb:GetItem\"], resources: [\"arn:t\"] }"
        );
        assert!(denied(handler, None).ends_with("{ actions: [\"dynamodb:GetItem\"], resources: [sink] }"));
        let sections =
            ["sqs:ReceiveMessage", "sqs:SendMessage", "dynamodb:GetRecords", "dynamodb:PutItem", "s3:GetObject"];
        assert_eq!(sections.map(section), ["stream", "dlq", "stream", "sink", "ARN"]);
        assert_eq!(
            denied("orders-api-role-eu-west-1", None).lines().count(),
            1,
            "no spec can widen what the API may do"
        );
    }

    #[test]
    fn what_clients_and_functions_wrote_steers_no_terminal() {
        let (text, table, queue, function) =
            (|| "\u{1b}[2J\n".to_owned(), "t".to_owned(), "q".to_owned(), "f".to_owned());
        let (method, path, reason) = (text(), text(), Some(text()));
        let answered = Answered { method, path, status: 400, milliseconds: 1, location: None, record: None, reason };
        let (location, first, last) = (Location::of("", Some(&text())), text(), "1".to_owned());
        for event in [
            Event::Answered(answered),
            Event::Row(Row { table, key: text(), kept: true }),
            Event::DeadLetter(DeadLetter { queue, reason: text(), location, first, last }),
            Event::Log(LogLine { function: function.clone(), line: text() }),
            Event::GivenUp(GivenUp {
                function,
                location: Location::of("", None),
                request: text(),
                reason: text(),
                to: Some(text()),
            }),
            Event::Warning { message: text() },
        ] {
            let shown = line(&event);
            assert!(!shown.contains("\u{1b}[2J") && !shown.contains('\n'), "{shown:?}");
        }
    }
}
