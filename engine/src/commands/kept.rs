//! Keeps other runs away from a pipeline while this one changes it.

use crate::cli::RunArgs;
use crate::commands::Stop;
use crate::commands::halt::Halt;
use crate::commands::walk::Desired;
use crate::error::Class;
use crate::event::Event;
use crate::lease::{self, Asked, Holder, Lease};
use crate::term::Shell;

/// The lease of a run, where there is one.
pub struct Kept {
    lease: Option<Lease>,
    /// Another run had it first, so an earlier plan may no longer fit.
    pub waited: bool,
}

impl Kept {
    /// Takes the pipeline's lease. If AWS refuses it, mostly because the permission is missing, the run goes on, with a warning.
    ///
    /// # Errors
    /// Another run has it, and `--wait` was not given; the user gave up waiting; nobody knows who has it.
    pub async fn take(shell: Shell, desired: &Desired, args: &RunArgs, halt: &Halt) -> Result<Self, Stop> {
        let (aws, pipeline) = (&desired.cx.aws, desired.graph.pipeline.as_str());
        let mut waited = false;
        let taken = match lease::take(aws, pipeline).await {
            Ok(Asked::Taken(lease)) => Ok(lease),
            Ok(Asked::Held(holder)) if !args.wait => return Err(lease::held(pipeline, &holder).into()),
            Ok(Asked::Held(_)) => {
                waited = true;
                let mut told = halt.told();
                let free = lease::wait(aws, pipeline, |holder| {
                    let Holder { holder: who, started, .. } = holder;
                    let text = format!("waiting for {who}, who has been changing `{pipeline}` since {started}");
                    let (holder, since) = (holder.holder.clone(), holder.started.clone());
                    shell.line(&Event::WaitingForLease { holder, since });
                    shell.err(&format!("{text}\n"));
                });
                tokio::select! {
                    // Another run has the lease: this run does not go on without it.
                    lease = free => Ok(lease?),
                    _ = told.wait_for(|told| *told) => {
                        shell.err("nothing was changed: the other run still has the lease\n");
                        return Err(Stop::Code(halt.exit_code()));
                    }
                }
            }
            Err(error) if matches!(error.class(), Class::Unclear | Class::Throttled) => {
                return Err(error.hint("nothing was changed: it is not known whether another run is under way").into());
            }
            Err(error) => Err(error),
        };
        match taken {
            Ok(lease) => {
                halt.when_lost(lease.lost());
                Ok(Self { lease: Some(lease), waited })
            }
            Err(error) => {
                shell.warn(&format!("this run has no lease, so nothing stops another run from starting: {error}"));
                Ok(Self { lease: None, waited })
            }
        }
    }

    /// Takes away what a dead run left of its lease, where there is nothing to do but that. Without the permission it stays.
    pub async fn sweep(desired: &Desired) {
        if let Err(error) = lease::sweep(&desired.cx.aws, &desired.graph.pipeline).await {
            tracing::debug!(%error, "the lease of an earlier run could not be read");
        }
    }

    /// Gives the lease back.
    pub async fn release(self, shell: Shell) {
        let Some(lease) = self.lease else { return };
        if let Err(error) = lease.release().await {
            shell.warn(&format!("the lease could not be released, and ends by itself within a minute: {error}"));
        }
    }
}
