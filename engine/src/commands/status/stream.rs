//! What carries the events: how old what is read is, against how long it is kept. One file for each kind of stream.

mod kinesis;
mod queue;
mod table_changes;

use super::station::Station;
use super::time::duration;
use crate::aws::Cx;
use crate::error::Result;
use crate::event::status::Part;
use crate::resource::Name;
use crate::spec::{Spec, Stream};

/// What a stream keeps, and since when it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub seconds: u64,
    /// When the stream was made, in seconds since 1970; nothing where nobody says.
    pub made: Option<u64>,
}

/// A stream whose records letters may only point to.
#[derive(Clone, Copy, Debug)]
pub enum Pointed<'a> {
    Kinesis(&'a str),
    /// Changes of a table are kept for a day.
    Changes,
}

impl<'a> Pointed<'a> {
    /// The stream of a spec, by its name; nothing of a queue, whose letters are the messages.
    pub fn of(spec: &Spec, name: &'a str) -> Option<Self> {
        match spec.stream.as_ref()? {
            Stream::Kinesis(_) => Some(Self::Kinesis(name)),
            Stream::TableChanges(_) => Some(Self::Changes),
            Stream::Queue(_) => None,
        }
    }

    /// How long it keeps records; nothing where it is not there.
    ///
    /// # Errors
    /// Those of Kinesis.
    pub async fn retention(self, cx: &Cx) -> Result<Option<Retention>> {
        match self {
            Self::Kinesis(name) => Ok(kinesis::look(cx, name).await?.map(|seen| seen.retention)),
            Self::Changes => Ok(Some(Retention { seconds: table_changes::KEPT, made: None })),
        }
    }
}

/// Who reads a stream.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// The function that it feeds.
    pub consumer: Option<&'a str>,
    pub patience: Patience,
}

/// When the mapping gives records up.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// At this age, in seconds.
    pub gives_up: u64,
    /// Whether they become letters then.
    pub has_dlq: bool,
}

/// The station of the stream.
pub fn at<'a>(cx: &'a Cx, stream: &Stream, (id, name): (&str, &'a Name), reader: Reader<'_>, now: u64) -> Station<'a> {
    match stream {
        Stream::Kinesis(_) => kinesis::at(cx, (id, name.as_str()), reader, now),
        Stream::TableChanges(_) => table_changes::at(cx, (id, name.as_str()), reader, now),
        Stream::Queue(_) => queue::at(cx, (id, name), now),
    }
}

/// Says that records wait for so long that the mapping may give them up, where the stream would keep them for longer: beyond two
/// thirds of that time. Times in seconds.
fn behind_patience(age: u64, patience: Patience, kept: u64, part: &mut Part) {
    let Patience { gives_up, has_dlq } = patience;
    if gives_up >= kept || age <= gives_up / 3 * 2 || age > kept / 3 {
        return;
    }
    let (old, all) = (duration(age), duration(gives_up));
    let message = format!("the oldest unread record is {old} old; the mapping gives records up after {all}");
    let end = if has_dlq { "are letters of the dlq" } else { "are lost, for there is no dlq" };
    part.needs_person(message, format!("the consumer fails, or is too slow; records that are given up {end}"));
}

/// Says that records wait for so long that they may be lost: for more than a third of the time that the stream keeps them.
/// `age` and `kept` in seconds.
fn behind(age: u64, kept: u64, now: u64, part: &mut Part) {
    if kept == 0 || age <= kept / 3 {
        return;
    }
    let (old, all) = (duration(age), duration(kept));
    let hint = "the consumer fails, or is too slow: its part says which";
    match kept.saturating_sub(age) {
        0 => part.needs_person(
            format!("the oldest unread record is {old} old; records expire after {all}: some are lost"),
            hint,
        ),
        left => {
            let left_text = duration(left);
            let message =
                format!("the oldest unread record is {old} old; records expire after {all}: {left_text} left");
            part.until(now + left, message, hint);
        }
    }
}

/// Milliseconds of a figure as seconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an age in milliseconds")]
fn seconds(milliseconds: f64) -> u64 {
    (milliseconds / 1000.0) as u64
}

#[cfg(test)]
mod tests;
