//! How fast events are handed over, at the most.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Gives out moments, evenly: the first at once.
#[derive(Debug)]
pub struct Pace {
    /// Between two events; nothing where they may go as fast as they can.
    every: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// So many events a second; as fast as they can for none.
    pub fn new(rate: Option<u32>) -> Self {
        let every = rate.filter(|rate| *rate > 0).map(|rate| Duration::from_secs(1) / rate);
        Self { every, next: Mutex::new(None) }
    }

    /// Waits until so many events may go.
    pub async fn take(&self, events: usize) {
        let Some(every) = self.every else { return };
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = next.unwrap_or_else(Instant::now).max(Instant::now());
            *next = Some(turn + every * u32::try_from(events).unwrap_or(u32::MAX));
            turn
        };
        sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn events_go_evenly_and_many_at_once_wait_for_their_number() {
        let (pace, start) = (Pace::new(Some(10)), Instant::now());
        let mut at = Vec::new();
        for events in [1, 1, 5, 1] {
            pace.take(events).await;
            at.push(start.elapsed().as_millis());
        }
        assert_eq!(at, [0, 100, 200, 700]);
        Pace::new(None).take(1_000_000).await;
        assert_eq!(start.elapsed().as_millis(), 700);
    }
}
