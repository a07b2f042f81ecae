//! What an answer means for a batch: partial-batch responses, and how long to wait before the next try.

use serde_json::Value;

use crate::invoke::Answer;

/// How long a failing batch rests before each further try: this, then twice as long each time, up to [`FAILED_MOST_MS`].
///
/// AWS says only that it backs off; these are chosen so that a repaired function goes on soon on a developer's machine.
const FAILED_FIRST_MS: i64 = 200;
const FAILED_MOST_MS: i64 = 10_000;
/// The same where the call did not reach the function, or the queue did not take a document.
const REFUSED_FIRST_MS: i64 = 1_000;
const REFUSED_MOST_MS: i64 = 30_000;
/// Characters of an error's type that are reported, and of its message.
const TYPE: usize = 80;
const MESSAGE: usize = 300;

/// What came of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All records are done with.
    Success,
    /// The records before this one are done with; it and all after it are tried again, also those that succeeded.
    From(usize),
    /// None is.
    Failed,
}

/// Judges an answer to a batch with these sequence numbers.
///
/// With `ReportBatchItemFailures` (`partial`), all of these are success, as recorded: an empty answer, `null`,
/// `""`, `[]`, `{}`, no list or an empty one. These are failure of the whole batch: an identifier that is `""`, null or not in
/// the batch, another key in its place, and an answer that is not an object. Otherwise the lowest named record counts.
/// An object without `batchItemFailures` has no list: success. AWS names this case neither way.
pub fn judge(answer: &Answer, partial: bool, sequences: &[&str]) -> Verdict {
    match named(answer, partial, sequences) {
        None => Verdict::Failed,
        // A batch is in the order of its sequence numbers, so the first place is the lowest number.
        Some(places) => places.into_iter().min().map_or(Verdict::Success, Verdict::From),
    }
}

/// The places of the records that an answer names as failed, as often as it names them: none where all succeeded. `None` is failure of
/// the whole batch.
pub fn named(answer: &Answer, partial: bool, ids: &[&str]) -> Option<Vec<usize>> {
    if answer.error.is_some() {
        return None;
    }
    if !partial || answer.payload.trim_ascii().is_empty() {
        return Some(Vec::new());
    }
    let failures = match serde_json::from_slice(&answer.payload).ok()? {
        Value::Null => Value::Null,
        Value::String(text) if text.is_empty() => Value::Null,
        Value::Array(list) if list.is_empty() => Value::Null,
        Value::Object(mut fields) => fields.remove("batchItemFailures").unwrap_or_default(),
        _ => return None,
    };
    let failures = match failures {
        Value::Null => Vec::new(),
        Value::Array(failures) => failures,
        _ => return None,
    };
    let place = |failure: &Value| {
        let name = failure.get("itemIdentifier")?.as_str()?;
        ids.iter().position(|id| *id == name)
    };
    failures.iter().map(place).collect()
}

/// What an answer's failure is: Lambda's word, the error's type and the start of its message, as far as it says them.
pub fn failure(answer: &Answer) -> Option<String> {
    let error = answer.error.as_ref()?;
    let document: Value = serde_json::from_slice(&answer.payload).unwrap_or_default();
    let said = |key: &str| document[key].as_str().filter(|text| !text.trim().is_empty());
    let mut text = error.clone();
    if let Some(kind) = said("errorType") {
        text.push_str(&format!(" ({})", kind.chars().take(TYPE).collect::<String>()));
    }
    if let Some(message) = said("errorMessage") {
        text.push_str(&format!(": {}", start_of(message)));
    }
    Some(text)
}

/// The first line of an error's message, without the call's id before it; not more than a few lines of a terminal.
fn start_of(message: &str) -> String {
    let line = message.trim().lines().next().unwrap_or_default();
    let after_id = line.strip_prefix("RequestId: ").and_then(|line| line.split_once(" Error: "));
    let line = after_id.map_or(line, |(_, line)| line);
    match line.char_indices().nth(MESSAGE) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

/// Milliseconds to wait after a batch failed for the nth time, from 0.
pub fn failed_pause_ms(nth: u32) -> i64 {
    doubled(FAILED_FIRST_MS, FAILED_MOST_MS, nth)
}

/// Milliseconds to wait after something was refused for the nth time in a row, from 0.
pub fn refused_pause_ms(nth: u32) -> i64 {
    doubled(REFUSED_FIRST_MS, REFUSED_MOST_MS, nth)
}

fn doubled(first: i64, most: i64, nth: u32) -> i64 {
    first.saturating_mul(1_i64 << nth.min(30)).min(most)
}
