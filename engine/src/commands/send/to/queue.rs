//! Messages of a queue. A call to a standard queue is made once: what is repeated might come twice. A FIFO queue knows a message again
//! by its deduplication id, which no other has.
//!
//! IAM: sqs:SendMessage.

use std::collections::BTreeMap;

use aws_sdk_sqs::config::Builder;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry as Entry;
use aws_smithy_types::retry::RetryConfig;

use super::{Answer, How, Most, Taken, all_refused, refused};
use crate::aws::Cx;
use crate::commands::dlq::peek::is_fifo;
use crate::commands::send::event::Event;
use crate::error::{Error, Result};

/// What a call takes (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>).
pub const MOST: Most = Most { events: 10, bytes: MAX_BYTES, each: 0 };
const MAX_BYTES: usize = 1024 * 1024;

/// The message group of a FIFO queue where none is asked for.
const GROUP: &str = "pipe";

/// What AWS says to messages that it can never take.
const BAD: &[&str] = &[
    "AWS.SimpleQueueService.BatchRequestTooLong",
    "BatchRequestTooLong",
    "InvalidMessageContents",
    "InvalidParameterValue",
    "MissingParameter",
];

/// A queue. Cheap to clone.
#[derive(Clone)]
pub struct Queue {
    cx: Cx,
    name: String,
    url: String,
    /// That which is asked for.
    group: Option<String>,
    fifo: bool,
    run: u64,
}

impl Queue {
    /// The queue of this name, which ends in `.fifo` where it is one.
    pub fn new(cx: Cx, name: String, url: String, how: &How<'_>) -> Self {
        let fifo = is_fifo(&name);
        let group = how.group.map(str::to_owned);
        Self { cx, name, url, group, fifo, run: how.run }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether messages of one group come in the order in which they were sent.
    pub fn keeps_order(&self) -> bool {
        self.fifo
    }

    /// Sends messages.
    ///
    /// # Errors
    /// Those of SQS that are not about the messages.
    pub async fn send(self, events: Vec<Event>) -> Result<Vec<Answer>> {
        let (mut answers, mut entries, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        for event in events {
            match text(&event.body) {
                Ok(body) => {
                    entries.push(self.entry(entries.len(), &event, body)?);
                    sent.push(event);
                }
                Err(why) => answers.push(refused(event, 400, why)),
            }
        }
        if !sent.is_empty() {
            answers.extend(self.call(sent, entries).await?);
        }
        Ok(answers)
    }

    fn entry(&self, at: usize, event: &Event, body: &str) -> Result<Entry> {
        let own = || event.lane.clone().or_else(|| Some(GROUP.to_owned())).filter(|_| self.fifo);
        let group = self.group.clone().or_else(own);
        let entry = Entry::builder().id(at.to_string()).message_body(body).set_message_group_id(group);
        let unique = self.fifo.then(|| format!("{:x}-{}", self.run, event.n));
        entry.set_message_deduplication_id(unique).build().map_err(|error| Error::defect(error.to_string()))
    }

    async fn call(&self, events: Vec<Event>, entries: Vec<Entry>) -> Result<Vec<Answer>> {
        let call = self.cx.aws.sqs.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let sent = match self.fifo {
            true => call.send().await,
            false => {
                let once = Builder::new().retry_config(RetryConfig::disabled());
                call.customize().config_override(once).send().await
            }
        };
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => return all_refused(events, error.into(), BAD),
        };
        let taken = answer.successful.into_iter().map(|entry| (entry.id, entry.message_id));
        let mut taken: BTreeMap<String, String> = taken.collect();
        let mut failed: BTreeMap<String, _> =
            answer.failed.into_iter().map(|entry| (entry.id.clone(), entry)).collect();
        let answered = |(at, event): (usize, Event)| {
            let id = at.to_string();
            match (taken.remove(&id), failed.remove(&id)) {
                (Some(message), _) => {
                    let taken = Some(Taken::message(Some(&self.name), message));
                    Answer { event, status: 200, taken, message: None }
                }
                (None, Some(entry)) => {
                    let status = if entry.sender_fault { 400 } else { 500 };
                    refused(event, status, entry.message.unwrap_or(entry.code))
                }
                (None, None) => refused(event, 500, "SQS does not say what became of it"),
            }
        };
        Ok(events.into_iter().enumerate().map(answered).collect())
    }
}

/// The body as a message that SQS takes, else why it does not: of one that is bad it refuses the whole call
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>).
fn text(body: &[u8]) -> Result<&str, &'static str> {
    let known = |letter: char| matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}');
    match std::str::from_utf8(body) {
        Err(_) => Err("it is not UTF-8"),
        Ok("") => Err("it is empty"),
        Ok(text) if text.len() > MAX_BYTES => Err("it is larger than 1 MiB"),
        Ok(text) if !text.chars().all(known) => Err("it has characters that XML does not know"),
        Ok(text) => Ok(text),
    }
}

pub fn hint(status: u16) -> Option<String> {
    let text = match status {
        400 => "a message is a text of 1 byte to 1 MiB, without control characters but tabs and ends of lines",
        429 => "SQS takes no more calls for a moment: send fewer",
        500..=599 => "SQS did not take it: send it again",
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_sqs_takes_is_sent() {
        for body in ["{", "a\tb\r\n", "\u{fffd}\u{10ffff}", "☃"] {
            assert_eq!(text(body.as_bytes()), Ok(body));
        }
        let long = "x".repeat(MAX_BYTES + 1);
        for body in ["", "\0", "\u{1b}[2J", "\u{ffff}", "\u{fffe}", long.as_str()] {
            assert!(text(body.as_bytes()).is_err(), "{body:.20}");
        }
        assert_eq!(text(&[0xff]), Err("it is not UTF-8"));
    }
}
