//! When to stop working, so that the answer leaves before Lambda ends the invocation.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

const LEAST_MARGIN: Duration = Duration::from_secs(1);
const MOST_MARGIN: Duration = Duration::from_secs(5);

/// Returns how much of the time that is left may be worked.
///
/// The margin is a tenth, at least 1 s (a 128 MB function has a fourteenth of a CPU to write its answer with), at most
/// 5 s, and never more than half, so that even a timeout of one second does some work.
pub fn working_time(left: Duration) -> Duration {
    let margin = (left / 10).clamp(LEAST_MARGIN, MOST_MARGIN).min(left / 2);
    left - margin
}

/// Returns the instant at which an invocation with this deadline stops working: now, when the deadline has passed.
pub fn stop_at(deadline: SystemTime) -> Instant {
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    Instant::now() + working_time(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_is_a_tenth_within_bounds() {
        let work = |seconds: u64| working_time(Duration::from_secs(seconds)).as_millis();
        assert_eq!(work(0), 0);
        assert_eq!(work(1), 500);
        assert_eq!(work(3), 2_000);
        assert_eq!(work(30), 27_000);
        assert_eq!(work(900), 895_000);
    }

    #[tokio::test]
    async fn a_deadline_in_the_past_leaves_no_time() {
        let before = Instant::now();
        assert!(stop_at(SystemTime::UNIX_EPOCH) <= Instant::now());
        assert!(stop_at(SystemTime::UNIX_EPOCH) >= before);
    }
}
