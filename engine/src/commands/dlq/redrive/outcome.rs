//! How letters end.

use crate::event::redrive::Fate;

/// The end of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub fate: Fate,
    /// How many of its records went to the function, and how many of them it did not take.
    pub records: usize,
    pub failed: usize,
    /// Why it stays in the queue; empty where it does not.
    pub why: String,
}

/// The end of all letters, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub taken: usize,
    pub failed: usize,
    pub kept: usize,
    /// Records that the function took.
    pub records: usize,
    /// Letters whose events went to the function in this run already: it could not handle them, and wrote them anew.
    pub came_back: usize,
    /// Whether there may be letters that were not looked at.
    pub more: bool,
}

impl Tally {
    /// Whether there was no letter.
    pub fn is_nothing(&self) -> bool {
        self.taken + self.failed + self.kept + self.came_back == 0
    }
}
