//! A queue as SQS is, and a function, in memory: whatever they do may fail, and a run may be killed at it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fastrand::Rng;
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::super::*;
use crate::error::Error;

/// A message of a queue that is made up.
pub struct Message {
    letter: Letter,
    pub visible: Instant,
    receives: usize,
    pub deleted: bool,
}

/// A queue as SQS is: a receipt is good until the message is received again.
pub struct World {
    pub messages: Mutex<Vec<Message>>,
    pub rng: Mutex<Rng>,
    /// How often the function got each letter, in the order of the calls.
    pub calls: Mutex<Vec<String>>,
    /// One call in so many fails; none for 0.
    pub failing: u32,
    /// Calls until the run is killed.
    pub left: Mutex<Option<u32>>,
    pub killed: Notify,
    /// Whether the function fails on letters whose reason is `poison`, and writes those anew whose reason is `again`.
    pub mended: AtomicBool,
}

impl World {
    pub fn new(seed: u64, letters: Vec<Letter>) -> Arc<Self> {
        Arc::new(Self {
            messages: Mutex::new(letters.into_iter().map(message).collect()),
            rng: Mutex::new(Rng::with_seed(seed)),
            calls: Mutex::default(),
            failing: 0,
            left: Mutex::new(None),
            killed: Notify::new(),
            mended: AtomicBool::new(true),
        })
    }

    /// Something happens: here a run may be killed, and takes a moment.
    async fn step(&self) {
        let over = {
            let mut left = self.left.lock().unwrap();
            left.as_mut().is_some_and(|left| {
                *left = left.saturating_sub(1);
                *left == 0
            })
        };
        if over {
            self.killed.notify_one();
            std::future::pending::<()>().await;
        }
        let moment = self.rng.lock().unwrap().u64(1..50);
        sleep(Duration::from_millis(moment)).await;
    }

    fn fails(&self) -> bool {
        self.failing > 0 && self.rng.lock().unwrap().u32(..self.failing) == 0
    }

    fn with(&self, receipt: &str, act: impl FnMut(&mut Message)) {
        let mut messages = self.messages.lock().unwrap();
        let (id, receives) = receipt.split_once('/').unwrap();
        let found =
            messages.iter_mut().find(|message| message.letter.id == id && message.receives.to_string() == receives);
        found.into_iter().for_each(act);
    }

    pub fn there(&self) -> Vec<String> {
        let messages = self.messages.lock().unwrap();
        messages.iter().filter(|message| !message.deleted).map(|message| message.letter.id.clone()).collect()
    }

    pub fn all_visible(&self) -> bool {
        self.messages.lock().unwrap().iter().all(|message| message.deleted || message.visible <= Instant::now())
    }

    pub fn calls_of(&self, id: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|called| *called == id).count()
    }
}

impl Queue for Arc<World> {
    async fn receive(&self, most: usize) -> Result<Vec<Held>> {
        self.step().await;
        if self.fails() {
            return Err(Error::fatal("no receive"));
        }
        let mut messages = self.messages.lock().unwrap();
        let visible = messages.iter_mut().filter(|message| !message.deleted && message.visible <= Instant::now());
        let held = visible.take(most).map(|message| {
            message.receives += 1;
            message.visible = Instant::now() + Duration::from_secs(HIDDEN_SECONDS.unsigned_abs().into());
            let receipt = format!("{}/{}", message.letter.id, message.receives);
            Held { letter: message.letter.clone(), receipt, message: None }
        });
        Ok(held.collect())
    }

    async fn hide(&self, receipts: &[String], seconds: i32) {
        self.step().await;
        let until = Instant::now() + Duration::from_secs(seconds.unsigned_abs().into());
        receipts.iter().for_each(|receipt| self.with(receipt, |message| message.visible = until));
    }

    async fn hides(&self) -> bool {
        false
    }

    async fn delete(&self, receipts: &[String]) -> Result<Vec<String>> {
        self.step().await;
        if self.fails() {
            return Err(Error::fatal("no delete"));
        }
        let (failed, done): (Vec<&String>, Vec<&String>) = receipts.iter().partition(|_| self.fails());
        done.iter().for_each(|receipt| self.with(receipt, |message| message.deleted = true));
        Ok(failed.into_iter().cloned().collect())
    }
}

/// The function: it takes up to three minutes, longer than a message is hidden at first.
pub struct Function(pub Arc<World>);

impl Hand for Function {
    async fn hand(&self, held: &Held) -> Result<Done> {
        let Self(world) = self;
        world.step().await;
        let slow = world.rng.lock().unwrap().u64(1..180_000);
        world.calls.lock().unwrap().push(held.letter.id.clone());
        sleep(Duration::from_millis(slow)).await;
        let (reason, mended) = (held.letter.form().reason(), world.mended.load(Ordering::Relaxed));
        if reason == "poison" && !mended {
            return Ok(Done { fate: Fate::Failed, records: 1, failed: 1, why: "poison".to_owned() });
        }
        if reason == "again" && !mended {
            let mut messages = world.messages.lock().unwrap();
            let mut letter = held.letter.clone();
            letter.id += "-again";
            messages.push(message(letter));
        }
        Ok(Done { fate: Fate::Taken, records: 1, failed: 0, why: String::new() })
    }
}

fn message(letter: Letter) -> Message {
    Message { letter, visible: Instant::now(), receives: 0, deleted: false }
}

/// A letter of the bundled handler.
pub fn letter(number: usize, key: &str, reason: &str) -> Letter {
    let body = json!({
        "version": 1, "reason": reason, "message": "", "eventID": format!("shardId-0:{number}"), "streamArn": "arn:s",
        "shardId": "shardId-0", "sequenceNumber": number.to_string(), "partitionKey": key,
        "arrivedAt": "2019-11-14T00:38:04.835Z", "encoding": "base64", "payload": "e30=",
    });
    Letter::new(letter::Message { id: format!("m{number}"), body: body.to_string(), ..letter::Message::default() })
}

/// A letter that was moved from a FIFO queue.
pub fn moved(number: usize, group: &str, body: &str) -> Letter {
    let said = [("DeadLetterQueueSourceArn", "arn:aws:sqs:r:1:q.fifo"), ("MessageGroupId", group)];
    let system = said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (id, body) = (format!("m{number}"), body.to_owned());
    Letter::new(letter::Message { id, body, system, ..letter::Message::default() })
}
