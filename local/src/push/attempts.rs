//! Lambda's queue of asynchronous calls: what becomes of one event. Pure.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>

use serde::Serialize;

/// How long an event waits after a failure, in milliseconds: after the first, and after every other.
const AFTER_FAILURE_MS: [i64; 2] = [60_000, 120_000];
/// How long it waits after a refused call, at first and at most, in milliseconds.
const REFUSED_MS: i64 = 1_000;
const REFUSED_MOST_MS: i64 = 300_000;

/// When an event is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tries after the first that failed, 0 to 2.
    pub retries: u32,
    pub max_age_ms: i64,
    /// No call may run: its reserved concurrency is 0.
    pub none_may_run: bool,
}

/// Lambda's defaults.
impl Default for Limits {
    fn default() -> Self {
        Self { retries: 2, max_age_ms: 21_600_000, none_may_run: false }
    }
}

/// Why an event is given up, in Lambda's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Condition {
    RetriesExhausted,
    EventAgeExceeded,
    /// Reported, not recorded (`docs/aws.md#lambda-asynchronous`).
    ZeroReservedConcurrency,
}

impl Condition {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RetriesExhausted => "RetriesExhausted",
            Self::EventAgeExceeded => "EventAgeExceeded",
            Self::ZeroReservedConcurrency => "ZeroReservedConcurrency",
        }
    }
}

/// What is to be done with an event next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Done,
    Again { at_ms: i64 },
    GiveUp(Condition),
}

/// The tries of one event.
#[derive(Clone, Copy, Debug)]
pub struct Attempts {
    accepted_ms: i64,
    /// Calls that reached the function.
    pub calls: u32,
    failures: u32,
    /// Refused calls since the last that was not.
    refusals: u32,
}

impl Attempts {
    /// Of an event that Lambda has taken now.
    pub fn new(now: i64) -> Self {
        Self { accepted_ms: now, calls: 0, failures: 0, refusals: 0 }
    }

    /// After a call that reached the function.
    pub fn answered(&mut self, failed: bool, limits: Limits, now: i64) -> Next {
        self.calls += 1;
        self.refusals = 0;
        if !failed {
            return Next::Done;
        }
        self.failures += 1;
        if self.failures > limits.retries {
            return Next::GiveUp(Condition::RetriesExhausted);
        }
        let at_ms = now + AFTER_FAILURE_MS[usize::from(self.failures > 1)];
        // Recorded: an event that would be too old for its next try is given up without waiting for it.
        if at_ms > self.end(limits) { Next::GiveUp(Condition::EventAgeExceeded) } else { Next::Again { at_ms } }
    }

    /// After a call that was throttled, or that the service failed.
    pub fn refused(&mut self, limits: Limits, now: i64) -> Next {
        if limits.none_may_run {
            return Next::GiveUp(Condition::ZeroReservedConcurrency);
        }
        let end = self.end(limits);
        if now >= end {
            return Next::GiveUp(Condition::EventAgeExceeded);
        }
        let wait = REFUSED_MS.checked_shl(self.refusals.min(16)).unwrap_or(REFUSED_MOST_MS).min(REFUSED_MOST_MS);
        self.refusals += 1;
        Next::Again { at_ms: (now + wait).min(end) }
    }

    fn end(&self, limits: Limits) -> i64 {
        self.accepted_ms + limits.max_age_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn a_failing_event_is_tried_three_times_in_three_minutes() {
        let (mut event, limits) = (Attempts::new(5), Limits::default());
        assert_eq!(event.answered(true, limits, 10), Next::Again { at_ms: 10 + MINUTE });
        assert_eq!(event.answered(true, limits, 10 + MINUTE), Next::Again { at_ms: 10 + 3 * MINUTE });
        assert_eq!(event.answered(true, limits, 10 + 3 * MINUTE), Next::GiveUp(Condition::RetriesExhausted));
        assert_eq!(event.calls, 3);
        assert_eq!(Attempts::new(0).answered(false, limits, 1), Next::Done);
    }

    #[test]
    fn without_retries_the_first_failure_is_the_last() {
        let limits = Limits { retries: 0, ..Limits::default() };
        assert_eq!(Attempts::new(0).answered(true, limits, 1), Next::GiveUp(Condition::RetriesExhausted));
    }

    /// As recorded: with an age of a minute nothing is tried again, and one call is counted.
    #[test]
    fn what_would_be_too_old_for_its_next_try_is_given_up_at_once() {
        let limits = Limits { max_age_ms: MINUTE, ..Limits::default() };
        let mut event = Attempts::new(0);
        assert_eq!(event.answered(true, limits, 500), Next::GiveUp(Condition::EventAgeExceeded));
        assert_eq!(event.calls, 1);
        let limits = Limits { max_age_ms: 2 * MINUTE, ..Limits::default() };
        let mut event = Attempts::new(0);
        assert_eq!(event.answered(true, limits, 500), Next::Again { at_ms: 500 + MINUTE });
        assert_eq!(event.answered(true, limits, 500 + MINUTE), Next::GiveUp(Condition::EventAgeExceeded));
    }

    #[test]
    fn where_no_call_may_run_an_event_is_given_up_at_once() {
        let (mut event, limits) = (Attempts::new(0), Limits { none_may_run: true, ..Limits::default() });
        assert_eq!(event.refused(limits, 1), Next::GiveUp(Condition::ZeroReservedConcurrency));
        assert_eq!(event.calls, 0);
    }

    #[test]
    fn refused_calls_are_not_counted_and_wait_longer_each_time_until_the_age() {
        let (mut event, limits) = (Attempts::new(0), Limits::default());
        let (mut now, mut waits) = (0, Vec::new());
        let end = loop {
            match event.refused(limits, now) {
                Next::Again { at_ms } => {
                    waits.push((at_ms - now) / 1000);
                    now = at_ms;
                }
                end => break end,
            }
        };
        assert_eq!(end, Next::GiveUp(Condition::EventAgeExceeded));
        assert_eq!(&waits[..11], [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(
            (now, event.calls),
            (limits.max_age_ms, 0),
            "the last try is at its end, and none reached the function"
        );
        let mut event = Attempts::new(0);
        event.refused(limits, 0);
        event.refused(limits, 1_000);
        assert_eq!(event.answered(true, limits, 3_000), Next::Again { at_ms: 3_000 + MINUTE });
        assert_eq!(event.refused(limits, 63_000), Next::Again { at_ms: 64_000 }, "from the start again");
    }
}
