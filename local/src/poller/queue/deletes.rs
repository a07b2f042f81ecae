//! Messages that are done with and still have to be deleted.

use std::collections::{BTreeMap, VecDeque};

use crate::poller::outcome::refused_pause_ms;

/// SQS takes so many in one call.
const AT_ONCE: usize = 10;
/// Calls under way at the same time.
const CALLS: usize = 4;

/// A message that is done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub receipt: String,
    /// Nothing of this group is handed over before it is deleted: it would come back behind what came after it.
    group: Option<String>,
    /// When it becomes visible again.
    until_ms: i64,
    tries: u32,
    /// Not before this.
    at_ms: i64,
}

impl Done {
    pub fn new(receipt: String, group: Option<String>, until_ms: i64) -> Self {
        Self { receipt, group, until_ms, tries: 0, at_ms: i64::MIN }
    }
}

/// What came of the deletion of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    Yes,
    /// The receipt is not good any more: somebody else has deleted the message, or has it.
    Gone,
    No,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Deletes {
    waiting: VecDeque<Done>,
    under_way: usize,
    /// How many messages of a group are not deleted yet.
    groups: BTreeMap<String, usize>,
}

impl Deletes {
    pub fn push(&mut self, done: Done) {
        if let Some(group) = &done.group {
            *self.groups.entry(group.clone()).or_default() += 1;
        }
        self.waiting.push_back(done);
    }

    /// The groups that have messages which are not deleted yet.
    pub fn groups(&self) -> impl Iterator<Item = &String> {
        self.groups.keys()
    }

    fn ended(&mut self, done: &Done) {
        let Some(group) = &done.group else { return };
        if let Some(left) = self.groups.get_mut(group) {
            *left -= 1;
            if *left == 0 {
                self.groups.remove(group);
            }
        }
    }

    pub fn idle(&self) -> bool {
        self.waiting.is_empty() && self.under_way == 0
    }

    /// Whatever rests is tried at once.
    pub fn hurry(&mut self) {
        self.waiting.iter_mut().for_each(|done| done.at_ms = i64::MIN);
    }

    /// The next call to make, if there is one: then tell [`Deletes::took`].
    pub fn next(&mut self, now: i64) -> Option<Vec<Done>> {
        if self.under_way >= CALLS {
            return None;
        }
        let (mut next, mut later) = (Vec::new(), VecDeque::new());
        while next.len() < AT_ONCE
            && let Some(done) = self.waiting.pop_front()
        {
            // The first try comes however late it is: the receipt is good until the message is received again.
            match (done.tries > 0 && done.until_ms <= now, done.at_ms > now) {
                (true, _) => self.ended(&done),
                (false, true) => later.push_back(done),
                (false, false) => next.push(done),
            }
        }
        later.append(&mut self.waiting);
        self.waiting = later;
        self.under_way += usize::from(!next.is_empty());
        (!next.is_empty()).then_some(next)
    }

    /// Takes what came of a call: what failed is tried again after a while, unless all is to end.
    pub fn took(&mut self, results: impl IntoIterator<Item = (Done, Deleted)>, ends: bool, now: i64) {
        self.under_way = self.under_way.saturating_sub(1);
        for (mut done, deleted) in results {
            if deleted == Deleted::No && !ends {
                done.at_ms = now + refused_pause_ms(done.tries);
                done.tries += 1;
                self.waiting.push_back(done);
            } else {
                self.ended(&done);
            }
        }
    }

    /// When [`Deletes::next`] may have something without any news.
    pub fn wake(&self) -> Option<i64> {
        let next = self.waiting.iter().map(|done| done.at_ms).min();
        next.filter(|_| self.under_way < CALLS)
    }
}
