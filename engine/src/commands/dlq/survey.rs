//! Counts the letters of a queue, and remembers which they were.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use tokio::sync::watch;

use super::letter::Letter;
use super::walk::{BATCH, Queue, Walk};
use crate::error::Result;
use crate::event::redrive::Counted;
use crate::tame::tame;
use crate::term::some;

/// What is in a queue.
#[derive(Debug, Default)]
pub struct Survey {
    pub counted: Counted,
    /// Hashes of the ids of those that were counted.
    ids: HashSet<u64>,
    hasher: RandomState,
}

impl Survey {
    /// Looks at the messages of a queue, at most at so many that are chosen, and makes them visible again.
    ///
    /// # Errors
    /// Those of SQS.
    pub async fn of(
        queue: &impl Queue,
        stopped: &watch::Receiver<bool>,
        limit: Option<usize>,
        chooses: impl Fn(&Letter) -> bool,
    ) -> Result<Self> {
        let (mut survey, mut walk, limit) = (Self::default(), Walk::new(queue), limit.unwrap_or(usize::MAX));
        let ended = loop {
            let room = limit - survey.counted.letters;
            if room == 0 || *stopped.borrow() {
                walk.more = true;
                break Ok(());
            }
            match walk.next(room.min(BATCH)).await {
                Err(error) => break Err(error),
                Ok(held) if held.is_empty() => break Ok(()),
                Ok(held) => {
                    held.iter().for_each(|held| survey.count(&held.letter, chooses(&held.letter)));
                    walk.set_aside(held.into_iter().map(|held| held.receipt).collect()).await;
                }
            }
        };
        walk.end().await;
        survey.counted.more = walk.more;
        ended.map(|()| survey)
    }

    fn count(&mut self, letter: &Letter, chosen: bool) {
        if !chosen {
            self.counted.of_others += 1;
            return;
        }
        self.counted.letters += 1;
        *self.counted.reasons.entry(letter.form().reason().to_owned()).or_default() += 1;
        self.ids.insert(self.hasher.hash_one(&letter.id));
    }

    /// Whether the message with this id was counted.
    pub fn has(&self, id: &str) -> bool {
        self.ids.contains(&self.hasher.hash_one(id))
    }

    /// For people.
    pub fn text(&self) -> String {
        let Counted { letters, reasons, of_others: others, more } = &self.counted;
        let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {}", tame(reason))).collect();
        let colon = if reasons.is_empty() { "" } else { ": " };
        let mut text = format!("{}{colon}{}\n", some(*letters, "letter"), reasons.join(", "));
        if *others > 0 {
            text += &format!("{others} messages are not meant, or are of another tool or pipeline\n");
        }
        if *more {
            text += "there may be more\n";
        }
        text
    }
}
