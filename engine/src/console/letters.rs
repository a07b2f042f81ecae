//! Letters of the dlq, as `pipe dlq` reads them.
//!
//! SQS shows a message by hiding it for a moment: so all pages see the same look.

use std::cmp::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

use super::step::Body;
use crate::commands::dlq::Payload;
use crate::commands::dlq::letter::{Letter, by_number};
use crate::commands::dlq::peek::peek;
use crate::commands::dlq::redrive::Redrive;
use crate::commands::running::Running;
use crate::error::{Error, Result};

/// How long a look is good for those who list letters.
const GOOD_FOR: Duration = Duration::from_secs(2);
/// Letters that are looked at.
const MOST: usize = 1_000;

/// The last look into the queue.
#[derive(Default)]
pub struct Letters(Mutex<Option<Look>>);

struct Look {
    at: Instant,
    letters: Vec<Letter>,
    /// Why none can go to the function once more, or who knows which can.
    redrive: Result<Redrive>,
    more: bool,
}

impl Letters {
    /// The newest letters, and whether there are more.
    ///
    /// # Errors
    /// Those of SQS; the pipeline has no dlq.
    pub async fn list(&self, running: &Running, limit: usize) -> Result<Value> {
        self.with(
            running,
            |look| look.at.elapsed() < GOOD_FOR,
            |look| {
                let letters: Value = look.letters.iter().take(limit).map(|letter| look.line(letter)).collect();
                Ok(json!({ "letters": letters, "more": look.more || look.letters.len() > limit }))
            },
        )
        .await
    }

    /// All that one letter says.
    ///
    /// # Errors
    /// As [`Letters::list`]; there is none with this id.
    pub async fn one(&self, running: &Running, id: &str, mask: &(dyn Fn(&str) -> String + Sync)) -> Result<Value> {
        let has = |look: &Look| look.letters.iter().any(|letter| letter.id == id);
        self.with(running, has, |look| {
            let letter = look.letters.iter().find(|letter| letter.id == id);
            let missing = || Error::fatal("no letter has this id").hint("another reader may hold it for a moment");
            Ok(look.whole(letter.ok_or_else(missing)?, mask))
        })
        .await
    }

    /// The ids of the letters.
    ///
    /// # Errors
    /// As [`Letters::list`].
    pub async fn ids(&self, running: &Running) -> Result<Vec<String>> {
        self.with(running, |_| true, |look| Ok(look.letters.iter().map(|letter| letter.id.clone()).collect())).await
    }

    /// Makes the next look a new one.
    pub async fn forget(&self) {
        self.0.lock().await.take();
    }

    /// Each look hides the messages for a moment and counts as a receive: the last one is used where it is good enough.
    async fn with<T>(
        &self,
        running: &Running,
        is_good: impl FnOnce(&Look) -> bool,
        read: impl FnOnce(&Look) -> Result<T>,
    ) -> Result<T> {
        let mut last = self.0.lock().await;
        let look = match last.take().filter(is_good) {
            Some(look) => look,
            None => look(running).await?,
        };
        read(last.insert(look))
    }
}

async fn look(running: &Running) -> Result<Look> {
    let queue = running.queue().await?;
    let queue = queue.ok_or_else(|| Error::fatal("the pipeline has no dead-letter queue"))?;
    let (mut letters, (_never, stopped)) = (Vec::new(), watch::channel(false));
    let more = peek(&running.cx, &queue, MOST, &stopped, &mut |letter| letters.push(letter)).await?;
    letters.sort_by_key(|letter: &Letter| std::cmp::Reverse(letter.sent_at));
    let redrive = Redrive::of(running, &queue).await;
    Ok(Look { at: Instant::now(), letters, redrive, more })
}

impl Look {
    fn line(&self, letter: &Letter) -> Value {
        let form = letter.form();
        let why_not = match &self.redrive {
            Ok(redrive) => redrive.is_of_others(letter),
            Err(error) => Some(error.message().to_owned()),
        };
        json!({
            "id": letter.id,
            "at": letter.sent_at,
            "reason": form.reason(),
            "source": form.source_arn().unwrap_or_default(),
            "event_id": form.event_id().unwrap_or_default(),
            "message": form.message(),
            "can_redrive": why_not.is_none(),
            "why_not": why_not,
        })
    }

    fn whole(&self, letter: &Letter, mask: &(dyn Fn(&str) -> String + Sync)) -> Value {
        let form = letter.form();
        let mut facts: Vec<(&str, String)> = Vec::new();
        if let Some(place) = form.place() {
            let at =
                |name: &'static str, value: &str| Some((name, value.to_owned())).filter(|(_, value)| !value.is_empty());
            let last = Some(place.last).filter(|last| by_number(place.first, last) != Ordering::Equal);
            facts.extend(at("stream", place.stream_arn));
            facts.extend(at("shard", place.shard));
            facts.extend(at("first record", place.first));
            facts.extend(last.and_then(|last| at("last record", last)));
            facts.extend(at("arrived", place.arrived.0));
        }
        facts.extend(form.group().map(|group| ("group", group.to_owned())));
        facts.extend(form.receives().map(|receives| ("received", receives.to_string())));
        facts.extend(form.advice().map(|advice| ("answer", advice.to_owned())));
        facts.extend(form.details());
        let body = |title, text: &str| Body::new(title, mask(text), text.len());
        let payload = form.payload().map(|payload| match payload {
            Payload::Data(data) => body("payload", &String::from_utf8_lossy(&data)),
            other => body("payload", &other.whole()),
        });
        let message = form.has_more().then(|| body("message", &letter.body));
        let bodies: Vec<Body> = payload.into_iter().chain(message).collect();
        json!({ "letter": self.line(letter), "facts": facts, "bodies": bodies })
    }
}
