//! Who has a lease, and whether that run is still there.

use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};

use crate::tame::tame;

/// How long a lease lasts without being renewed.
const LIFETIME: Duration = Duration::from_secs(60);
/// How far a holder's clock may be from AWS's: AWS refuses what is signed 5 minutes early or late
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>).
const SKEW: Duration = Duration::from_secs(5 * 60);

/// Who has the lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// User and host, e.g. `ada@laptop`.
    pub holder: String,
    pub host: String,
    pub process: i32,
    /// What tells one numbering of processes from another: hosts may have the same name. Empty where the system does not tell.
    #[serde(default)]
    pub machine: String,
    /// When it was taken and when it ends, in RFC 3339.
    pub started: String,
    pub expires: String,
    /// Tells two runs of the same process apart.
    pub token: String,
}

impl Holder {
    /// This process, from now on.
    pub(super) fn new() -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let user = std::env::var("USER").unwrap_or_else(|_| "somebody".to_owned());
        Self {
            holder: format!("{user}@{host}"),
            host,
            process: rustix::process::getpid().as_raw_nonzero().get(),
            machine: machine(),
            started: text(SystemTime::now()),
            expires: text(SystemTime::now() + LIFETIME),
            token: uuid::Uuid::new_v4().to_string(),
        }
    }

    /// Who wrote this value, and when. Anyone who may write the parameter may choose its texts: they are shown, and its end is
    /// believed only as far as a holder could have set it, or one write would lock the pipeline for ever.
    pub(super) fn of(value: &str, written: Option<SystemTime>) -> Self {
        let mut holder: Self = serde_json::from_str(value).unwrap_or_else(|_| Self {
            holder: "somebody".to_owned(),
            host: String::new(),
            process: 0,
            machine: String::new(),
            started: "an unknown time".to_owned(),
            expires: String::new(),
            token: String::new(),
        });
        for text in [&mut holder.holder, &mut holder.started, &mut holder.expires] {
            *text = tame(text);
        }
        let latest = written.and_then(|written| written.checked_add(LIFETIME + SKEW)).map(DateTime::from);
        let expires = DateTime::from_str(&holder.expires, Format::DateTime).ok();
        if let (Some(latest), Some(expires)) = (latest, expires)
            && expires > latest
        {
            holder.expires = latest.fmt(Format::DateTime).unwrap_or_default();
        }
        holder
    }

    /// The same, ending later.
    pub(super) fn renewed(&self) -> Self {
        Self { expires: text(SystemTime::now() + LIFETIME), ..self.clone() }
    }

    /// Whether nobody still holds it: its time is over, or its process on this very machine is gone.
    pub(super) fn is_over(&self) -> bool {
        let ended =
            DateTime::from_str(&self.expires, Format::DateTime).map_or(true, |end| end <= SystemTime::now().into());
        let here = !self.machine.is_empty() && self.machine == machine();
        ended || (here && !runs(self.process))
    }

    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The boot of the system and the namespace of process numbers, which containers have of their own.
fn machine() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    match (boot.trim(), namespace.to_str()) {
        ("", _) | (_, None | Some("")) => String::new(),
        (boot, Some(namespace)) => format!("{boot} {namespace}"),
    }
}

fn runs(process: i32) -> bool {
    let process = rustix::process::Pid::from_raw(process);
    // A process of another user answers EPERM: it runs.
    process.is_some_and(|process| rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH))
}

fn text(time: SystemTime) -> String {
    let seconds = DateTime::from_secs(DateTime::from(time).secs());
    seconds.fmt(Format::DateTime).unwrap_or_default()
}
