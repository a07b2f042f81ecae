//! What a change of a mapping does to the records on their way.

use super::Mapping;
use crate::resource::{Advice, Changed, How};

/// What each change comes to.
pub fn advice(of: &Changed<'_, Mapping>) -> Advice {
    match *of {
        Changed::New(new) => Advice { catches_up: new.enabled && new.start != "newest", ..Advice::default() },
        Changed::Edit { desired, live, how } => edit(desired, live, how),
        Changed::End { live, gone } => Advice { means: ends(live, gone), ..Advice::default() },
    }
}

/// What those that drain beside it come to is said once: their settings are its own.
fn edit(desired: &Mapping, live: &Mapping, how: &How) -> Advice {
    let (mut loses_first, mut widening, mut meaning) =
        (loses(desired, live), widens(desired, live), means(desired, live, how));
    for (desired, live) in desired.draining_beside(live) {
        let of_old = |text: String| format!("the mapping of the table's old stream: {text}");
        if loses_first.is_none() {
            loses_first = loses(desired, live).map(of_old);
        }
        let new = |said: &[String], texts: Vec<String>| -> Vec<String> {
            texts.into_iter().filter(|text| !said.contains(text)).map(of_old).collect()
        };
        widening.extend(new(&widening, widens(desired, live)));
        meaning.extend(new(&meaning, means(desired, live, &How::default())));
    }
    Advice { loses: loses_first, widens: widening, means: meaning, ..Advice::default() }
}

/// That it feeds its function again: disabling a mapping stops a function in an emergency.
fn widens(desired: &Mapping, live: &Mapping) -> Vec<String> {
    let again = desired.enabled && !live.enabled;
    again.then(|| "it is disabled now, and feeds its function again after this".to_owned()).into_iter().collect()
}

/// Says it for people, worst first. A replaced mapping has no checkpoint, so where it starts decides what is read.
fn means(desired: &Mapping, live: &Mapping, how: &How) -> Vec<String> {
    let mut all: Vec<String> = desired.told_of_succession(live).filter(|_| !how.replaced).into_iter().collect();
    if how.replaced {
        all.push(start(desired, live, how));
    }
    if !desired.of_stream() {
        let waits = live.enabled && !desired.enabled;
        let told = "messages wait from now on, and are lost when the queue's retention ends";
        all.extend(waits.then(|| told.to_owned()));
        all.extend(filtered(desired, live));
        return all;
    }
    all.extend(sooner(desired, live));
    all.extend(fewer(desired, live));
    let mut say = |so: bool, text: &str| all.extend(so.then(|| text.to_owned()));
    say(live.enabled && !desired.enabled, "records wait from now on, and are lost when the stream's retention ends");
    say(
        desired.retries == -1 && live.retries != -1,
        "retries are unlimited: a batch that fails holds up its shard until its records expire",
    );
    say(
        desired.parallelization > 1 && live.parallelization == 1,
        "order is kept for each partition key only, no longer for a shard",
    );
    say(
        live.bisect && !desired.bisect && !desired.partial,
        "one bad record takes the others of its batch with it: failed batches are no longer split",
    );
    say(
        live.partial && !desired.partial,
        "the function's word on single records no longer counts: a failed batch is retried as a whole",
    );
    all.extend(filtered(desired, live));
    all
}

/// What the function gets no longer, and what it gets that it did not. Filters are joined by *or*, so that another one lets more in.
fn filtered(desired: &Mapping, live: &Mapping) -> Vec<String> {
    let (what, fate) = match desired.of_stream() {
        true => ("records", "are passed over from now on, and leave no trace"),
        false => {
            ("messages", "are deleted from now on, and leave no trace: they reach neither the function nor the dlq")
        }
    };
    let lacks = |one: &Mapping, other: &Mapping| other.filters.iter().any(|filter| !one.filters.contains(filter));
    let (all_now, all_then) = (desired.filters.is_empty(), live.filters.is_empty());
    let mut told = Vec::new();
    if !all_now && (all_then || lacks(desired, live)) {
        let which = if desired.filters.len() == 1 { "do not match the filter" } else { "match none of the filters" };
        told.push(format!("{what} that {which} {fate}"));
    }
    if !all_then && (all_now || lacks(live, desired)) {
        let which =
            if all_now { "are handed over, whatever they hold" } else { "that match a new filter are handed over" };
        told.push(format!(
            "{what} {which}, from now on: those that came before and matched no filter do not come again"
        ));
    }
    told
}

/// What is lost without a trace.
pub(super) fn loses(desired: &Mapping, live: &Mapping) -> Option<String> {
    // A queue moves its messages itself.
    if !desired.of_stream() {
        return None;
    }
    match (desired.on_failure.as_str(), live.on_failure.as_str()) {
        ("", "") => bound(desired, live).map(|age| {
            format!("waiting records older than {age} are given up, and without a dlq nothing is left of them")
        }),
        ("", _) => {
            Some("records that are given up from now on are lost: without a dlq nothing is left of them".to_owned())
        }
        _ => None,
    }
}

/// Says that waiting records are no longer read when the mapping goes. If its source goes too, none are left.
fn ends(live: &Mapping, gone: &[String]) -> Vec<String> {
    if !live.of_stream() || gone.iter().any(|property| property == "source") {
        return Vec::new();
    }
    vec![
        "records wait in the stream, and are lost when its retention ends".to_owned(),
        "its checkpoint is lost: a mapping made later begins at its `start`".to_owned(),
    ]
}

fn start(desired: &Mapping, live: &Mapping, how: &How) -> String {
    if !desired.of_stream() {
        let moved = desired.source != live.source && live.of_stream();
        let what = if moved {
            "the records that the stream still holds"
        } else {
            "the messages that the old queue still holds"
        };
        return format!("{what} are no longer read");
    }
    let old = match () {
        // The same stream, as a consumer with a throughput of its own or no longer.
        () if switches(desired, live) => None,
        () if desired.source != live.source => Some("the records that the old stream still holds are no longer read"),
        // Deleted and made again, so that it has the same ARN.
        () if how.is_anew("source") => Some("the records that the old stream still held are lost"),
        () => None,
    };
    match (old, desired.start.as_str()) {
        (Some(old), "oldest") => format!("the new stream is read from its oldest record; {old}"),
        (Some(old), "newest") => {
            format!("records that reach the new stream before the mapping polls are skipped, and {old}")
        }
        (Some(old), at) => format!("the new stream is read from {}: older records are skipped; {old}", time(at)),
        (None, "oldest") => {
            "the stream is read again from its oldest record, so records that were handled before come again".to_owned()
        }
        (None, "newest") => {
            "records that are not read yet, or come before the new mapping polls, are skipped".to_owned()
        }
        (None, at) => format!(
            "the stream is read from {}: older records are skipped, newer ones that were handled before come again",
            time(at)
        ),
    }
}

/// Whether only the way to the stream is another: as a registered consumer, no longer so, or as another one.
fn switches(desired: &Mapping, live: &Mapping) -> bool {
    let stream = |mapping: &Mapping| mapping.source.split("/consumer/").next().map(str::to_owned);
    desired.source != live.source && stream(desired) == stream(live)
}

fn time(at: &str) -> &str {
    at.trim_start_matches("at ")
}

fn sooner(desired: &Mapping, live: &Mapping) -> Option<String> {
    // That is a loss, which `loses` reports already.
    if desired.on_failure.is_empty() && live.on_failure.is_empty() {
        return None;
    }
    let end = if desired.on_failure.is_empty() { "and are lost" } else { "and the dlq gets their position" };
    Some(format!("records older than {} are given up from now on, {end}", bound(desired, live)?))
}

/// The age that records may have from now on, where they might be older before.
fn bound(desired: &Mapping, live: &Mapping) -> Option<String> {
    let (now, then) = (desired.max_age_seconds, live.max_age_seconds);
    let (count, one, many) = match now {
        _ if now < 0 || (then >= 0 && now >= then) => return None,
        _ if now % 3600 == 0 => (now / 3600, "hour", "hours"),
        _ if now % 60 == 0 => (now / 60, "minute", "minutes"),
        _ => (now, "second", "seconds"),
    };
    Some(counted(count, one, many))
}

fn fewer(desired: &Mapping, live: &Mapping) -> Option<String> {
    let before = match (desired.retries, live.retries) {
        (now, then) if now < 0 || (then >= 0 && now >= then) => return None,
        (_, -1) => "; they were unlimited".to_owned(),
        (_, then) => format!(", no longer {then}"),
    };
    Some(format!("a batch that fails is given up after {}{before}", counted(desired.retries, "retry", "retries")))
}

fn counted(count: i32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
