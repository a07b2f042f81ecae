//! The throttles of a stage: token buckets on tokio's clock.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use super::definition::Throttle;

/// All buckets of a stage. Without a setting nothing is throttled: the account's own limits are not kept here.
#[derive(Debug, Default)]
pub struct Throttles {
    settings: BTreeMap<String, Throttle>,
    buckets: BTreeMap<String, Bucket>,
}

impl Throttles {
    pub fn new(settings: BTreeMap<String, Throttle>) -> Self {
        let buckets = settings.iter().map(|(key, throttle)| (key.clone(), Bucket::new(throttle))).collect();
        Self { settings, buckets }
    }

    /// Whether these are the buckets of these settings.
    pub fn are_of(&self, settings: &BTreeMap<String, Throttle>) -> bool {
        self.settings == *settings
    }

    /// Takes one token for a method of a resource; false when there is none.
    pub fn admit(&self, path: &str, method: &str) -> bool {
        if self.buckets.is_empty() {
            return true;
        }
        let escaped = path.replace('/', "~1");
        let own = self.buckets.get(&format!("{escaped}/{method}"));
        let bare = || self.buckets.get(&format!("{}/{method}", escaped.trim_start_matches("~1")));
        own.or_else(bare).or_else(|| self.buckets.get("*/*")).is_none_or(Bucket::take)
    }
}

/// One bucket.
#[derive(Debug)]
pub enum Bucket {
    /// A rate or burst of 0 lets nothing through.
    Shut,
    Limited(Box<RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>>),
}

impl Bucket {
    pub fn new(throttle: &Throttle) -> Self {
        let period = (throttle.rate_per_second > 0.0).then(|| 1.0 / throttle.rate_per_second);
        let period = period.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let quota = period.and_then(|period| Quota::with_period(period.max(Duration::from_nanos(1))));
        match (quota, NonZeroU32::new(throttle.burst)) {
            (Some(quota), Some(burst)) => {
                let quota = quota.allow_burst(burst);
                Self::Limited(Box::new(RateLimiter::direct_with_clock(quota, TokioClock(Instant::now()))))
            }
            _ => Self::Shut,
        }
    }

    /// Takes one token; false when there is none.
    pub fn take(&self) -> bool {
        match self {
            Self::Shut => false,
            Self::Limited(limiter) => limiter.check().is_ok(),
        }
    }
}

/// Time since the bucket was made, so that tests can pause it.
#[derive(Clone, Debug)]
pub struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}
