//! One run at a time: a lease on a pipeline, kept in the account itself, with nothing to set up first.
//!
//! The lease is the Parameter Store parameter `/pipe/<pipeline>/lease`. It is taken by a write that must not overwrite, renewed
//! while the run lasts, and deleted at its end. Parameter Store has no conditional overwrite, but every write returns the new
//! version: who takes over an expired lease has won only if that is the version read plus one. The winner writes its name
//! again, since a loser may have written after it; the loser writes nothing more. A holder that comes late to renew stops.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::aws::{Aws, parameter};
use crate::error::{Class, Error, Result, tame};
use crate::resource::Grant;

/// How long a lease lasts without being renewed.
const LIFETIME: Duration = Duration::from_secs(60);
/// How often it is renewed, and how soon again after a failure.
const RENEWAL: Duration = Duration::from_secs(20);
const AGAIN: Duration = Duration::from_secs(2);
/// How often a lease is asked for while nobody knows what became of the question, with twice the pause each time.
const ATTEMPTS: u32 = 6;
const SOON: Duration = Duration::from_millis(200);
/// How often a waiting run looks.
const LOOK: Duration = Duration::from_secs(2);

/// Who has the lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// User and host, e.g. `ada@laptop`.
    pub holder: String,
    pub host: String,
    pub process: i32,
    /// When it was taken and when it ends, in RFC 3339.
    pub started: String,
    pub expires: String,
    /// Tells two runs of the same process apart.
    pub token: String,
}

impl Holder {
    fn new() -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let user = std::env::var("USER").unwrap_or_else(|_| "somebody".to_owned());
        Self {
            holder: format!("{user}@{host}"),
            host,
            process: rustix::process::getpid().as_raw_nonzero().get(),
            started: text(SystemTime::now()),
            expires: text(SystemTime::now() + LIFETIME),
            token: uuid::Uuid::new_v4().to_string(),
        }
    }

    /// The same, ending later.
    fn renewed(&self) -> Self {
        Self { expires: text(SystemTime::now() + LIFETIME), ..self.clone() }
    }

    /// Whether nobody holds it any more: its time is over, or its process on this very host is gone.
    fn is_over(&self) -> bool {
        let ended =
            DateTime::from_str(&self.expires, Format::DateTime).map_or(true, |end| end <= SystemTime::now().into());
        let here = rustix::system::uname().nodename().to_string_lossy() == self.host.as_str();
        ended || (here && !runs(self.process))
    }

    fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
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

/// The name of a pipeline's lease.
pub fn name(pipeline: &str) -> String {
    format!("/pipe/{pipeline}/lease")
}

/// What a deployer must be allowed for it.
pub fn grant(place: &crate::aws::Place, pipeline: &str) -> Grant {
    const ACTIONS: &[&str] = &["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"];
    Grant::new(ACTIONS, place.arn("ssm", &format!("parameter{}", name(pipeline))))
}

/// A lease that this process holds. Dropped without [`Lease::release`] it lasts until it expires.
#[derive(Debug)]
pub struct Lease {
    aws: Arc<Aws>,
    name: String,
    token: String,
    lost: watch::Receiver<bool>,
    renewal: JoinHandle<()>,
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Asked {
    Taken(Lease),
    Held(Holder),
}

/// Asks for the lease of a pipeline; again a few times while no answer comes, or the answer is to ask less often.
///
/// # Errors
/// No permission for it, or still no answer: the caller decides whether to go on without.
pub async fn take(aws: &Arc<Aws>, pipeline: &str) -> Result<Asked> {
    let (name, mine) = (name(pipeline), Holder::new());
    let mut attempt = 0;
    loop {
        attempt += 1;
        match ask(aws, &name, &mine).await {
            Ok(Ok(version)) => return Ok(Asked::Taken(Lease::keep(aws.clone(), name, mine, version))),
            Ok(Err(holder)) => return Ok(Asked::Held(holder)),
            Err(error) if attempt < ATTEMPTS && matches!(error.class(), Class::Unclear | Class::Throttled) => {
                sleep(SOON * 2_u32.pow(attempt)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Asks once. Gives the version that was written, or who has it.
async fn ask(aws: &Aws, name: &str, mine: &Holder) -> Result<Result<i64, Holder>> {
    match write(aws, name, mine, false).await? {
        Some(version) => Ok(Ok(version)),
        None => take_over(aws, name, mine).await,
    }
}

/// Writes a holder's name. Where nobody knows whether that took effect, it did if the name is there.
async fn write(aws: &Aws, name: &str, mine: &Holder, overwrite: bool) -> Result<Option<i64>> {
    match parameter::write(aws, name, &mine.to_text(), overwrite).await {
        Err(error) if error.class() == Class::Unclear => match holder(aws, name).await? {
            Some((holder, version)) if holder.token == mine.token => Ok(Some(version)),
            _ => Err(error),
        },
        written => written,
    }
}

/// Takes away the lease that a dead run left, so that a run with nothing to do leaves nothing behind either.
///
/// # Errors
/// No permission for it, or no answer.
pub async fn sweep(aws: &Arc<Aws>, pipeline: &str) -> Result<()> {
    let left = holder(aws, &name(pipeline)).await?.is_some_and(|(holder, _)| holder.is_over());
    // As every other run: somebody else may be taking it over at this moment.
    match if left { Some(take(aws, pipeline).await?) } else { None } {
        Some(Asked::Taken(lease)) => lease.release().await,
        _ => Ok(()),
    }
}

/// Takes the lease of somebody whose time is over. Returns its version, or who has it.
async fn take_over(aws: &Aws, name: &str, mine: &Holder) -> Result<Result<i64, Holder>> {
    let Some((found, version)) = holder(aws, name).await? else {
        // Released a moment ago.
        return match write(aws, name, mine, false).await? {
            Some(version) => Ok(Ok(version)),
            None => Ok(Err(holder(aws, name).await?.map_or_else(|| mine.clone(), |(holder, _)| holder))),
        };
    };
    if !found.is_over() {
        return Ok(Err(found));
    }
    let written = write(aws, name, mine, true).await?;
    if written != Some(version + 1) {
        return Ok(Err(holder(aws, name).await?.map_or(found, |(holder, _)| holder)));
    }
    let again = write(aws, name, &mine.renewed(), true).await?;
    Ok(again.ok_or(found))
}

/// Who has the lease now, and its version. What is no lease of ours counts as one that is over.
pub async fn holder(aws: &Aws, name: &str) -> Result<Option<(Holder, i64)>> {
    let found = parameter::read(aws, name).await?;
    Ok(found.map(|found| {
        let mut holder: Holder = serde_json::from_str(&found.value).unwrap_or_else(|_| Holder {
            holder: "somebody".to_owned(),
            host: String::new(),
            process: 0,
            started: "an unknown time".to_owned(),
            expires: String::new(),
            token: String::new(),
        });
        // Whoever may write the parameter chose these texts, and they are shown.
        for text in [&mut holder.holder, &mut holder.started, &mut holder.expires] {
            *text = tame(text);
        }
        (holder, found.version)
    }))
}

/// Takes the lease as soon as it is free. `told` hears who has it, once for each holder.
///
/// # Errors
/// As [`take`].
pub async fn wait(aws: &Arc<Aws>, pipeline: &str, mut told: impl FnMut(&Holder)) -> Result<Lease> {
    let mut last = String::new();
    loop {
        match take(aws, pipeline).await? {
            Asked::Taken(lease) => return Ok(lease),
            Asked::Held(holder) => {
                if holder.token != last {
                    told(&holder);
                    last.clone_from(&holder.token);
                }
            }
        }
        sleep(LOOK).await;
    }
}

impl Lease {
    fn keep(aws: Arc<Aws>, name: String, mine: Holder, version: i64) -> Self {
        let (lose, lost) = watch::channel(false);
        let token = mine.token.clone();
        let renewal = tokio::spawn({
            let (aws, name) = (aws.clone(), name.clone());
            async move {
                renew(&aws, &name, mine, version).await;
                lose.send_replace(true);
            }
        });
        Self { aws, name, token, lost, renewal }
    }

    /// Turns true when another run may have the lease: then nothing more may be begun.
    pub fn lost(&self) -> watch::Receiver<bool> {
        self.lost.clone()
    }

    /// Gives the lease back, if it is still ours.
    ///
    /// # Errors
    /// The parameter could not be deleted; the lease then lasts until it expires.
    pub async fn release(self) -> Result<()> {
        self.renewal.abort();
        match holder(&self.aws, &self.name).await? {
            Some((holder, _)) if holder.token == self.token => parameter::delete(&self.aws, &self.name).await,
            _ => Ok(()),
        }
    }
}

/// Renews until that fails for good: too late, or another run wrote in between.
async fn renew(aws: &Aws, name: &str, mut mine: Holder, mut version: i64) {
    let mut pause = RENEWAL;
    loop {
        sleep(pause).await;
        if mine.is_over() {
            return;
        }
        let next = mine.renewed();
        match parameter::write(aws, name, &next.to_text(), true).await {
            Ok(Some(written)) if written == version + 1 => (mine, version, pause) = (next, written, RENEWAL),
            Ok(_) => return,
            Err(error) if error.class() == Class::Unclear => match holder(aws, name).await {
                Ok(Some((holder, now))) if holder.token == mine.token => (mine, version, pause) = (holder, now, AGAIN),
                Ok(_) => return,
                Err(_) => pause = AGAIN,
            },
            Err(_) => pause = AGAIN,
        }
    }
}

/// Says who has the lease, and what to do.
pub fn held(pipeline: &str, holder: &Holder) -> Error {
    Error::fatal(format!("`{pipeline}` is being changed by {} since {}", holder.holder, holder.started)).hint(format!(
        "--wait waits for its end; if that run is dead, its lease ends at {}, or at once with `pipe unlock`",
        holder.expires
    ))
}
