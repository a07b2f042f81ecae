//! One process of a function: a bootstrap, or an interpreter with a loader, under a supervisor, with a Runtime API of its own.

use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, UnixStream};
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::caller::Callers;
use super::failure::{Exit, Failure};
use super::logs::Log;
use super::runtime_api::{Init, Job, RuntimeApi};

/// How often the memory of a working process is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What the supervisor has reported.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub pid: Option<u32>,
    pub exit: Option<Exit>,
}

/// A running bootstrap. It is ended, with all that it started, when this is dropped.
pub(super) struct Process {
    pub log: Log,
    pub started: Instant,
    /// When its credentials end.
    pub expiry: Option<SystemTime>,
    api: Arc<RuntimeApi>,
    told: watch::Receiver<Told>,
    memory_mb: u32,
    /// The most memory that it was seen with, in MB.
    peak: AtomicU64,
    /// The supervisor's stdin: it ends the process when this closes.
    _owner: OwnedWriteHalf,
    /// The Runtime API's listener, which is closed with it.
    _server: JoinSet<()>,
}

/// What a process is started with.
pub(super) struct Start<'a> {
    /// The supervisor's command.
    pub supervisor: &'a [std::ffi::OsString],
    /// What is started.
    pub program: &'a [std::ffi::OsString],
    /// The unpacked code.
    pub folder: &'a Path,
    pub memory_mb: u32,
    pub expiry: Option<SystemTime>,
    pub log: Log,
    /// Held until the process is gone, so that who stops can wait for it.
    pub alive: watch::Receiver<bool>,
}

impl Process {
    /// Opens a listener for a process to come, with its address.
    pub(super) async fn listener() -> std::io::Result<(TcpListener, String)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?.to_string();
        Ok((listener, address))
    }

    /// Starts the bootstrap; whether it can be run shows in its init.
    pub(super) fn start(
        start: Start<'_>,
        listener: TcpListener,
        variables: Vec<(String, String)>,
    ) -> std::io::Result<Self> {
        let own = listener.local_addr()?;
        let (ours, theirs) = StdUnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let (reports, owner) = UnixStream::from_std(ours)?.into_split();
        let program = start.supervisor.first().ok_or_else(|| std::io::Error::other("no supervisor is given"))?;
        let mut child = Command::new(program)
            .args(&start.supervisor[1..])
            .args(start.program)
            .env_clear()
            .envs(variables)
            .current_dir(start.folder)
            // Ctrl-C at the terminal is the owner's to act on: it lets calls end first.
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(stream) = child.stdout.take() {
            tokio::spawn(start.log.clone().follow(stream));
        }
        if let Some(stream) = child.stderr.take() {
            tokio::spawn(start.log.clone().follow(stream));
        }
        let (tell, told) = watch::channel(Told::default());
        tokio::spawn(watch_over(child, reports, tell, start.alive));
        let api = RuntimeApi::new();
        let mut server = JoinSet::new();
        server.spawn(api.clone().serve(listener, Callers { own, told: told.clone() }));
        Ok(Self {
            log: start.log,
            started: Instant::now(),
            expiry: start.expiry,
            api,
            told,
            memory_mb: start.memory_mb,
            peak: AtomicU64::new(0),
            _owner: owner,
            _server: server,
        })
    }

    /// Waits until the runtime asks for its first call.
    pub(super) async fn ready(&self, until: Instant) -> Result<(), Failure> {
        let mut init = self.api.init();
        let ready = tokio::select! {
            biased;
            Ok(init) = init.wait_for(|init| *init != Init::Running) => match &*init {
                Init::Failed(document) => Err(Failure::Reported(document.clone())),
                _ => Ok(()),
            },
            exit = self.exit() => Err(Failure::Exited(exit)),
            () = self.out_of_memory() => Err(Failure::OutOfMemory),
            () = sleep_until(until) => Err(Failure::TimedOut),
        };
        if self.took_too_much() { Err(Failure::OutOfMemory) } else { ready }
    }

    /// Has the runtime serve a call.
    ///
    /// # Errors
    /// Outside, how the process ended before it saw the call; inside, how the call failed.
    pub(super) async fn call(
        &self,
        until: Instant,
        job: impl FnOnce(oneshot::Sender<Result<Bytes, Failure>>) -> Job,
    ) -> Result<Result<Bytes, Failure>, Exit> {
        let (answer, mut answered) = oneshot::channel();
        self.api.offer(job(answer));
        let outcome = tokio::select! {
            biased;
            Ok(outcome) = &mut answered => Ok(outcome),
            exit = self.exit() => if self.api.withdraw() { Err(exit) } else { Ok(Err(Failure::Exited(exit))) },
            () = self.out_of_memory() => Ok(Err(Failure::OutOfMemory)),
            () = sleep_until(until) => Ok(Err(Failure::TimedOut)),
        };
        // Lambda would have ended it before it answered, however short the moment was.
        if outcome.is_ok() && self.took_too_much() { Ok(Err(Failure::OutOfMemory)) } else { outcome }
    }

    /// Whether it has ended.
    pub(super) fn ended(&self) -> bool {
        self.told.borrow().exit.is_some()
    }

    /// The most memory that it has had, in MB; nothing where the system does not say.
    pub(super) fn peak_mb(&self) -> Option<u64> {
        self.look();
        Some(self.peak.load(Ordering::Relaxed)).filter(|peak| *peak > 0)
    }

    fn took_too_much(&self) -> bool {
        self.peak_mb().is_some_and(|peak| peak > u64::from(self.memory_mb))
    }

    async fn exit(&self) -> Exit {
        let mut told = self.told.clone();
        match told.wait_for(|told| told.exit.is_some()).await {
            Ok(told) => told.exit.clone().unwrap_or(Exit::Code(0)),
            // Its watcher is gone only when everything ends.
            Err(_) => Exit::Signal(9),
        }
    }

    /// Returns when it has had more memory than it may have. Processes that it started itself are not counted.
    async fn out_of_memory(&self) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick is at once, and most calls end before the second one.
        ticks.tick().await;
        loop {
            ticks.tick().await;
            if self.took_too_much() {
                return;
            }
        }
    }

    /// Keeps the most resident memory that it has had, as Linux knows it.
    fn look(&self) {
        let Some(pid) = self.told.borrow().pid else { return };
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.and_then(|peak| peak.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
        self.peak.fetch_max(kilobytes.unwrap_or_default().div_ceil(1024), Ordering::Relaxed);
    }
}

/// Reads the supervisor's reports to their end.
async fn watch_over(mut child: Child, reports: OwnedReadHalf, tell: watch::Sender<Told>, alive: watch::Receiver<bool>) {
    let mut reports = BufReader::new(reports).lines();
    while let Ok(Some(line)) = reports.next_line().await {
        tell.send_modify(|told| hear(told, &line));
    }
    let status = child.wait().await;
    tell.send_modify(|told| {
        if told.exit.is_some() {
            return;
        }
        // Somebody killed the supervisor: what it looked after must still end.
        if let Some(group) = told.pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let signal = status.ok().and_then(|status| status.signal());
        told.exit = Some(Exit::Signal(signal.unwrap_or(9)));
    });
    drop(alive);
}

fn hear(told: &mut Told, line: &str) {
    let Some((what, number)) = line.split_once(' ') else {
        return;
    };
    match (what, number.parse::<i32>()) {
        ("pid", Ok(pid)) => told.pid = u32::try_from(pid).ok(),
        ("code", Ok(code)) => told.exit = Some(Exit::Code(code)),
        ("signal", Ok(signal)) => told.exit = Some(Exit::Signal(signal)),
        ("errno", Ok(errno)) => told.exit = Some(Exit::NotStarted(errno)),
        _ => {}
    }
}
