//! One line of time for all that waits.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Tells the time in milliseconds since 1970, but moves with tokio's clock: tests can pause it, and it never goes back.
///
/// A machine that sleeps makes it late: records then seem younger than they are, and are tried for longer.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    start_ms: i64,
}

impl Clock {
    pub fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: Instant::now(), start_ms: i64::try_from(wall.as_millis()).unwrap_or_default() }
    }

    pub fn now(&self) -> i64 {
        self.start_ms + i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX / 2)
    }

    /// The same moment for tokio's timers; a moment long past is the start.
    pub fn at(&self, time_ms: i64) -> Instant {
        self.start + Duration::from_millis(u64::try_from(time_ms - self.start_ms).unwrap_or_default())
    }
}
