//! The tasks of deliveries: one for each event, from the inbox to its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep, sleep_until};

use super::Shared;
use super::attempts::{Attempts, Condition, Next};
use super::destination::{self, Undelivered};
use super::facts::{Function, Unknown};
use super::inbox::{Delivery, Handed, Inbox};
use super::into_stream;
use super::normal::normal;
use super::outcome::{message, millis, refused};
use super::policy::Asked;
use super::record::{GivenUp, record};
use super::source::{Place, Source, Taken};
use super::undelivered;
use crate::event::{self, Batch, Event};
use crate::invoke::{Answer, Call, Refusal};
use crate::seen::{Accepted, Seen, Tried};

/// How often something is asked of the endpoint that does not answer, and how long it rests between.
const ASKED: u32 = 5;
const REST: Duration = Duration::from_secs(1);

/// Takes what comes until everything is to end.
pub async fn take(shared: Arc<Shared>, mut inbox: Inbox) {
    while let Some(handed) = inbox.next().await {
        let shared = Arc::clone(&shared);
        let mut stop = shared.stop.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                () = shared.handed(handed) => {}
                _ = stop.wait_for(|stopped| *stopped) => {}
            }
        });
    }
}

/// How a call ended.
struct Called {
    outcome: Result<Answer, Refusal>,
    milliseconds: u64,
}

impl Shared {
    async fn handed(&self, handed: Handed) {
        let Handed { delivery, answer } = handed;
        match answer {
            Some(answer) => {
                let payload = Bytes::copy_from_slice(delivery.event.get().as_bytes());
                let (function, source) = (delivery.function, Source::of(&delivery.sender, &serde_json::Value::Null));
                let taken = Taken { function, request: delivery.request, source, payload: delivery.event };
                self.accepted(&taken);
                let call = Call { id: Some(taken.request.clone()), ..Call::new(taken.function.clone(), payload) };
                let outcome = (self.invoke)(call).await;
                self.tried(&taken, &outcome);
                if outcome.is_err() {
                    // Nobody tries again.
                    self.lens.show(|| {
                        let (id, call) = (taken.request.clone(), taken.request.clone());
                        Seen::Tried(Tried { id, call, failed: true })
                    });
                }
                // Who does not wait any more wants to know nothing.
                let _gone = answer.send(outcome);
            }
            None => {
                self.waiting.fetch_add(1, Ordering::Relaxed);
                match delivery.sender.stream.clone() {
                    Some(stream) => self.put(delivery, stream).await,
                    None => self.deliver(delivery).await,
                }
                self.waiting.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// Lets the event in, or not.
    async fn deliver(&self, delivery: Delivery) {
        let Delivery { function, request, sender, event } = delivery;
        let function = function.split(':').take(7).collect::<Vec<_>>().join(":");
        let source = Source::of(&sender, &serde_json::from_str(event.get()).unwrap_or_default());
        if let Some(why) = sender.refused {
            return self.bury(&Taken { function, request, source, payload: event }, &why).await;
        }
        let facts = self.facts(&function).await;
        let taken = Taken { function, request, source, payload: event };
        let facts = match facts {
            Ok(facts) => facts,
            Err(Unknown::NotFound) => return self.bury(&taken, "the function is not there").await,
            Err(Unknown::Other(why)) => return self.bury(&taken, &why).await,
        };
        if !lets_in(&facts, &taken) {
            return self.not_let_in(&taken).await;
        }
        let payload = normal(&taken.source, taken.payload);
        self.handle(&Taken { payload, ..taken }).await;
    }

    /// Puts an event into a stream as the role that its sender names, or buries it.
    async fn put(&self, delivery: Delivery, stream: String) {
        let Delivery { sender, event, .. } = delivery;
        let source = Source::of(&sender, &serde_json::Value::Null);
        let request = uuid::Uuid::new_v4().to_string();
        let role = sender.role.unwrap_or_default();
        for attempt in 1..=ASKED {
            let Err(undelivered) = into_stream::put(&self.roles, &role, &stream, &source, &event, &request).await
            else {
                return;
            };
            if matches!(undelivered, Undelivered::Other(_)) && attempt < ASKED {
                sleep(REST).await;
                continue;
            }
            let taken = Taken { function: stream, request, source, payload: event };
            return self.bury(&taken, undelivered.why()).await;
        }
    }

    /// What is known of the function, asked for a few times where the endpoint does not say.
    async fn facts(&self, function: &str) -> Result<Function, Unknown> {
        for _ in 1..ASKED {
            match self.functions.of(function).await {
                Err(Unknown::Other(why)) => tracing::debug!(why, "a function is asked about again"),
                known => return known,
            }
            sleep(REST).await;
        }
        self.functions.of(function).await
    }

    async fn not_let_in(&self, taken: &Taken) {
        let principal = taken.source.principal().unwrap_or_default();
        let source = taken.source.arn(&Place::of(&taken.function)).map(|arn| format!(" for {arn}")).unwrap_or_default();
        self.bury(taken, &format!("the function's policy does not let {principal} in{source}")).await;
    }

    /// Leaves an event that was not delivered to its sender.
    async fn bury(&self, taken: &Taken, why: &str) {
        match undelivered::keep(&self.roles, &taken.source, &taken.function, &taken.payload, why).await {
            Ok(queue) => self.given_up(taken, why, queue.rsplit(':').next()),
            Err(lost) => self.given_up(taken, &format!("{why}, and {lost}"), None),
        }
    }

    /// Calls the function until it has handled the event or the event is given up.
    async fn handle(&self, taken: &Taken) {
        self.accepted(taken);
        let mut attempts = Attempts::new(self.clock.now());
        let mut last = None;
        loop {
            let Called { outcome, milliseconds } = self.call(taken).await;
            self.tried(taken, &outcome);
            let facts = self.facts(&taken.function).await;
            let limits = facts.as_ref().map(|facts| facts.limits).unwrap_or_default();
            let (next, why) = match outcome {
                Ok(answer) => {
                    self.called(taken, &answer, milliseconds);
                    let why = answer.error.clone().unwrap_or_default();
                    let next = attempts.answered(answer.error.is_some(), limits, self.clock.now());
                    last = Some(answer);
                    (next, why)
                }
                Err(Refusal::NotFound) => return self.given_up(taken, "the function is not there", None),
                Err(refusal) => (attempts.refused(limits, self.clock.now()), refused(refusal)),
            };
            match next {
                Next::Done => return,
                Next::Again { at_ms } => {
                    self.again(taken, why, at_ms);
                    sleep_until(self.clock.at(at_ms)).await;
                }
                Next::GiveUp(condition) => {
                    return self.give_up(taken, condition, attempts.calls, last.as_ref(), facts.ok()).await;
                }
            }
        }
    }

    /// Each try has the id of the event, which whoever sent it knows.
    async fn call(&self, taken: &Taken) -> Called {
        let _slot = self.slots.acquire().await;
        let began = Instant::now();
        let payload = Bytes::copy_from_slice(taken.payload.get().as_bytes());
        let id = Some(taken.request.clone()).filter(|id| !id.is_empty());
        let outcome = (self.invoke)(Call { id, ..Call::new(taken.function.clone(), payload) }).await;
        Called { outcome, milliseconds: millis(began) }
    }

    async fn give_up(
        &self,
        taken: &Taken,
        condition: Condition,
        calls: u32,
        last: Option<&Answer>,
        facts: Option<Function>,
    ) {
        let destination = facts.as_ref().and_then(|facts| Some((&facts.role, facts.on_failure.as_ref()?)));
        let Some((role, destination)) = destination else {
            return self.given_up(taken, condition.as_str(), None);
        };
        let (function_arn, request_id, payload) = (taken.function.as_str(), taken.request.as_str(), &*taken.payload);
        let event = GivenUp { function_arn, request_id, payload, condition, calls, last };
        let record = record(&event, self.clock.now());
        for attempt in 1..=ASKED {
            let sent = destination::send(&self.roles, role, destination, record.clone()).await;
            match sent {
                Ok(()) => return self.given_up(taken, condition.as_str(), destination.rsplit([':', '/']).next()),
                Err(Undelivered::Other(_)) if attempt < ASKED => sleep(REST).await,
                Err(undelivered) => {
                    let why = format!("{}, and its record is lost: {}", condition.as_str(), undelivered.why());
                    return self.given_up(taken, &why, None);
                }
            }
        }
    }

    /// Shows an event that Lambda has.
    fn accepted(&self, taken: &Taken) {
        self.lens.show(|| {
            let payload = Bytes::copy_from_slice(taken.payload.get().as_bytes());
            let (id, function, location) = (taken.request.clone(), taken.name(), taken.source.location());
            Seen::Accepted(Accepted { id, function, location, payload })
        });
    }

    /// Shows which call was made for it.
    fn tried(&self, taken: &Taken, outcome: &Result<Answer, Refusal>) {
        let Ok(answer) = outcome else { return };
        self.lens.show(|| {
            let (id, call) = (taken.request.clone(), answer.request_id.clone());
            Seen::Tried(Tried { id, call, failed: answer.error.is_some() })
        });
    }

    fn called(&self, taken: &Taken, answer: &Answer, milliseconds: u64) {
        self.tell(Event::Batch(Batch {
            function: taken.name(),
            location: taken.source.location(),
            records: 1,
            milliseconds,
            age_milliseconds: None,
            succeeded: usize::from(answer.error.is_none()),
            error: answer.error.as_ref().map(|error| message(answer).unwrap_or_else(|| error.clone())),
            answer: None,
            peak_mb: answer.memory.map(|memory| memory.peak_mb),
            memory_mb: answer.memory.map(|memory| memory.limit_mb),
        }));
    }

    fn again(&self, taken: &Taken, reason: String, at_ms: i64) {
        let seconds = u64::try_from((at_ms - self.clock.now() + 999) / 1000).unwrap_or_default();
        let (function, location, request) = (taken.name(), taken.source.location(), taken.request.clone());
        self.tell(Event::Retry(event::Retry { function, location, request, reason, seconds }));
    }

    fn given_up(&self, taken: &Taken, reason: &str, to: Option<&str>) {
        let (function, location, request) = (taken.name(), taken.source.location(), taken.request.clone());
        let (reason, to) = (reason.to_owned(), to.map(str::to_owned));
        self.tell(Event::GivenUp(event::GivenUp { function, location, request, reason, to }));
    }

    fn tell(&self, event: Event) {
        let _gone = self.events.send(event);
    }
}

/// Whether the function's policy lets the sender in.
fn lets_in(facts: &Function, taken: &Taken) -> bool {
    let Some(principal) = taken.source.principal() else { return true };
    let place = Place::of(&taken.function);
    let arn = taken.source.arn(&place);
    let asks = |principal: &str| {
        let (action, source_arn, source_account) = ("lambda:InvokeFunction", arn.as_deref(), place.account);
        facts.policy.allows(&Asked { principal, action, source_arn, source_account })
    };
    // CloudWatch Logs has a principal of the region, too.
    asks(principal) || (principal.starts_with("logs.") && asks(&format!("logs.{}.amazonaws.com", place.region)))
}
