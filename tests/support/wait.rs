//! Waiting for what happens elsewhere.

use std::time::{Duration, Instant};

/// For as long as the slowest machine may take; a test that waits in vain fails after this time.
const WITHIN: Duration = Duration::from_secs(300);

/// Asks again and again until there is an answer.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < WITHIN, "in vain waited for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
