//! The supervisor: stands between the functions' host and one child, so that no child outlives its owner.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// What it answers when no command is given, as `EX_USAGE` of sysexits.h.
const USAGE: u8 = 64;

/// Runs a command until it ends or until this process's own stdin reaches its end, whichever comes first.
///
/// The command leads a process group of its own, has nothing on stdin and writes to this process's stdout and stderr. In the
/// end the whole group is killed. The answer is the command's own code, 128 and the signal that ended it, 127 when there is
/// no such command and 126 when it cannot be run (as a shell does).
///
/// Where stdin is one end of a socket, its owner gets these reports, a line each: `pid N` once the command runs; then `code N` or
/// `signal N` for how it ended; or only `errno N` when it could not be started.
pub fn run(command: &[OsString]) -> ExitCode {
    // A user who ends every process by the program's name must not also end those that clean up after it.
    let _ = std::fs::write("/proc/self/comm", "supervisor");
    let Some((program, arguments)) = command.split_first() else {
        return ExitCode::from(USAGE);
    };
    match Command::new(program).args(arguments).stdin(Stdio::null()).process_group(0).spawn() {
        Ok(child) => supervise(child),
        Err(error) => {
            tell(&format!("errno {}", error.raw_os_error().unwrap_or_default()));
            ExitCode::from(if error.kind() == ErrorKind::NotFound { 127 } else { 126 })
        }
    }
}

fn supervise(mut child: Child) -> ExitCode {
    let group = Pid::from_child(&child);
    tell(&format!("pid {}", group.as_raw_nonzero()));
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        end(group);
    });
    // The child is not reaped before its group is ended: until then nobody else can be given the group's number.
    while matches!(
        waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT),
        Err(rustix::io::Errno::INTR)
    ) {}
    end(group);
    let status = child.wait().unwrap_or_else(|_| ExitStatus::from_raw(0));
    if let Some(signal) = status.signal() {
        tell(&format!("signal {signal}"));
        return ExitCode::from(u8::try_from(128 + signal).unwrap_or(u8::MAX));
    }
    let code = status.code().unwrap_or_default();
    tell(&format!("code {code}"));
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

/// Kills the group. A group that has already ended is fine.
fn end(group: Pid) {
    let _ = kill_process_group(group, Signal::KILL);
}

/// Tells the owner; one that is not there, or did not give a socket, wants to know nothing.
fn tell(line: &str) {
    if let Ok(stdin) = io::stdin().as_fd().try_clone_to_owned() {
        // As a socket, so that a terminal or a pipe refuses the write instead of taking it.
        let _ = UnixStream::from(stdin).write_all(format!("{line}\n").as_bytes());
    }
}
