//! One run at a time: a lease on a pipeline, kept in the account itself, with nothing to set up first.
//!
//! The lease is the Parameter Store parameter `/pipe/<pipeline>/lease`. It is taken by a write that must not overwrite, renewed
//! while the run lasts, and deleted at its end. Parameter Store has no conditional overwrite, but every write returns the new
//! version: who takes over an expired lease has won only if that is the version read plus one. The winner writes its name
//! again, since a loser may have written after it; the loser writes nothing more. A holder that comes late to renew stops.

mod who;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::aws::{Aws, parameter};
use crate::error::{Class, Error, Result};
use crate::resource::{Grant, Scope};
pub use who::Holder;

/// How often a lease is renewed, and how soon again after a failure.
const RENEWAL: Duration = Duration::from_secs(20);
const AGAIN: Duration = Duration::from_secs(2);
/// How often a lease is asked for while nobody knows what became of the question, with twice the pause each time.
const ATTEMPTS: u32 = 6;
const SOON: Duration = Duration::from_millis(200);
/// How often a waiting run looks.
const LOOK: Duration = Duration::from_secs(2);
/// How often one that was deleted is looked for, each time that it is asked for: for more than half a minute in all.
const RELEASED_LOOKS: u32 = 5;

/// The name of a pipeline's lease.
pub fn name(pipeline: &str) -> String {
    format!("/pipe/{pipeline}/lease")
}

/// What a deployer must be allowed for it.
pub fn grant(scope: &Scope) -> Grant {
    const ACTIONS: &[&str] = &["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"];
    Grant::new(ACTIONS, scope.place.arn("ssm", &format!("parameter{}", name(scope.pipeline))))
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
    Ok(match until_known(async || ask(aws, &name, &mine).await).await? {
        Ok(version) => Asked::Taken(Lease::keep(aws.clone(), name, mine, version)),
        Err(holder) => Asked::Held(holder),
    })
}

/// Asks again a few times while no answer comes, or the answer is to ask less often.
async fn until_known<T>(ask: impl AsyncFn() -> Result<T>) -> Result<T> {
    for attempt in 1..ATTEMPTS {
        match ask().await {
            Err(error) if matches!(error.class(), Class::Unclear | Class::Throttled) => {
                sleep(SOON * 2_u32.pow(attempt)).await;
            }
            known => return known,
        }
    }
    ask().await
}

/// Asks once. Gives the version that was written, or who has it.
async fn ask(aws: &Aws, name: &str, mine: &Holder) -> Result<Result<i64, Holder>> {
    match write(aws, name, mine, false).await? {
        Some(version) => Ok(Ok(version)),
        None => take_over(aws, name, mine).await,
    }
}

/// Writes a holder's name. If nobody knows whether that took effect, it did if the name is there.
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
        return after_release(aws, name, mine).await;
    };
    // The first write took effect after all, and nobody has written since.
    if found.token == mine.token && version == 1 {
        return Ok(Ok(version));
    }
    if !found.is_over() {
        return Ok(Err(found));
    }
    let written = write(aws, name, mine, true).await?;
    if written != Some(version + 1) {
        return Ok(Err(holder(aws, name).await?.map_or(found, |(holder, _)| holder)));
    }
    // The winner's name, as often as it takes: a run that looks meanwhile may see a loser's.
    let mine = mine.renewed();
    let again = until_known(async || write(aws, name, &mine, true).await).await?;
    Ok(again.ok_or(found))
}

/// Takes what was released a moment ago. For some 30 s Parameter Store may say both that it is there and that it is not.
async fn after_release(aws: &Aws, name: &str, mine: &Holder) -> Result<Result<i64, Holder>> {
    for _ in 0..RELEASED_LOOKS {
        if let Some(version) = write(aws, name, mine, false).await? {
            return Ok(Ok(version));
        }
        if let Some((holder, _)) = holder(aws, name).await? {
            return Ok(Err(holder));
        }
        sleep(LOOK).await;
    }
    Err(Error::new(Class::Unclear, format!("Parameter Store takes no new `{name}` yet: try again in half a minute")))
}

/// Who has the lease now, and its version. A value that is not a lease of ours counts as one that is over.
pub async fn holder(aws: &Aws, name: &str) -> Result<Option<(Holder, i64)>> {
    let found = parameter::read(aws, name).await?;
    Ok(found.map(|found| (Holder::of(&found.value, found.modified), found.version)))
}

/// Takes the lease as soon as it is free. `told` gets each holder once.
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
        end(&self.aws, &self.name, &self.token).await.map(drop)
    }
}

/// Ends the lease with this token. Says whether it was there: another run may have taken it meanwhile.
///
/// # Errors
/// The parameter could not be deleted; the lease then lasts until it expires.
pub async fn end(aws: &Aws, name: &str, token: &str) -> Result<bool> {
    let there = holder(aws, name).await?.is_some_and(|(holder, _)| holder.token == token);
    if there {
        parameter::delete(aws, name).await?;
    }
    Ok(there)
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

#[cfg(test)]
mod tests;
