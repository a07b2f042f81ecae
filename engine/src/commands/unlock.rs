//! `pipe unlock`: ends the lease that a dead run has left.

use std::sync::Arc;

use crate::aws::connect;
use crate::cli::{Global, UnlockArgs, exit};
use crate::commands::consent::agree;
use crate::commands::{Outcome, walk};
use crate::error::Error;
use crate::event::Event;
use crate::lease;
use crate::term::Shell;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &UnlockArgs) -> Outcome {
    let pipeline = match &args.name {
        Some(name) => name.clone(),
        None => walk::spec(global, &args.spec.file)?.spec.name,
    };
    let aws = Arc::new(connect(&global.connect_options()).await?);
    let name = lease::name(&pipeline);
    let found = lease::holder(&aws, &name).await?.map(|(holder, _)| holder);
    shell.line(&Event::Lease {
        pipeline: pipeline.clone(),
        holder: found.as_ref().map(|found| found.holder.clone()),
        since: found.as_ref().map(|found| found.started.clone()),
        expires: found.as_ref().map(|found| found.expires.clone()),
    });
    let Some(holder) = found else {
        shell.out(&format!("`{pipeline}` is not locked\n"));
        return Ok(exit::OK);
    };
    shell.out(&format!(
        "`{pipeline}` is held by {} since {}, until {}\n",
        holder.holder, holder.started, holder.expires
    ));
    if !args.yes {
        agreed(shell)?;
    }
    // The question may have waited for hours.
    if !lease::end(&aws, &name, &holder.token).await? {
        let error = Error::fatal(format!("`{pipeline}` is no longer held by that run: nothing was unlocked"));
        return Err(error.hint("`pipe unlock` again says who holds it now").into());
    }
    shell.out(&format!("`{pipeline}` is free\n"));
    shell.line(&Event::Unlocked { pipeline });
    Ok(exit::OK)
}

/// Asks whether the run that has the lease is dead.
fn agreed(shell: Shell) -> Result<(), Error> {
    let question = "Two runs at once can undo each other's work. Is that run dead?";
    agree(shell, question, "the lease was left alone", "pass --yes if that run is dead")
}
