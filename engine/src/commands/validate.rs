//! `pipe validate`: checks a spec offline, every problem in one run.

use crate::bundle;
use crate::cli::{FileArgs, exit};
use crate::commands::{Outcome, Stop};
use crate::event::Event;
use crate::spec;
use crate::term::Shell;

/// Runs the command.
pub fn run(shell: Shell, args: &FileArgs) -> Outcome {
    let mut loaded = spec::load(&args.file).map_err(Stop::Report)?;
    if let Some(unfit) = bundle::refused(&loaded) {
        loaded.notes.warn("/consumer/function/handler", &unfit.to_string(), unfit.hint_text());
    }
    shell.line(&Event::Problems { problems: loaded.notes.located() });
    if !loaded.notes.problems.is_empty() {
        shell.err(&loaded.notes.render(true));
    }
    shell.out(&format!("{}: pipeline `{}` is valid\n", args.file.display(), loaded.spec.name));
    Ok(exit::OK)
}
