//! Tests that look at other places every time: a seed that can be given again, and many accounts at once.

use std::io::Write;
use std::sync::Mutex;

/// Accounts that one test works in at once: with more, the emulator may be slower with an answer than the 10 s that `pipe`
/// gives a call.
pub const AT_ONCE: usize = 3;

/// What chance is drawn from: `PIPE_TEST_SEED`, else the clock. A test that fails says which it was.
pub struct Seed(u64);

impl Seed {
    pub fn new() -> Self {
        let given = std::env::var("PIPE_TEST_SEED").ok().map(|seed| seed.parse().expect("PIPE_TEST_SEED is a number"));
        let clock = || std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64 % 1_000_000;
        Self(given.unwrap_or_else(clock))
    }

    pub fn number(&self) -> u64 {
        self.0
    }

    pub fn random(&self) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.0)
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            writeln!(std::io::stderr(), "to see this again: PIPE_TEST_SEED={}", self.0).ok();
        }
    }
}

/// Does the same with each of these, so many at once. All are done; then it fails if one of them did, and names them.
pub fn in_parallel<T: Sync>(at_once: usize, all: &[T], check: impl Fn(&T) + Sync) {
    let (next, failed) = (Mutex::new(all.iter()), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let Some(one) = next.lock().unwrap().next() else { return };
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(one)));
            if let Err(panic) = done {
                let text = panic.downcast_ref::<String>().cloned();
                failed.lock().unwrap().push(text.unwrap_or_else(|| "a check failed".to_owned()));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..at_once.min(all.len()) {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), all.len(), failed.join("\n---\n"));
}
