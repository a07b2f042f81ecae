//! AWS's nature, by account: states that take time, news that spreads slowly, quotas, latency and bad luck.
//!
//! It stands between the rules of a test and the quirks of the emulators. An account without a nature is not touched.

mod chance;
mod ledger;
mod old_tags;
mod overlap;
mod quotas;
mod roles;
mod settings;
mod shown;
mod states;
mod subject;
mod unseen;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use chance::Fault;
use chance::{Chance, Luck};
use ledger::Ledger;
use quotas::Buckets;
pub use settings::{Faults, Latency, Nature, Roles, Spans, States, Unseen};
use subject::Subject;

use super::call::Call;
use super::faults::When;
use super::message::{Answer, Request};
use super::quirks::{self, Memory};
use super::server::throttled;
use super::upstream::{Lost, Upstream};

/// Operations after which nothing is left to be remembered.
const REMOVALS: [&str; 7] = [
    "DeleteRole",
    "DeleteStream",
    "DeleteTable",
    "DeleteFunction",
    "DeleteEventSourceMapping",
    "DeleteQueue",
    "DeleteLogGroup",
];

/// The natures of all accounts that have one.
#[derive(Default)]
pub struct Natures(Mutex<HashMap<String, Living>>);

/// One account's nature, and what it has come to.
#[derive(Default)]
struct Living {
    nature: Arc<Nature>,
    ledger: Ledger,
    buckets: Buckets,
    chance: Chance,
    /// What a write is running on that has to be the only one.
    writing: HashSet<Subject>,
}

impl Natures {
    /// Gives an account a nature in place of the one it had. Quotas are full again, and chance begins from its seed.
    pub fn set(&self, account: &str, nature: Nature) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let living = all.entry(account.to_owned()).or_default();
        (living.nature, living.buckets, living.chance) = (Arc::new(nature), Buckets::default(), Chance::default());
    }

    /// The faults that chance has drawn in an account: operation, which call of it, what.
    pub fn drawn(&self, account: &str) -> Vec<(String, u64, Fault)> {
        self.with(account, |living| living.chance.drawn.clone()).unwrap_or_default()
    }

    /// The moment whose tags the account's tag query shows.
    pub fn tags_as_of(&self, account: &str) -> Instant {
        let behind = self.with(account, |living| living.nature.tag_query).unwrap_or_default();
        ago(behind)
    }

    fn with<T>(&self, account: &str, look: impl FnOnce(&mut Living) -> T) -> Option<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get_mut(account).map(look)
    }

    fn ledger<T>(&self, account: &str, look: impl FnOnce(&mut Ledger) -> T) -> Option<T> {
        self.with(account, |living| look(&mut living.ledger))
    }

    /// What awaits a call: its luck, and whether it is within the quotas.
    fn meet(&self, call: &Call) -> Option<(Arc<Nature>, Luck, bool)> {
        self.with(&call.account, |living| {
            let nature = Arc::clone(&living.nature);
            let luck = living.chance.draw(&nature, call);
            let allowed = living.buckets.take(call, nature.quotas);
            (nature, luck, allowed)
        })
    }
}

/// The moment this long ago, or now where the machine's clock does not go back that far.
fn ago(behind: Duration) -> Instant {
    let now = Instant::now();
    now.checked_sub(behind).unwrap_or(now)
}

/// One call on its way through an account's nature.
struct Exchange<'a> {
    inner: &'a quirks::Exchange<'a>,
    call: &'a Call,
    request: &'a Request,
    memory: &'a Memory,
    upstream: &'a Arc<Upstream>,
    natures: &'a Arc<Natures>,
    nature: &'a Nature,
}

impl Exchange<'_> {
    fn error(&self, status: u16, code: &str, message: &str) -> Answer {
        self.inner.error(status, code, message)
    }

    fn ledger<T: Default>(&self, look: impl FnOnce(&mut Ledger) -> T) -> T {
        self.natures.ledger(&self.call.account, look).unwrap_or_default()
    }
}

/// Answers a call as AWS would.
pub async fn answer(inner: &quirks::Exchange<'_>, natures: &Arc<Natures>) -> Result<Answer, Lost> {
    let (call, request, memory, upstream) = (inner.call, inner.request, inner.memory, inner.upstream);
    let Some((nature, luck, allowed)) = natures.meet(call) else {
        let answer = quirks::answer(inner).await?;
        memory.observe(call, request, &answer);
        return Ok(answer);
    };
    let exchange = Exchange { inner, call, request, memory, upstream, natures, nature: &nature };
    let turn = overlap::take(&exchange);
    if luck.latency > Duration::ZERO {
        tokio::time::sleep(luck.latency).await;
    }
    if !allowed {
        return Ok(throttled(call));
    }
    let answer = match (luck.fault.filter(|fault| fault.when() == When::Before), &turn) {
        (Some(_), _) => None,
        (None, Err(refusal)) => Some(*refusal.clone()),
        (None, Ok(_)) => Some(exchange.answer().await?),
    };
    drop(turn);
    match (luck.fault, answer) {
        (None, Some(answer)) => Ok(answer),
        (Some(fault), _) => fault.come_true(call, &nature.faults).await,
        (None, None) => Err("no answer".into()),
    }
}

impl Exchange<'_> {
    async fn answer(&self) -> Result<Answer, Lost> {
        if let Some(refusal) = states::refuse(self).or_else(|| unseen::refuse(self)) {
            return Ok(refusal);
        }
        if let Some(refusal) = roles::refuse(self).await? {
            return Ok(refusal);
        }
        let switched = states::switched(self).await?;
        let later = states::remove_later(self).await?;
        let at_once = later.is_none();
        let answer = match later {
            Some(answer) => answer,
            None => quirks::answer(self.inner).await?,
        };
        if answer.is_success() {
            self.note(&answer, at_once);
            states::note(self, &answer, switched);
        }
        let answer = shown::show(self, unseen::leave_out(self, answer));
        Ok(old_tags::show(self, answer))
    }

    /// Notes what a call that took effect changed.
    fn note(&self, answer: &Answer, at_once: bool) {
        self.memory.observe(self.call, self.request, answer);
        let gone = at_once && REMOVALS.contains(&self.call.operation.as_str());
        if let (true, Some(subject)) = (gone, Subject::of(self.call, self.request)) {
            self.ledger(|ledger| ledger.forget(&subject));
        }
        unseen::note(self, answer);
        roles::note(self);
    }
}
