//! Where the records of a batch stand: the words between those who write (`batch`) and the one who settles (`settle`).

use super::failure::Poison;

/// Stands for an error code where no call was answered before the time was up.
pub const DEADLINE: &str = "deadline";

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not reached yet.
    Waiting,
    Written,
    /// Another one is there under its key, which is as good as written.
    Kept,
    /// There is nothing to do: the row of a REMOVE stays where rows are not to be deleted.
    Skipped,
    /// It can never be written, and is not in the queue yet.
    Poison(Poison),
    /// In the queue.
    DeadLettered,
    /// Tried until the time was up; the last error code.
    Failed(String),
}

impl State {
    /// Whether the record needs no other attempt.
    pub fn is_done(&self) -> bool {
        matches!(self, State::Written | State::Kept | State::Skipped | State::DeadLettered)
    }
}

/// What became of one record's writing: index within the batch, new state, repeated calls.
pub type Fact = (usize, State, u32);
