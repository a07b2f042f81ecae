//! One line of time for all that waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// How far the wall clock is ahead before it counts as a sleep of the machine, in milliseconds.
const SLEPT_MS: i64 = 5_000;

/// Tells the time in milliseconds since 1970. It moves with tokio's clock, which tests can pause, and never goes back.
///
/// Tokio's clock stands still while the machine sleeps. The time after a sleep is taken from the wall clock, so that records have
/// their true age, and `start: newest` means now.
#[derive(Clone, Debug)]
pub struct Clock {
    start: Instant,
    start_ms: i64,
    /// How long the machine has slept since the start.
    slept_ms: Arc<AtomicI64>,
    wall: fn() -> i64,
}

impl Clock {
    pub fn start() -> Self {
        Self::with(wall)
    }

    /// A clock that takes the time after a sleep from `wall`.
    pub fn with(wall: fn() -> i64) -> Self {
        Self { start: Instant::now(), start_ms: wall(), slept_ms: Arc::default(), wall }
    }

    pub fn now(&self) -> i64 {
        let awake = self.start_ms + i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX / 2);
        let slept = (self.wall)() - awake;
        if slept - self.slept_ms.load(Ordering::Relaxed) > SLEPT_MS {
            self.slept_ms.fetch_max(slept, Ordering::Relaxed);
        }
        awake + self.slept_ms.load(Ordering::Relaxed)
    }

    /// The same moment for tokio's timers; a moment long past is the start.
    pub fn at(&self, time_ms: i64) -> Instant {
        let since = time_ms - self.start_ms - self.slept_ms.load(Ordering::Relaxed);
        self.start + Duration::from_millis(u64::try_from(since).unwrap_or_default())
    }
}

/// The wall clock, in milliseconds since 1970.
fn wall() -> i64 {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(wall.as_millis()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    static WALL: AtomicI64 = AtomicI64::new(1_000_000);

    #[tokio::test(start_paused = true)]
    async fn a_sleep_of_the_machine_moves_the_time_on_and_a_small_step_does_not() {
        let clock = Clock::with(|| WALL.load(Ordering::Relaxed));
        WALL.fetch_add(4_000, Ordering::Relaxed);
        assert_eq!(clock.now(), 1_000_000, "clocks are set now and then");
        WALL.fetch_add(3_600_000, Ordering::Relaxed);
        let woken = clock.now();
        assert_eq!(woken, 4_604_000);
        assert_eq!(clock.at(woken + 500), Instant::now() + Duration::from_millis(500));
        WALL.store(0, Ordering::Relaxed);
        tokio::time::advance(Duration::from_millis(10)).await;
        assert_eq!(clock.clone().now(), woken + 10, "it never goes back");
    }
}
