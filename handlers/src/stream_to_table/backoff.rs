//! Waiting between the attempts of one record.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const FIRST: Duration = Duration::from_millis(50);
/// Short enough that a sink that recovers is used at once, long enough not to be a load of its own.
const LONGEST: Duration = Duration::from_secs(2);

/// Doubling waits with jitter, that end at the instant when the invocation stops working.
pub struct Backoff {
    stop: Instant,
    attempts: u32,
}

impl Backoff {
    pub fn new(stop: Instant) -> Self {
        Backoff { stop, attempts: 0 }
    }

    /// Returns how many waits there were: how often the call was repeated.
    pub fn repeats(&self) -> u32 {
        self.attempts
    }

    /// Waits before the next attempt: between half and all of 50 ms, 100 ms, ... 2 s. False, at once, when the time is up by then.
    pub async fn wait(&mut self) -> bool {
        let longest = FIRST.saturating_mul(1 << self.attempts.min(10)).min(LONGEST);
        let wait = longest / 2 + longest.mul_f64(fastrand::f64() / 2.0);
        if Instant::now() + wait >= self.stop {
            return false;
        }
        self.attempts += 1;
        sleep(wait).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_double_to_two_seconds_and_end_before_the_stop() {
        let start = Instant::now();
        let stop = start + Duration::from_secs(27);
        let mut backoff = Backoff::new(stop);
        let mut longest = FIRST;
        let mut before = start;
        while backoff.wait().await {
            let waited = before.elapsed();
            assert!(waited >= longest / 2 && waited <= longest + Duration::from_millis(2), "{waited:?} of {longest:?}");
            before = Instant::now();
            longest = (longest * 2).min(LONGEST);
        }
        assert!(Instant::now() < stop && stop - Instant::now() <= LONGEST);
        assert!(backoff.repeats() >= 15, "{}", backoff.repeats());
    }
}
