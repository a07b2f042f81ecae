//! Processes: a `pipe dev` that may end early, and what it and its children leave behind.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pipe_test_support::until;
use rustix::process::{Pid, Signal, kill_process};

use super::dev::pipe;

/// A `pipe dev` that was started and nothing more. It is killed with the test.
pub struct Started {
    child: Child,
    out: Arc<Mutex<String>>,
    err: Arc<Mutex<String>>,
    readers: [JoinHandle<()>; 2],
}

impl Started {
    /// Starts `pipe dev --yes` in a folder, on a free port.
    pub fn of(folder: &Path, change: impl FnOnce(&mut Command)) -> Self {
        Self::on_port("0", folder, change)
    }

    /// The same on this port; `change` may add arguments and change the environment.
    pub fn on_port(port: &str, folder: &Path, change: impl FnOnce(&mut Command)) -> Self {
        let mut command = pipe(folder, None);
        command.args(["dev", "--yes", "--port", port]);
        change(&mut command);
        Self::running(command)
    }

    /// Another command.
    pub fn running(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (out, reads_out) = gather(child.stdout.take().unwrap());
        let (err, reads_err) = gather(child.stderr.take().unwrap());
        Self { child, out, err, readers: [reads_out, reads_err] }
    }

    pub fn out(&self) -> String {
        let out = self.out.lock().unwrap();
        out[..out.rfind('\n').map_or(0, |end| end + 1)].to_owned()
    }

    pub fn err(&self) -> String {
        self.err.lock().unwrap().clone()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn until<T>(&mut self, what: &str, mut look: impl FnMut(&mut Self) -> Option<T>) -> T {
        until(&format!("{what}:\n{}\n{}", self.out(), self.err()), || look(self))
    }

    /// Waits for its end and for all of its output, and gives the exit code and how long it took.
    pub fn end(&mut self) -> (Option<i32>, Duration) {
        let (status, took) = end_of(&mut self.child);
        // None of its children may hold the output open.
        until("the output's end", || self.readers.iter().all(JoinHandle::is_finished).then_some(()));
        (status.code(), took)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn gather(mut from: impl Read + Send + 'static) -> (Arc<Mutex<String>>, JoinHandle<()>) {
    let text = Arc::<Mutex<String>>::default();
    let gathered = Arc::clone(&text);
    let reader = std::thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut part) {
            gathered.lock().unwrap().push_str(&String::from_utf8_lossy(&part[..count]));
        }
    });
    (text, reader)
}

/// Waits for a process's end.
pub fn end_of(child: &mut Child) -> (ExitStatus, Duration) {
    let start = Instant::now();
    let status = until("the process to end", || child.try_wait().unwrap());
    (status, start.elapsed())
}

/// A process by its number and start time, which together no other has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    pub pid: u32,
    started: u64,
    /// Its command line, a space between arguments.
    pub command: String,
}

impl Process {
    pub fn is_there(&self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.started == self.started && stat.state != "Z")
    }
}

struct Stat {
    state: String,
    parent: u32,
    started: u64,
}

/// See proc_pid_stat(5); the name may have blanks and brackets.
fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    Some(Stat { state: fields[0].to_owned(), parent: fields[1].parse().ok()?, started: fields[19].parse().ok()? })
}

fn all() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The process and everything below it.
pub fn tree(root: u32) -> Vec<Process> {
    let stats: BTreeMap<u32, Stat> = all().into_iter().filter_map(|pid| Some((pid, stat(pid)?))).collect();
    let mut found = vec![root];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at];
        found.extend(stats.iter().filter(|(_, stat)| stat.parent == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    let process = |pid: u32| Some(Process { pid, started: stats.get(&pid)?.started, command: text(pid, "cmdline") });
    found.into_iter().filter_map(process).collect()
}

/// The processes that have a text, such as a folder, in their command line or environment.
pub fn about(needle: &str) -> Vec<String> {
    let has = |pid: u32| ["cmdline", "environ"].iter().any(|file| text(pid, file).contains(needle));
    all().into_iter().filter(|pid| has(*pid)).map(|pid| format!("{pid}: {}", text(pid, "cmdline"))).collect()
}

fn text(pid: u32, file: &str) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ").trim_end().to_owned()
}

pub fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}
