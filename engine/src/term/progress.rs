//! How far something is: one moving line on a terminal, a line now and then elsewhere, nothing in JSON.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget};

use crate::term::Shell;

/// How often it is printed where nothing can move.
const NOW_AND_THEN: Duration = Duration::from_secs(5);

/// A line that says how far something is. It is gone when this is dropped.
pub struct Progress {
    shell: Shell,
    bar: Option<ProgressBar>,
    told: Instant,
}

impl Progress {
    /// Begins, and says nothing yet.
    pub fn new(shell: Shell) -> Self {
        let bar = (std::io::stderr().is_terminal() && !shell.json).then(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar
        });
        Self { shell, bar, told: Instant::now() }
    }

    /// The same in lines only, where others write to the terminal meanwhile.
    pub fn still(shell: Shell) -> Self {
        Self { shell, bar: None, told: Instant::now() }
    }

    /// Says how far it is.
    pub fn tell(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(text.to_owned());
                bar.tick();
            }
            None if !self.shell.json && self.told.elapsed() >= NOW_AND_THEN => {
                self.shell.err(&format!("{text}\n"));
                self.told = Instant::now();
            }
            None => {}
        }
    }

    /// Prints a line of the result beside it.
    pub fn out(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.shell.out(line)),
            None => self.shell.out(line),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
