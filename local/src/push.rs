//! What sends events to functions by itself: topics, buckets, rules, schedules, log groups, and calls that nobody waits for.
//!
//! MiniStack matches, filters and makes the events, and gives each one to [`Inbox`]. From there on it goes as on AWS: the function's
//! policy must let the sender in ([`policy`], else [`undelivered`]); the event has AWS's form ([`normal`]); it waits in a queue of Lambda's until the
//! function has handled it ([`attempts`] decides, [`work`] does it), or is given up, with a [`record`] for the on-failure destination.
//! [`schedule`] is the clock: it keeps time zones and placeholders, of which MiniStack knows nothing.
//!
//! As AWS has it: two retries, after one and after two minutes; calls that are refused are tried again after 1 s to 5 min until the event is too
//! old; the record is sent under the function's role; what is not let in goes to the redrive queue of the subscription or to the dead-letter queue of the
//! rule's target, if the queue's policy lets the service in, and of a rule of IoT to its error action, under the rule's own role.
//!
//! Chosen where AWS says nothing, or different from it:
//! - 16 calls at a time: each is a process on one machine.
//! - A permission that is missing is not asked for again, also for S3, whose retries AWS does not tell.
//! - What waits for another try is lost when the session ends, as all that MiniStack holds is; it is told how many that are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::error::Result;
use crate::event::{Event, Events};
use crate::invoke::Invoke;
use crate::poller::clock::Clock;
use crate::roles::Roles;
use crate::seen::Lens;

mod attempts;
mod destination;
mod facts;
mod inbox;
mod into_stream;
mod iot;
mod normal;
mod outcome;
mod policy;
mod record;
pub mod schedule;
mod source;
#[cfg(test)]
mod tests;
mod undelivered;
mod work;

use facts::Functions;
pub use inbox::Inbox;
use schedule::Schedules;

/// How many events are with a function at a time.
const AT_ONCE: usize = 16;

/// What pushing works with.
pub struct Settings {
    pub roles: Roles,
    pub invoke: Invoke,
    pub events: Events,
    pub lens: Lens,
    pub inbox: Inbox,
}

/// The deliveries of one session, until they are stopped or dropped.
pub struct Push {
    shared: Arc<Shared>,
    schedules: Schedules,
    task: JoinHandle<()>,
}

/// What all deliveries share.
struct Shared {
    roles: Roles,
    invoke: Invoke,
    events: Events,
    lens: Lens,
    functions: Functions,
    clock: Clock,
    slots: Semaphore,
    /// Events that no function has handled yet.
    waiting: AtomicUsize,
    /// True once everything is to end.
    stop: watch::Sender<bool>,
}

impl Drop for Push {
    fn drop(&mut self) {
        self.shared.stop.send_replace(true);
        self.task.abort();
    }
}

impl Push {
    /// Takes what is in the inbox from now on. No schedule runs before [`Push::sync`].
    pub fn start(settings: Settings) -> Self {
        let Settings { roles, invoke, events, lens, inbox } = settings;
        let clock = Clock::start();
        let functions = Functions::new(roles.clone());
        let schedules = Schedules::new(roles.clone(), events.clone(), clock.clone());
        let shared = Arc::new(Shared {
            roles,
            invoke,
            events,
            lens,
            functions,
            clock,
            slots: Semaphore::new(AT_ONCE),
            waiting: AtomicUsize::new(0),
            stop: watch::Sender::new(false),
        });
        let task = tokio::spawn(work::take(Arc::clone(&shared), inbox));
        Self { shared, schedules, task }
    }

    /// Follows an apply: permissions and settings are read again, and the schedules run that are there now.
    ///
    /// # Errors
    /// The endpoint does not say which schedules there are, or one of them has an expression that is none.
    pub async fn sync(&mut self) -> Result<()> {
        self.shared.functions.forget();
        self.schedules.sync().await
    }

    /// Fires a schedule at once, by its name, as if its time had come.
    ///
    /// # Errors
    /// There is no such schedule.
    pub async fn fire(&self, schedule: &str) -> Result<()> {
        self.schedules.fire(schedule).await
    }

    /// The names of the schedules that run.
    pub fn schedules(&self) -> Vec<String> {
        self.schedules.names()
    }

    /// Begins no new call; those under way end with their functions. Tells what is lost.
    pub fn stop(self) {
        let waiting = self.shared.waiting.load(Ordering::Relaxed);
        if waiting > 0 {
            let events = if waiting == 1 { "1 event ends".to_owned() } else { format!("{waiting} events end") };
            let message = format!("{events} with this session before a function has handled them");
            let _gone = self.shared.events.send(Event::Warning { message });
        }
    }
}
