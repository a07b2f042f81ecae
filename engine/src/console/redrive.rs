//! Letters that go to the function once more, as `pipe dlq redrive` sends them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::answers::Refused;
use super::shared::Shared;
use crate::commands::dlq::letter::Letter;
use crate::commands::dlq::redrive::{Ask, Done, Redrive};
use crate::commands::running::Running;
use crate::error::{Error, Result};
use crate::event::redrive::Fate;

/// Letters of one call.
const MOST: usize = 1_000;
/// What is true of a letter that the function took and the queue still has.
const UNDELETED: &str = "the function took it, but it could not be deleted: the next redrive sends it once more";

/// What a page chose.
#[derive(Deserialize)]
pub struct Chosen {
    ids: Vec<String>,
}

impl Chosen {
    /// Reads what a page sends.
    ///
    /// # Errors
    /// It is something else; no letter, or too many at once. Without ids a redrive would be of all letters.
    pub fn of(body: Value) -> Result<Self, Refused> {
        let chosen: Self = serde_json::from_value(body).map_err(|error| Refused::new(400, &error.to_string()))?;
        match chosen.ids.len() {
            1..=MOST => Ok(chosen),
            0 => Err(Refused::new(400, "no letter is chosen")),
            _ => Err(Refused::new(400, "too many letters are chosen").hint("`pipe dlq redrive` sends all")),
        }
    }

    /// Sends those of the chosen letters that the queue has, and says what came of each. It goes on when the page is left.
    ///
    /// # Errors
    /// Those of `pipe dlq redrive`.
    pub async fn send(self, shared: &Arc<Shared>, running: Arc<Running>, there: &[String]) -> Result<Value> {
        // A beginning of an id would be one, too.
        let ids: Vec<String> = self.ids.iter().filter(|id| there.contains(id)).cloned().collect();
        let done = match ids.is_empty() {
            true => BTreeMap::new(),
            false => {
                let shared = Arc::clone(shared);
                let sending = tokio::spawn(async move {
                    let _one_at_a_time = shared.redriving.lock().await;
                    sent(&running, ids, &shared.stopping()).await
                });
                sending.await.map_err(|error| Error::defect(error.to_string()))??
            }
        };
        let result = |id: &String| {
            let (outcome, why) =
                done.get(id).map_or(("gone", "the queue does not show it any more"), |done| fate(done));
            json!({ "id": id, "outcome": outcome, "why": Some(why).filter(|why| !why.is_empty()) })
        };
        Ok(json!({ "results": self.ids.iter().map(result).collect::<Value>() }))
    }
}

/// Sends letters until `stopped` turns true; what is under way is finished.
async fn sent(running: &Running, ids: Vec<String>, stopped: &watch::Receiver<bool>) -> Result<BTreeMap<String, Done>> {
    let queue = running.queue().await?;
    let queue = queue.ok_or_else(|| Error::fatal("the pipeline has no dead-letter queue"))?;
    let redrive = Redrive::of(running, &queue).await?;
    let mut done = BTreeMap::new();
    let ask = Ask { ids, ..Ask::default() };
    let mut told = |letter: &Letter, one: &Done| drop(done.insert(letter.id.clone(), one.clone()));
    let (_, ended) = redrive.letters(&ask, None, stopped, &mut told).await;
    // What came of some is worth more than why it ended early.
    if done.is_empty() { ended.map(|()| done) } else { Ok(done) }
}

fn fate(done: &Done) -> (&'static str, &str) {
    match done.fate {
        Fate::Taken => ("taken", &done.why),
        Fate::Undeleted => ("taken", UNDELETED),
        Fate::Failed | Fate::Kept => ("kept", &done.why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_chosen_is_not_all_of_them() {
        for body in [json!({ "ids": [] }), json!({}), json!({ "ids": "a" }), json!({ "ids": vec!["a"; MOST + 1] })] {
            assert_eq!(Chosen::of(body).err().map(|refused| refused.status), Some(400));
        }
        assert!(Chosen::of(json!({ "ids": ["a"] })).is_ok());
    }
}
