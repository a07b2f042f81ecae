//! Faults by rule: which calls of an account go wrong, and how.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Barrier;

use super::call::Call;
use super::message::Answer;

/// Which calls go wrong, and how. Without an action a rule only counts.
///
/// Rules look at each call in the order in which calls reach the endpoint, and each rule counts for itself, from when
/// it was set: the same calls in the same order give the same faults.
#[derive(Clone, Debug)]
pub struct Rule {
    scope: Scope,
    containing: Option<String>,
    skip: usize,
    times: usize,
    chance: Option<(f64, fastrand::Rng)>,
    action: Action,
    seen: usize,
    fired: usize,
}

/// Names a rule that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleId(usize);

#[derive(Clone, Debug)]
enum Scope {
    All,
    Writes,
    Reads,
    Operation(String, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
}

/// What a rule does to a call.
#[derive(Clone)]
pub(super) enum Action {
    Count,
    Delay(Duration),
    Together(Arc<Barrier>),
    Fail { when: When, status: u16, code: String, message: String },
    Throttle,
    Reset(When),
    Stop(When, Arc<dyn Fn() + Send + Sync>),
    Rewrite { pointer: String, value: Value },
}

impl Rule {
    fn of(scope: Scope) -> Self {
        let (skip, times, seen, fired) = (0, usize::MAX, 0, 0);
        Self { scope, containing: None, skip, times, chance: None, action: Action::Count, seen, fired }
    }

    pub fn calls() -> Self {
        Self::of(Scope::All)
    }

    pub fn writes() -> Self {
        Self::of(Scope::Writes)
    }

    pub fn reads() -> Self {
        Self::of(Scope::Reads)
    }

    /// Calls of one operation, by the service's name in signatures: `Rule::on("kinesis", "CreateStream")`.
    pub fn on(service: &str, operation: &str) -> Self {
        Self::of(Scope::Operation(service.to_owned(), operation.to_owned()))
    }

    /// Only calls whose path or body holds this text.
    pub fn containing(mut self, text: &str) -> Self {
        self.containing = Some(text.to_owned());
        self
    }

    /// Only the k-th such call, counted from one.
    pub fn nth(mut self, k: usize) -> Self {
        (self.skip, self.times) = (k - 1, 1);
        self
    }

    /// At most this many such calls.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Each such call only with this probability, 0 to 1, drawn from `seed`.
    pub fn with_probability(mut self, probability: f64, seed: u64) -> Self {
        self.chance = Some((probability, fastrand::Rng::with_seed(seed)));
        self
    }

    fn doing(mut self, action: Action) -> Self {
        self.action = action;
        self
    }

    /// Refuses the call before it takes effect.
    pub fn fail(self, status: u16, code: &str, message: &str) -> Self {
        let (code, message) = (code.to_owned(), message.to_owned());
        self.doing(Action::Fail { when: When::Before, status, code, message })
    }

    /// Lets the call take effect, and answers an error all the same.
    pub fn fail_after(self, status: u16, code: &str, message: &str) -> Self {
        let (code, message) = (code.to_owned(), message.to_owned());
        self.doing(Action::Fail { when: When::After, status, code, message })
    }

    /// Refuses the call as the service does when it is asked too often.
    pub fn throttle(self) -> Self {
        self.doing(Action::Throttle)
    }

    /// Closes the connection before the call takes effect.
    pub fn reset(self) -> Self {
        self.doing(Action::Reset(When::Before))
    }

    /// Lets the call take effect, and closes the connection without an answer.
    pub fn reset_after(self) -> Self {
        self.doing(Action::Reset(When::After))
    }

    /// Holds the call back before it takes effect.
    pub fn delay(self, by: Duration) -> Self {
        self.doing(Action::Delay(by))
    }

    /// Holds each call back until so many are there, which then take effect at once.
    pub fn together(self, calls: usize) -> Self {
        self.doing(Action::Together(Arc::new(Barrier::new(calls))))
    }

    /// Runs `stop`, such as the kill of the client's process, before the call takes effect, and from then on refuses
    /// every call of the account until it is resumed.
    pub fn stop(self, stop: impl Fn() + Send + Sync + 'static) -> Self {
        self.doing(Action::Stop(When::Before, Arc::new(stop)))
    }

    /// Like [`Rule::stop`], after the call took effect.
    pub fn stop_after(self, stop: impl Fn() + Send + Sync + 'static) -> Self {
        self.doing(Action::Stop(When::After, Arc::new(stop)))
    }

    /// Sets the value at a JSON pointer of the answer, whose parent must be there; other answers are not counted.
    ///
    /// With [`Rule::times`] it delays a state: `/StreamDescriptionSummary/StreamStatus` stays `CREATING` for n reads.
    pub fn rewrite(self, pointer: &str, value: Value) -> Self {
        self.doing(Action::Rewrite { pointer: pointer.to_owned(), value })
    }

    fn covers(&self, call: &Call, text: &str) -> bool {
        let in_scope = match &self.scope {
            Scope::All => true,
            Scope::Writes => call.write,
            Scope::Reads => !call.write,
            Scope::Operation(service, operation) => call.service == *service && call.operation == *operation,
        };
        in_scope && self.containing.as_ref().is_none_or(|part| text.contains(part))
    }

    /// Counts a call that this rule covers, and says whether the rule fires on it.
    fn fires(&mut self) -> bool {
        self.seen += 1;
        let due = self.seen > self.skip && self.fired < self.times;
        let drawn = due && self.chance.as_mut().is_none_or(|(probability, rng)| rng.f64() < *probability);
        self.fired += usize::from(drawn);
        drawn
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => write!(f, "count"),
            Self::Delay(by) => write!(f, "delay by {by:?}"),
            Self::Together(_) => write!(f, "wait for others"),
            Self::Fail { when, status, code, .. } => write!(f, "fail {when:?} with {status} {code}"),
            Self::Throttle => write!(f, "throttle"),
            Self::Reset(when) => write!(f, "reset {when:?}"),
            Self::Stop(when, _) => write!(f, "stop {when:?}"),
            Self::Rewrite { pointer, value } => write!(f, "rewrite {pointer} to {value}"),
        }
    }
}

/// The rules of all accounts.
#[derive(Default)]
pub(super) struct Rules(Vec<(String, Option<Rule>)>);

impl Rules {
    pub fn add(&mut self, account: &str, rule: Rule) -> RuleId {
        self.0.push((account.to_owned(), Some(rule)));
        RuleId(self.0.len() - 1)
    }

    /// How often a rule fired; nothing once the account's rules were cleared.
    pub fn fired(&self, id: RuleId) -> usize {
        self.0.get(id.0).and_then(|(_, rule)| rule.as_ref()).map_or(0, |rule| rule.fired)
    }

    pub fn clear(&mut self, account: &str) {
        // The places stay, so that no id of another account changes its meaning.
        self.0.iter_mut().filter(|(owner, _)| owner == account).for_each(|(_, rule)| *rule = None);
    }

    fn covering<'a>(&'a mut self, call: &'a Call, text: &'a str) -> impl Iterator<Item = &'a mut Rule> {
        let of_account = self.0.iter_mut().filter(|(account, _)| *account == call.account);
        of_account.filter_map(|(_, rule)| rule.as_mut()).filter(|rule| rule.covers(call, text))
    }

    /// Counts the call and returns what is to be done to it, but for rewrites.
    pub fn on_call(&mut self, call: &Call, text: &str) -> Vec<Action> {
        let rules = self.covering(call, text).filter(|rule| !matches!(rule.action, Action::Rewrite { .. }));
        rules.filter_map(|rule| rule.fires().then(|| rule.action.clone())).collect()
    }

    /// Rewrites the answer as the rules say.
    pub fn on_answer(&mut self, call: &Call, text: &str, answer: Answer) -> Answer {
        let mut body = answer.json();
        let mut rewritten = false;
        for rule in self.covering(call, text) {
            let Action::Rewrite { pointer, value } = rule.action.clone() else {
                continue;
            };
            let Some((parent, field)) = pointer.rsplit_once('/') else {
                continue;
            };
            let Some(Value::Object(parent)) = body.pointer_mut(parent) else {
                continue;
            };
            if rule.fires() {
                parent.insert(field.to_owned(), value);
                rewritten = true;
            }
        }
        if rewritten { answer.with_json(&body) } else { answer }
    }
}
