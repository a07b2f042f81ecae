//! Records of any feed written to a DynamoDB table: a record's JSON object, or a changed item, is the item, by PutItem.
//!
//! - [`feed`] says what a record is, where it came from, and when it fails for good; all else is the same for all feeds.
//! - Order is kept per table key within a batch; different keys are written concurrently.
//! - A record of a stream that can never succeed goes to the dead-letter queue with its payload, and the rest goes on. A message of
//!   a queue is named in the answer, and the queue's redrive policy moves it. A pushed event fails the call.
//! - Everything else that fails is tried again until shortly before the deadline, and then named in the answer, so that
//!   Lambda sends it again. So an item may be written more than once, always with the same content.
//! - An item replaces the one with its key; where `PIPE_OVERWRITE` is `false` the first one stays, and the later ones count as written.
//! - Few items are in memory at one time, whatever the records hold.
//!
//! Needs `dynamodb:PutItem` on the table, `dynamodb:DeleteItem` where `PIPE_DELETES` is `true`, and `sqs:SendMessage` on the queue of
//! a stream's letters, nothing else; so the types of the table's keys are not asked for, and DynamoDB's refusal shows a wrong one.

mod backoff;
mod batch;
mod cloud;
mod config;
mod dead_letter;
mod failure;
pub mod feed;
mod image;
mod item;
mod measure;
mod number;
mod progress;
mod report;
mod settle;
mod work;

pub use self::batch::Consumer;
pub use self::cloud::{DynamoTable, SqsQueue};
pub use self::config::Config;
pub use self::dead_letter::{Encoding, MAX_BODY_BYTES};
pub use self::failure::{Poison, PutError, Reason, SendError};
pub use self::item::{Item, Keys};
pub use self::report::{DeadLetter, NotWritten, Report};

use std::future::Future;

/// Where items are written.
pub trait Table {
    /// Writes one item.
    fn put(&self, item: Item) -> impl Future<Output = Result<Put, PutError>>;

    /// Deletes the row with this key, if it is there.
    fn delete(&self, key: Item) -> impl Future<Output = Result<(), PutError>>;
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is in the table.
    Written,
    /// Another one is there under its key, and stays.
    Kept,
}

/// Where records go that can never be written.
pub trait Queue {
    /// Sends one message of at most [`MAX_BODY_BYTES`].
    fn send(&self, body: &str) -> impl Future<Output = Result<(), SendError>>;
}
