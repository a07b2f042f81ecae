//! The processes of one function as it is now: warm ones, busy ones, and how many there may be.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::Settings;
use super::definition::Definition;
use super::environment;
use super::failure::{Exit, Failure};
use super::invocation::Invocation;
use super::logs::{self, Log, LogStream};
use super::process::{Process, Start};
use super::program::Program;
use super::report::{self, Usage};
use super::runtime_api::Job;
use crate::error::{Error, Result as LocalResult};
use crate::invoke::{Answer, Memory, Refusal};

/// How long the init of a process may take.
const INIT: Duration = Duration::from_secs(10);
/// How long a process waits for a call before it is ended, but for the one that was used last.
const IDLE: Duration = Duration::from_secs(60);
/// How often waiting processes are looked through.
const ROUND: Duration = Duration::from_secs(10);
/// How long credentials must last for a process to be given a call. Below what [`crate::roles::Roles`] answers at the least,
/// so that a new process is not as short of time as the one before.
const CREDENTIALS: Duration = Duration::from_secs(100);

/// A function's processes. It is retired when the function changes: calls under way end on it, and it takes no new ones.
pub(super) struct Pool {
    pub definition: Definition,
    folder: PathBuf,
    program: Program,
    settings: Arc<Settings>,
    told: Arc<AtomicBool>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Those that wait, the one used last at the end.
    idle: Vec<(Process, Instant)>,
    busy: u32,
}

/// A call of which there may be so many at once.
struct Slot(Arc<Pool>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.lock().busy -= 1;
    }
}

impl Pool {
    pub(super) fn new(definition: Definition, folder: PathBuf, program: Program, settings: Arc<Settings>) -> Arc<Self> {
        let (told, state) = (Arc::default(), Mutex::default());
        let pool = Arc::new(Self { definition, folder, program, settings, told, state });
        tokio::spawn(trim_now_and_then(Arc::downgrade(&pool)));
        pool
    }

    /// Serves a call on a warm process, or on a new one.
    pub(super) async fn call(
        self: Arc<Self>,
        invocation: Invocation,
        mut stop: watch::Receiver<bool>,
    ) -> Result<Answer, Refusal> {
        let _slot = self.slot()?;
        let alive = stop.clone();
        let began = Instant::now();
        self.settings.lens.show(|| invocation.begins(&self.definition.name));
        let answer = tokio::select! {
            answer = self.run(&invocation, &alive) => answer,
            _ = stop.wait_for(|stopped| *stopped) => Err(super::stopped()),
        };
        self.settings.lens.show(|| invocation.ends(&answer, began));
        answer
    }

    /// Has a process ready, if none is.
    pub(super) async fn warm(&self, alive: &watch::Receiver<bool>) -> LocalResult<()> {
        if !self.lock().idle.is_empty() {
            return Ok(());
        }
        let name = &self.definition.name;
        let process = self.start(alive).await.map_err(|refusal| super::error(name, refusal))?;
        let ready = self.ready(&process, process.started + INIT).await;
        ready.map_err(|failure| {
            process.log.platform(report::init(&self.definition, process.started.elapsed(), &failure));
            Error::new(format!("start the function `{name}`: {}", failure.reason(INIT)))
                .hint("its log says more; the next call starts it again")
        })?;
        self.give_back(process);
        Ok(())
    }

    /// Ends those that wait. Those that are busy end with the pool, which goes with the last call on it.
    pub(super) fn retire(&self) {
        self.lock().idle.clear();
    }

    fn slot(self: &Arc<Self>) -> Result<Slot, Refusal> {
        let mut state = self.lock();
        if state.busy >= self.definition.concurrency {
            return Err(Refusal::Throttled);
        }
        state.busy += 1;
        Ok(Slot(self.clone()))
    }

    async fn run(&self, invocation: &Invocation, alive: &watch::Receiver<bool>) -> Result<Answer, Refusal> {
        while let Some(process) = self.take() {
            let until = Instant::now() + self.definition.timeout;
            // One that ended before it saw the call has done nothing with it.
            if let Ok(answer) = self.serve(process, invocation, until, None).await {
                return Ok(answer);
            }
        }
        self.cold(invocation, alive).await
    }

    /// Serves a call on a new process.
    ///
    /// As AWS has it ("Understanding the Lambda execution environment lifecycle"): an init may take 10 seconds; one that took
    /// longer is done again as a part of the call, and then both have the function's time-out together. An init that fails
    /// otherwise fails the call, and the next call starts a process again.
    async fn cold(&self, invocation: &Invocation, alive: &watch::Receiver<bool>) -> Result<Answer, Refusal> {
        let mut process = self.start(alive).await?;
        let mut ready = self.ready(&process, process.started + INIT).await;
        let mut until = None;
        if ready == Err(Failure::TimedOut) {
            process.log.platform(report::init(&self.definition, INIT, &Failure::TimedOut));
            let together = Instant::now() + self.definition.timeout;
            // The first one ends before the second one starts: they are the same to whatever they both use.
            drop(process);
            process = self.start(alive).await?;
            ready = self.ready(&process, together).await;
            until = Some(together);
        }
        let took = process.started.elapsed();
        if let Err(failure) = ready {
            process.log.platform(report::init(&self.definition, took, &failure));
            return Ok(self.failed(invocation, &failure));
        }
        let init = until.is_none().then_some(took);
        let until = until.unwrap_or_else(|| Instant::now() + self.definition.timeout);
        let served = self.serve(process, invocation, until, init).await;
        Ok(served.unwrap_or_else(|exit| self.failed(invocation, &Failure::Exited(exit))))
    }

    async fn serve(
        &self,
        process: Process,
        invocation: &Invocation,
        until: Instant,
        init: Option<Duration>,
    ) -> Result<Answer, Exit> {
        process.log.serves(&invocation.id);
        if let Some(line) = report::start(&self.definition, &invocation.id) {
            process.log.platform(line);
        }
        let began = Instant::now();
        let deadline = since_1970() + until.duration_since(began);
        let outcome = process.call(until, |answer| Job {
            id: invocation.id.clone(),
            payload: invocation.payload.clone(),
            deadline: deadline.as_millis(),
            arn: self.definition.arn.clone(),
            trace: invocation.trace.clone(),
            answer,
        });
        let outcome = outcome.await?;
        let peak_mb = process.peak_mb();
        let usage = Usage { duration: began.elapsed(), init, memory_mb: peak_mb.unwrap_or_default() };
        let memory = peak_mb.map(|peak_mb| Memory { peak_mb, limit_mb: self.definition.memory_mb });
        for line in report::end(&self.definition, &invocation.id, &usage, outcome.as_ref().err()) {
            process.log.platform(line);
        }
        match outcome {
            Ok(payload) => {
                self.give_back(process);
                Ok(Answer { payload, error: None, request_id: invocation.id.clone(), memory })
            }
            Err(failure) => {
                // A function that fails on an event is not broken; whatever else failed is.
                if matches!(failure, Failure::Reported(_) | Failure::TooLarge) {
                    self.give_back(process);
                }
                Ok(Answer { memory, ..self.failed(invocation, &failure) })
            }
        }
    }

    fn failed(&self, invocation: &Invocation, failure: &Failure) -> Answer {
        let payload = failure.document(&invocation.id, self.definition.timeout);
        Answer { payload, error: Some("Unhandled".to_owned()), request_id: invocation.id.clone(), memory: None }
    }

    async fn ready(&self, process: &Process, until: Instant) -> Result<(), Failure> {
        process.ready(until).await.map_err(|failure| self.program.why(failure))
    }

    async fn start(&self, alive: &watch::Receiver<bool>) -> Result<Process, Refusal> {
        let definition = &self.definition;
        let unavailable = |reason: String| Refusal::Unavailable(reason);
        let cannot = |error: std::io::Error| Refusal::Unavailable(format!("start `{}`: {error}", definition.name));
        let roles = &self.settings.roles;
        let credentials = roles.credentials(&definition.role).await.map_err(|error| unavailable(error.to_string()))?;
        let config = roles.config(&definition.role).await.map_err(|error| unavailable(error.to_string()))?;
        let stream = logs::stream_name();
        let (listener, address) = Process::listener().await.map_err(cannot)?;
        let mut variables =
            environment::variables(&self.settings, definition, &credentials, &self.folder, &address, &stream);
        variables.extend_from_slice(&self.program.variables);
        let log_stream = LogStream {
            client: aws_sdk_cloudwatchlogs::Client::new(&config),
            function: definition.name.clone(),
            role: definition.role.clone(),
            group: definition.log_group.clone(),
            stream,
            events: self.settings.events.clone(),
            lens: self.settings.lens.clone(),
            told: self.told.clone(),
        };
        let start = Start {
            supervisor: &self.settings.supervisor,
            program: &self.program.words,
            folder: &self.folder,
            memory_mb: definition.memory_mb,
            expiry: credentials.expiry(),
            log: Log::open(log_stream, alive.clone()),
            alive: alive.clone(),
        };
        Process::start(start, listener, variables).map_err(cannot)
    }

    /// The process that was used last and can still be.
    fn take(&self) -> Option<Process> {
        let mut state = self.lock();
        loop {
            let (process, _) = state.idle.pop()?;
            if usable(&process) {
                return Some(process);
            }
        }
    }

    fn give_back(&self, process: Process) {
        if usable(&process) {
            self.lock().idle.push((process, Instant::now()));
        }
    }

    /// Ends the processes that have waited for long or can no longer be used.
    fn trim(&self) {
        let mut state = self.lock();
        state.idle.retain(|(process, _)| usable(process));
        while state.idle.len() > 1 && state.idle[0].1.elapsed() >= IDLE {
            state.idle.remove(0);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn trim_now_and_then(pool: Weak<Pool>) {
    loop {
        sleep(ROUND).await;
        match pool.upgrade() {
            Some(pool) => pool.trim(),
            None => return,
        }
    }
}

fn usable(process: &Process) -> bool {
    let enough = SystemTime::now() + CREDENTIALS;
    !process.ended() && process.expiry.is_none_or(|end| end > enough)
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
