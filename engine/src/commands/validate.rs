//! `pipe validate`: checks a spec offline, every problem in one run.

use crate::cli::{FileArgs, exit};
use crate::commands::{Outcome, Stop};
use crate::spec;
use crate::term::Shell;

/// Runs the command.
pub fn run(shell: Shell, args: &FileArgs) -> Outcome {
    let loaded = spec::load(&args.file).map_err(Stop::Report)?;
    shell.line(&serde_json::json!({ "event": "problems", "problems": loaded.notes.to_json() }));
    if !loaded.notes.problems.is_empty() {
        shell.err(&loaded.notes.render(true));
    }
    shell.out(&format!("{}: pipeline `{}` is valid\n", args.file.display(), loaded.spec.name));
    Ok(exit::OK)
}
