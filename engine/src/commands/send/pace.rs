//! When events are due: one after the other as answers come, or so many a second, however long the answers take.

use std::time::Duration;

use tokio::time::Instant;

/// Events that are due closer to one another than this begin together, so that a call that takes several gets some.
const TICK: Duration = Duration::from_millis(10);

/// Events at equal distances, from a start on.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    start: Instant,
    rate: u32,
    end: Option<Instant>,
    begun: u32,
}

impl Pace {
    pub fn new(start: Instant, rate: u32, end: Option<Instant>) -> Self {
        Self { start, rate, end, begun: 0 }
    }

    /// When the event with this number is due, from 0.
    fn due_at(&self, n: u32) -> Instant {
        self.start + Duration::from_nanos(u64::from(n) * 1_000_000_000 / u64::from(self.rate))
    }

    /// When the next events are due; nothing where there are none any more.
    pub fn next_due(&self) -> Option<Instant> {
        let due = self.due_at(self.begun);
        if self.end.is_some_and(|end| due >= end) {
            return None;
        }
        let since = due.duration_since(self.start).as_nanos();
        let ticks = since.div_ceil(TICK.as_nanos()).saturating_mul(TICK.as_nanos());
        // Whole ticks at high rates; at low ones each event has its own moment.
        let apart = Duration::from_secs(1) / self.rate;
        if apart >= TICK {
            Some(due)
        } else {
            Some(self.start + Duration::from_nanos(u64::try_from(ticks).unwrap_or(u64::MAX)))
        }
    }

    /// The moments at which the events were due that are due by now, at most so many, which now begin.
    pub fn take(&mut self, now: Instant, most: usize) -> Vec<Instant> {
        let mut all = Vec::new();
        while all.len() < most {
            let due = self.due_at(self.begun);
            if due > now || self.end.is_some_and(|end| due >= end) {
                break;
            }
            all.push(due);
            self.begun += 1;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn events_are_due_at_equal_distances_until_the_end() {
        let start = Instant::now();
        let mut pace = Pace::new(start, 4, Some(start + after(1000)));
        assert_eq!(pace.take(start, 9), [start]);
        assert_eq!((pace.next_due(), pace.take(start + after(249), 9)), (Some(start + after(250)), vec![]));
        assert_eq!(pace.take(start + after(600), 9), [start + after(250), start + after(500)]);
        assert_eq!(pace.take(start + after(9000), 9), [start + after(750)], "4 a second for a second are 4");
        assert_eq!(pace.next_due(), None);
    }

    #[test]
    fn what_was_held_up_is_due_as_it_was() {
        let start = Instant::now();
        let mut pace = Pace::new(start, 1000, None);
        let first = pace.take(start + after(5000), 2);
        assert_eq!(first, [start, start + after(1)]);
        assert!(pace.next_due().unwrap() < start + after(5000), "it is due since long");
        assert_eq!(pace.take(start + after(5000), usize::MAX).len(), 4999);
    }

    #[test]
    fn a_high_rate_goes_by_ticks_and_is_kept() {
        let start = Instant::now();
        let mut pace = Pace::new(start, 3000, Some(start + after(1000)));
        let (mut all, mut looks) = (0, 0);
        while let Some(next) = pace.next_due() {
            all += pace.take(next, usize::MAX).len();
            looks += 1;
        }
        assert_eq!((all, looks), (3000, 101));
    }
}
