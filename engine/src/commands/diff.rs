//! `pipe diff`: shows what apply would do. It is empty exactly when apply would write nothing.

use crate::cli::{DiffArgs, Global, exit};
use crate::commands::{Outcome, walk};
use crate::term::{Shell, plan_lines, render_plan};

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &DiffArgs) -> Outcome {
    let loaded = walk::spec(shell, &args.spec.file)?;
    let desired = walk::Desired::of(global, &loaded).await?;
    let found = desired.live(Vec::new()).await?;
    let plan = desired.plan(&found, args.adopt)?;
    shell.line(&plan_lines(&plan));
    shell.out(&walk::title(&desired));
    shell.out(&render_plan(&plan));
    Ok(if args.exit_code && !plan.is_empty() { exit::CHANGES } else { exit::OK })
}
