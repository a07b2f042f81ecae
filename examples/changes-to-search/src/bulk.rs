//! The `_bulk` call (<https://docs.opensearch.org/latest/api-reference/document-apis/bulk/>): actions in order, split where they are
//! too large for one call, and repeated where the service is busy, until the time is up.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};

use crate::change::Action;
use crate::search::{Reply, Search};

/// What one call takes to begin with. The least that AWS's domains take is 10 MiB; smaller calls are answered sooner.
const BYTES: usize = 4 * 1024 * 1024;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Letters of the service's own reason that go to the log: it quotes the document.
const REASON: usize = 200;

/// What became of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The index has it, or something newer.
    Done,
    /// It is refused, and would be each time.
    Refused(String),
    /// The time was up before.
    Unfinished(String),
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    items: Vec<Item>,
}

/// The action's name with what became of it.
#[derive(Deserialize)]
struct Item {
    #[serde(alias = "index", alias = "delete")]
    done: Done,
}

#[derive(Deserialize)]
struct Done {
    status: u16,
    error: Option<Why>,
}

#[derive(Deserialize)]
struct Why {
    #[serde(rename = "type", default)]
    kind: String,
    reason: Option<String>,
}

/// What a call means for its actions.
enum Meaning {
    /// Each has its own outcome; nothing where it is to be tried again.
    Each(Vec<Option<Outcome>>),
    /// The call is too large.
    TooLarge,
    /// All are refused.
    Refused(String),
    /// All are to be tried again.
    Again(String),
}

/// What is to be done, and what became of what was done.
struct Work<'a> {
    actions: &'a [&'a Action],
    outcomes: Vec<Option<Outcome>>,
    /// Calls to make, each with the places of its actions.
    waiting: VecDeque<Vec<usize>>,
    /// Why the last action was not settled.
    why: String,
}

/// Posts actions, in their order, and returns what became of each.
pub async fn post(search: &Search, actions: &[&Action], until: Instant) -> Vec<Outcome> {
    let (outcomes, waiting) = (vec![None; actions.len()], calls(actions));
    let mut work = Work { actions, outcomes, waiting, why: "there was no time".to_owned() };
    let mut pause = FIRST_PAUSE;
    while let Some(call) = work.waiting.pop_front() {
        // A call that the time cuts off may take effect all the same: it comes again, and that is none the worse.
        let Ok(reply) = timeout_at(until, search.bulk(&body(actions, &call))).await else { break };
        let again = work.learn(meaning(reply, &call, actions), call);
        if again.is_empty() {
            pause = FIRST_PAUSE;
            continue;
        }
        work.waiting.push_front(again);
        if Instant::now() + pause >= until {
            break;
        }
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
    let Work { outcomes, why, .. } = work;
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Outcome::Unfinished(why.clone()))).collect()
}

impl Work<'_> {
    /// Keeps what a call did, and returns what of it is to be done again after a pause.
    fn learn(&mut self, meaning: Meaning, call: Vec<usize>) -> Vec<usize> {
        match meaning {
            Meaning::TooLarge if call.len() > 1 => {
                let (first, second) = call.split_at(call.len() / 2);
                self.waiting.push_front(second.to_vec());
                self.waiting.push_front(first.to_vec());
                Vec::new()
            }
            Meaning::TooLarge => self.refused(&call, "413: it is too large for a call"),
            Meaning::Refused(why) => self.refused(&call, &why),
            Meaning::Again(why) => {
                self.why = why;
                call
            }
            Meaning::Each(each) => {
                let again = again(&call, &each, self.actions);
                for (at, outcome) in call.iter().zip(each) {
                    self.outcomes[*at] = outcome;
                }
                again.iter().for_each(|at| self.outcomes[*at] = None);
                "the service is busy".clone_into(&mut self.why);
                again
            }
        }
    }

    fn refused(&mut self, call: &[usize], why: &str) -> Vec<usize> {
        call.iter().for_each(|at| self.outcomes[*at] = Some(Outcome::Refused(why.to_owned())));
        Vec::new()
    }
}

/// The actions in calls of a size that services take, by their places.
fn calls(actions: &[&Action]) -> VecDeque<Vec<usize>> {
    let (mut calls, mut bytes) = (VecDeque::new(), usize::MAX);
    for (at, action) in actions.iter().enumerate() {
        let more = action.id.len() + action.document.as_ref().map_or(0, String::len) + 100;
        match calls.back_mut() {
            Some(call) if bytes + more <= BYTES => Vec::push(call, at),
            _ => {
                calls.push_back(vec![at]);
                bytes = 0;
            }
        }
        bytes += more;
    }
    calls
}

fn body(actions: &[&Action], call: &[usize]) -> String {
    let mut body = String::new();
    for action in call.iter().map(|at| actions[*at]) {
        let which = json!({ "_id": action.id, "version": action.version, "version_type": "external_gte" });
        match &action.document {
            Some(document) => body += &format!("{}\n{document}\n", json!({ "index": which })),
            None => body += &format!("{}\n", json!({ "delete": which })),
        }
    }
    body
}

/// What is to be sent again: what is not settled, and behind it each action on the same document. Else an older change that shares
/// its version with a newer one would come last.
fn again(call: &[usize], each: &[Option<Outcome>], actions: &[&Action]) -> Vec<usize> {
    let mut ids = BTreeSet::new();
    let wanted = |(at, outcome): (&usize, &Option<Outcome>)| {
        let id = actions[*at].id.as_str();
        let again = outcome.is_none() || ids.contains(id);
        if again {
            ids.insert(id);
        }
        again.then_some(*at)
    };
    call.iter().zip(each).filter_map(wanted).collect()
}

fn meaning(reply: Result<Reply, String>, call: &[usize], actions: &[&Action]) -> Meaning {
    let Reply { status, body } = match reply {
        Ok(reply) => reply,
        Err(why) => return Meaning::Again(why),
    };
    match status {
        200 => {}
        413 => return Meaning::TooLarge,
        429 | 500.. => return Meaning::Again(format!("the service answers {status}")),
        _ => return Meaning::Refused(format!("the service answers {status}")),
    }
    match serde_json::from_slice::<Answer>(&body) {
        Ok(answer) if answer.items.len() == call.len() => {
            let removed = call.iter().map(|at| actions[*at].document.is_none());
            Meaning::Each(
                answer.items.into_iter().zip(removed).map(|(item, removed)| outcome(item.done, removed)).collect(),
            )
        }
        _ => Meaning::Again("the service's answer is not one of this call".to_owned()),
    }
}

/// What became of one action; nothing where it is to be tried again.
fn outcome(done: Done, removed: bool) -> Option<Outcome> {
    let Done { status, error } = done;
    match (status, &error) {
        (200..=299 | 409, _) => return Some(Outcome::Done),
        // What is to be removed is not there.
        (404, None) if removed => return Some(Outcome::Done),
        (429 | 500.., _) => return None,
        _ => {}
    }
    let Why { kind, reason } = error.unwrap_or(Why { kind: String::new(), reason: None });
    let reason: String = reason.unwrap_or_default().chars().take(REASON).collect();
    Some(Outcome::Refused(format!("{status} {kind}: {reason}")))
}
