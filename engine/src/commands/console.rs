//! `pipe console`: says where the page is that shows the running `pipe dev`.

use crate::cli::{Global, exit};
use crate::commands::Outcome;
use crate::error::Error;
use crate::event::Event;
use crate::term::Shell;

/// Runs the command.
pub fn run(shell: Shell, global: &Global) -> Outcome {
    let Some(session) = &global.session else {
        let error = Error::fatal("a pipeline on AWS has no console");
        return Err(error.hint("`pipe console --local` says where the one of a running `pipe dev` is").into());
    };
    let Some(url) = session.console_url.clone() else {
        let error = Error::fatal("this `pipe dev` has no console");
        return Err(error.hint("start it again without --no-console").into());
    };
    shell.out(&format!("{url}\n"));
    shell.line(&Event::Console { url });
    Ok(exit::OK)
}
