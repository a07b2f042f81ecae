//! Why a call did not do as asked, and how often that is reported.

use std::fmt;

use futures_util::future::BoxFuture;

use crate::event::{Event, Events};

/// What an answer becomes.
pub type Asked<T> = BoxFuture<'static, Result<T, Trouble>>;

/// Why the world did not do as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No such stream or shard.
    NotFound(String),
    /// The stream does not know the position, since it is another stream under the same ARN.
    Unknown(String),
    /// The stream no longer has what comes next: it keeps records for a day.
    Trimmed(String),
    /// Rights, throttling, failures: all of which may pass.
    Other(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(why) | Self::Unknown(why) | Self::Trimmed(why) | Self::Other(why) => {
                formatter.write_str(why)
            }
        }
    }
}

/// Whether something works, reported once per change of state.
#[derive(Debug)]
pub struct Health {
    what: String,
    well: bool,
    events: Events,
}

impl Health {
    /// `what` fits "... fails".
    pub fn new(what: String, events: Events) -> Self {
        Self { what, well: true, events }
    }

    pub fn well(&mut self) {
        if !std::mem::replace(&mut self.well, true) {
            self.warn(format!("{} works again", self.what));
        }
    }

    pub fn fails(&mut self, why: &str) {
        if std::mem::replace(&mut self.well, false) {
            self.warn(format!("{} fails and is tried again: {why}", self.what));
        }
    }

    fn warn(&self, message: String) {
        let _gone = self.events.send(Event::Warning { message });
    }
}
