//! `pipe unlock`: ends the lease that a dead run has left.

use std::sync::Arc;

use crate::aws::{connect, parameter};
use crate::cli::{Global, UnlockArgs, exit};
use crate::commands::{Outcome, walk};
use crate::error::{Class, Error};
use crate::lease;
use crate::term::Shell;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &UnlockArgs) -> Outcome {
    let pipeline = match &args.name {
        Some(name) => name.clone(),
        None => walk::spec(shell, &args.spec.file)?.spec.name,
    };
    let aws = Arc::new(connect(&global.connect_options()).await?);
    let name = lease::name(&pipeline);
    let Some((holder, _)) = lease::holder(&aws, &name).await? else {
        shell.out(&format!("`{pipeline}` is not locked\n"));
        return Ok(exit::OK);
    };
    shell.out(&format!(
        "`{pipeline}` is held by {} since {}, until {}\n",
        holder.holder, holder.started, holder.expires
    ));
    if !args.yes {
        let question = "Two runs at once can undo each other's work. Is that run dead? [y/N] ";
        match shell.ask(question).as_deref() {
            Some("y" | "Y" | "yes") => {}
            Some(_) => {
                return Err(Error::new(Class::Consent, "the lease was left alone, because the answer was no").into());
            }
            None => {
                return Err(Error::new(Class::Consent, "the lease was left alone: there is no terminal to ask on")
                    .hint("pass --yes if that run is dead")
                    .into());
            }
        }
    }
    parameter::delete(&aws, &name).await?;
    shell.out(&format!("`{pipeline}` is free\n"));
    Ok(exit::OK)
}
