//! The metrics of the running pipeline, in CloudWatch: under AWS's own namespaces, names, dimensions and units, so that whoever reads them
//! reads the same as on AWS.
//!
//! MiniStack itself counts next to nothing. [`tally`] counts what the events say and what calls of functions come to, and the counts that
//! functions write to their logs in CloudWatch's embedded metric format ([`embedded`]), which AWS takes out of the logs, too. Every few seconds
//! [`publish`] puts all of it into the endpoint, each value once with how often it came; nothing on the way of an event waits for that.
//!
//! Different from AWS:
//! - Values have two significant digits, and are there within seconds.
//! - Rules of a bus other than the account's own have no figures: those of AWS name the bus, and events here do not.
//! - What only the emulator sees is not counted: what a topic or a rule has delivered to a queue or a stream, and what a table is written.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use crate::event::Event;
use crate::invoke::Invoke;
use crate::roles::Roles;

mod embedded;
mod publish;
mod tally;
#[cfg(test)]
mod tests;

use tally::Tally;

/// Counts for one session. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Tally>>);

impl Meter {
    /// Passes events on and counts them.
    pub fn counting(&self, mut events: UnboundedReceiver<Event>) -> UnboundedReceiver<Event> {
        let (meter, (onward, counted)) = (self.clone(), unbounded_channel());
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                meter.with(|tally| tally.event(&event));
                if onward.send(event).is_err() {
                    return;
                }
            }
        });
        counted
    }

    /// The same way to call functions, with its calls counted.
    pub fn timing(&self, invoke: Invoke) -> Invoke {
        let meter = self.clone();
        Arc::new(move |call| {
            let function = call.function.clone();
            let (meter, called) = (meter.clone(), invoke(call));
            Box::pin(async move {
                let began = Instant::now();
                let outcome = called.await;
                meter.with(|tally| tally.call(&function, &outcome, began.elapsed()));
                outcome
            })
        })
    }

    /// Says what the API is called, and its stage: their names are dimensions.
    pub fn serves(&self, api: &str, stage: &str) {
        self.with(|tally| tally.serves(api, stage));
    }

    /// Publishes what is counted until the task is ended.
    pub fn publish(&self, roles: Roles) -> JoinHandle<()> {
        tokio::spawn(publish::run(self.clone(), roles))
    }

    fn with<T>(&self, look: impl FnOnce(&mut Tally) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
