//! Tests that look at other places every time: a seed that can be given again.

use std::io::Write;

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
