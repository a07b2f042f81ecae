//! Faults and latency by chance: drawn from a seed for the n-th call of each operation, whenever it comes.

use std::collections::HashMap;
use std::time::Duration;

use super::settings::{Faults, Latency, Nature};
use crate::endpoint::call::Call;
use crate::endpoint::faults::When;
use crate::endpoint::message::Answer;
use crate::endpoint::server::throttled;
use crate::endpoint::upstream::Lost;

/// How a call goes wrong. `...After`: it took effect all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Refused by the service as asked too often.
    Throttle,
    /// 500 without a body.
    Error500,
    Error500After,
    /// 503 without a body.
    Error503,
    Error503After,
    /// The connection is closed without an answer.
    Reset,
    ResetAfter,
    /// No answer comes in time.
    TimeOut,
    TimeOutAfter,
}

impl Fault {
    pub const ALL: [Self; 9] = [
        Self::Throttle,
        Self::Error500,
        Self::Error500After,
        Self::Error503,
        Self::Error503After,
        Self::Reset,
        Self::ResetAfter,
        Self::TimeOut,
        Self::TimeOutAfter,
    ];

    pub(in crate::endpoint) fn when(self) -> When {
        match self {
            Self::Throttle | Self::Error500 | Self::Error503 | Self::Reset | Self::TimeOut => When::Before,
            Self::Error500After | Self::Error503After | Self::ResetAfter | Self::TimeOutAfter => When::After,
        }
    }

    /// What the client gets in place of an answer.
    pub(super) async fn come_true(self, call: &Call, faults: &Faults) -> Result<Answer, Lost> {
        match self {
            Self::Throttle => Ok(throttled(call)),
            Self::Error500 | Self::Error500After => Ok(Answer::empty(500)),
            Self::Error503 | Self::Error503After => Ok(Answer::empty(503)),
            Self::Reset | Self::ResetAfter => Err("the connection is to be reset".into()),
            Self::TimeOut | Self::TimeOutAfter => {
                tokio::time::sleep(faults.held_back).await;
                Err("the answer came too late".into())
            }
        }
    }
}

/// What one call meets.
#[derive(Clone, Copy, Debug)]
pub struct Luck {
    pub latency: Duration,
    pub fault: Option<Fault>,
}

/// How often each operation was called, and what faults that gave.
#[derive(Default)]
pub struct Chance {
    counts: HashMap<(String, String), u64>,
    pub drawn: Vec<(String, u64, Fault)>,
}

impl Chance {
    pub fn draw(&mut self, nature: &Nature, call: &Call) -> Luck {
        let count = self.counts.entry((call.service.clone(), call.operation.clone())).or_default();
        *count += 1;
        let fault = nature.faults.of(&call.service, &call.operation, *count);
        self.drawn.extend(fault.map(|fault| (call.operation.clone(), *count, fault)));
        Luck { latency: nature.latency.of(call, *count), fault }
    }
}

impl Latency {
    fn of(&self, call: &Call, count: u64) -> Duration {
        let base = if call.write { self.write } else { self.read };
        base + self.jitter.mul_f64(rng("latency", self.seed, &call.service, &call.operation, count).f64())
    }
}

impl Faults {
    /// Whether chance lets one of the first calls of an operation pass.
    pub fn spares_one(&self, service: &str, operation: &str, calls: u64) -> bool {
        (1..=calls).any(|count| self.of(service, operation, count).is_none())
    }

    fn of(&self, service: &str, operation: &str, count: u64) -> Option<Fault> {
        let mut rng = rng("fault", self.seed, service, operation, count);
        let kinds = if self.kinds.is_empty() { &Fault::ALL[..] } else { &self.kinds };
        (rng.f64() < self.probability).then(|| kinds[rng.usize(..kinds.len())])
    }
}

/// The generator of one call's chances, from an FNV-1a hash, which is the same in every build.
fn rng(what: &str, seed: u64, service: &str, operation: &str, count: u64) -> fastrand::Rng {
    let text = format!("{what} {seed} {service} {operation} {count}");
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    fastrand::Rng::with_seed(text.bytes().fold(0xcbf2_9ce4_8422_2325, hash))
}
