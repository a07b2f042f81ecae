//! Letters whose order counts go one after the other, in a lane; lanes go at the same time.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::super::letter::{self, Again, Letter};
use super::super::payload::Payload;
use super::super::walk::Held;
use super::outcome::Done;
use super::run::Hand;
use crate::error::Error;
use crate::event::redrive::Fate;

/// What the tasks of one window share.
pub struct Lane<'a, H> {
    pub hands: &'a H,
    pub stopped: &'a watch::Receiver<bool>,
    pub failed: &'a Mutex<Option<Error>>,
    pub fifo: bool,
}

impl<H: Hand> Lane<'_, H> {
    /// Hands letters over, one after the other, and tells what came of each: nothing where it did not go.
    pub async fn go(&self, lane: Vec<Held>, told: &mpsc::UnboundedSender<(Held, Option<Done>)>) {
        let mut behind = false;
        for held in lane {
            let over = *self.stopped.borrow() || self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some();
            let came = match behind || over {
                true => None,
                false => match self.hands.hand(&held).await {
                    Ok(done) => Some(done),
                    Err(error) => {
                        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        None
                    }
                },
            };
            behind |= self.fifo && came.as_ref().is_none_or(|done| done.fate != Fate::Taken);
            // Whoever listens does so until the last lane is done.
            let _ = told.send((held, came));
        }
    }
}

/// What tells an event from all others of the queue.
pub fn event_of(letter: &Letter) -> String {
    match letter.form().event_id() {
        Some(id) => format!("event {} {id}", letter.form().source_arn().unwrap_or_default()),
        None => format!("letter {}", letter.id),
    }
}

/// Letters whose order counts, each lane in its order.
pub fn lanes(window: Vec<Held>) -> Vec<Vec<Held>> {
    let mut lanes: BTreeMap<String, Vec<Held>> = BTreeMap::new();
    for held in window {
        lanes.entry(lane_of(&held.letter)).or_default().push(held);
    }
    let mut lanes: Vec<Vec<Held>> = lanes.into_values().collect();
    for lane in &mut lanes {
        lane.sort_by(|a, b| match (a.letter.form().place(), b.letter.form().place()) {
            (Some(a), Some(b)) => letter::by_number(a.first, b.first),
            // SQS gives the messages of a group in their order.
            _ => Ordering::Equal,
        });
    }
    lanes
}

fn lane_of(letter: &Letter) -> String {
    let form = letter.form();
    let source = form.source_arn().unwrap_or_default();
    match (form.group(), form.partition_key(), form.place()) {
        (Some(group), ..) => format!("group {group}"),
        (None, Some(key), _) => format!("key {source} {key}"),
        (None, None, Some(place)) if form.again() == Again::Records => format!("shard {source} {}", place.shard),
        (None, None, Some(_)) => format!("item {source} {}", item(form.payload())),
        _ => format!("letter {}", letter.id),
    }
}

/// The keys of the item that a change is of.
fn item(change: Option<Payload>) -> String {
    let Some(Payload::Data(data)) = change else { return String::new() };
    let change: Value = serde_json::from_slice(&data).unwrap_or_default();
    change.pointer("/dynamodb/Keys").map(Value::to_string).unwrap_or_default()
}
