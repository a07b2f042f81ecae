//! Log lines in portions that CloudWatch Logs takes (its API reference, PutLogEvents).

use aws_sdk_cloudwatchlogs::types::InputLogEvent;

/// What CloudWatch Logs counts for an event beside its text, in bytes.
pub const OVERHEAD: usize = 26;
/// The most of one PutLogEvents, in bytes and in events.
const BATCH_BYTES: usize = 1_048_576;
const BATCH_EVENTS: usize = 10_000;

/// Cuts lines into what one request takes.
pub fn batches(lines: Vec<InputLogEvent>) -> Vec<Vec<InputLogEvent>> {
    let mut all: Vec<Vec<InputLogEvent>> = Vec::new();
    let mut bytes = 0;
    for line in lines {
        let size = line.message().len() + OVERHEAD;
        match all.last_mut() {
            Some(batch) if bytes + size <= BATCH_BYTES && batch.len() < BATCH_EVENTS => {
                bytes += size;
                batch.push(line);
            }
            _ => {
                bytes = size;
                all.push(vec![line]);
            }
        }
    }
    all
}
