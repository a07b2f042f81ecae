//! What ends a run early: Ctrl-C or SIGTERM, its time, a lost lease. Whatever it is, nothing new begins, and calls are finished.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::cli::exit;
use crate::event::Event;
use crate::term::Shell;

/// What a command that changes AWS says on the first Ctrl-C.
pub const FINISHING: &str = "interrupted: finishing what is under way; a second Ctrl-C stops at once";

/// The way to end a run early, and why it was.
#[derive(Clone, Debug)]
pub struct Halt {
    shell: Shell,
    stop: watch::Sender<bool>,
    code: Arc<OnceLock<u8>>,
}

impl Halt {
    /// Listens for Ctrl-C and SIGTERM from now on: the first stops the run, the second ends the process.
    pub fn on_interrupt(shell: Shell, says: &'static str) -> Self {
        let halt = Self { shell, stop: watch::Sender::new(false), code: Arc::default() };
        // If the process cannot listen for signals, they keep their default effect.
        if let Ok(mut signals) = Signals::new() {
            let halt = halt.clone();
            tokio::spawn(async move {
                while signals.next().await.is_some() {
                    if halt.is_told() {
                        std::process::exit(i32::from(exit::INTERRUPTED));
                    }
                    halt.tell(exit::INTERRUPTED, says);
                }
            });
        }
        halt
    }

    /// Ends the run when its time is over.
    pub fn after(&self, seconds: Option<u64>) {
        let Some(seconds) = seconds else { return };
        let halt = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            halt.tell(exit::FAILED, &format!("{seconds} s are over: finishing what is under way"));
        });
    }

    /// Ends the run when `lost` turns true.
    pub fn when_lost(&self, mut lost: watch::Receiver<bool>) {
        let halt = self.clone();
        tokio::spawn(async move {
            if lost.wait_for(|lost| *lost).await.is_ok() {
                halt.tell(
                    exit::FAILED,
                    "the lease was lost, so another run may have begun: finishing what is under way",
                );
            }
        });
    }

    /// Turns true when the run is to end.
    pub fn told(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    pub fn is_told(&self) -> bool {
        *self.stop.borrow()
    }

    /// The exit code of a run that was ended early.
    pub fn exit_code(&self) -> u8 {
        self.code.get().copied().unwrap_or(exit::INTERRUPTED)
    }

    fn tell(&self, code: u8, says: &str) {
        if self.code.set(code).is_ok() {
            self.shell.line(&Event::Stopping { because: says.to_owned() });
            self.shell.err(&format!("\n{says}\n"));
            self.stop.send_replace(true);
        }
    }
}

/// Listens for Ctrl-C, and for SIGTERM, by which a service manager asks for the same; from its creation on, so that none is
/// missed.
struct Signals(Signal, Signal);

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    }

    async fn next(&mut self) -> Option<()> {
        tokio::select! {
            heard = self.0.recv() => heard,
            heard = self.1.recv() => heard,
        }
    }
}
