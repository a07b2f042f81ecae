//! How a call fails, and the documents that Lambda answers then.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

/// The most that a response may have, in bytes: 6 MiB and the 100 that AWS's own runtime interface emulator adds.
pub(super) const RESPONSE_LIMIT: usize = 6 * 1024 * 1024 + 100;

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Code(i32),
    Signal(i32),
    /// It could not be started, by the system's number for why.
    NotStarted(i32),
}

/// Why a call that reached the function has no response of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The runtime reported an error: its own document.
    Reported(Bytes),
    TooLarge,
    TimedOut,
    OutOfMemory,
    /// The code has no `bootstrap`.
    NoBootstrap,
    Exited(Exit),
}

impl Failure {
    /// The document, as Lambda's Invoke answers it.
    ///
    /// A time-out is as Lambda answers since 2025 (public reports: `Sandbox.Timedout`); the rest is as in AWS's runtime interface
    /// emulator. A custom runtime that has no memory left is killed by the system, and Lambda knows no more of it than that
    /// (<https://github.com/awslabs/amazon-s3-find-and-forget/pull/283>); `Runtime.OutOfMemory` is what managed runtimes report.
    pub(super) fn document(&self, request_id: &str, timeout: Duration) -> Bytes {
        let message = match self {
            Self::Reported(document) => return document.clone(),
            Self::TooLarge => {
                format!("Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes).")
            }
            _ => format!("RequestId: {request_id} Error: {}", self.reason(timeout)),
        };
        // By hand, because the order of the keys is part of what Lambda answers and serde_json's map sorts them.
        Bytes::from(format!(r#"{{"errorType":"{}","errorMessage":{}}}"#, self.error_type(), json!(message)))
    }

    /// What is in Lambda's report as the type of the error.
    pub(super) fn error_type(&self) -> &'static str {
        match self {
            Self::Reported(_) => "Function.Unknown",
            Self::TooLarge => "Function.ResponseSizeTooLarge",
            Self::TimedOut => "Sandbox.Timedout",
            Self::NoBootstrap | Self::Exited(Exit::NotStarted(_)) => "Runtime.InvalidEntrypoint",
            Self::OutOfMemory | Self::Exited(_) => "Runtime.ExitError",
        }
    }

    /// The same as people read it.
    pub(super) fn reason(&self, timeout: Duration) -> String {
        match self {
            Self::Reported(document) => reported(document),
            Self::TooLarge => "its response is too large".to_owned(),
            Self::TimedOut => format!("Task timed out after {:.2} seconds", timeout.as_secs_f64()),
            Self::OutOfMemory => "Runtime exited with error: signal: killed".to_owned(),
            Self::NoBootstrap => "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]".to_owned(),
            Self::Exited(Exit::Code(0)) => "Runtime exited without providing a reason".to_owned(),
            Self::Exited(Exit::Code(code)) => format!("Runtime exited with error: exit status {code}"),
            Self::Exited(Exit::Signal(signal)) => {
                format!("Runtime exited with error: signal: {}", signal_name(*signal))
            }
            Self::Exited(Exit::NotStarted(errno)) => format!("fork/exec /var/task/bootstrap: {}", errno_name(*errno)),
        }
    }
}

/// What the runtime reported, as far as it said it.
fn reported(document: &[u8]) -> String {
    let document: Value = serde_json::from_slice(document).unwrap_or_default();
    let said: Vec<&str> = ["errorType", "errorMessage"].iter().filter_map(|key| document[*key].as_str()).collect();
    match said.is_empty() {
        true => "the function reported an error".to_owned(),
        false => said.join(": "),
    }
}

/// Signals as Go names them, in which Lambda is written.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        10 => "user defined signal 1",
        11 => "segmentation fault",
        12 => "user defined signal 2",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}

/// Why a program cannot be started, as Go says it.
fn errno_name(errno: i32) -> String {
    match errno {
        2 => "no such file or directory".to_owned(),
        8 => "exec format error".to_owned(),
        13 => "permission denied".to_owned(),
        _ => format!("errno {errno}"),
    }
}
