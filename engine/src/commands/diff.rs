//! `pipe diff`: shows what apply would do. It is empty exactly when apply would write nothing.

use crate::cli::{DiffArgs, Global, exit};
use crate::commands::{Outcome, walk};
use crate::term::Shell;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &DiffArgs) -> Outcome {
    let loaded = walk::spec(global, &args.spec.file)?;
    shell.err(&walk::warnings(&loaded));
    let desired = walk::Desired::of(shell, global, &loaded).await?;
    let plan = desired.planned(shell, args.orphans.wanted(), args.adopt).await?;
    Ok(if args.exit_code && !plan.is_empty() { exit::CHANGES } else { exit::OK })
}
