//! `pipe destroy`: deletes what the pipeline owns, with or without its spec.

use std::sync::Arc;

use crate::cli::{DestroyArgs, Global, exit};
use crate::commands::{Outcome, consent, walk};
use crate::term::{Shell, plan_lines, render_plan};

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &DestroyArgs) -> Outcome {
    let (desired, names) = match &args.name {
        Some(pipeline) => (walk::Desired::gone(global, pipeline).await?, Vec::new()),
        None => {
            let loaded = walk::spec(shell, &args.spec.file)?;
            let desired = walk::Desired::gone(global, &loaded.spec.name).await?;
            let names = walk::names(&loaded, desired.place())?;
            (desired, names)
        }
    };
    let found = desired.live(names).await?;
    let plan = Arc::new(desired.plan(&found, false)?);
    shell.line(&plan_lines(&plan));
    shell.out(&walk::title(&desired));
    shell.out(&render_plan(&plan));
    let mut code = exit::OK;
    if !plan.is_empty() {
        consent::ask(shell, &plan, &args.consent, "Destroy")?;
        let outcome = desired.run(shell, &plan).await;
        code = walk::conclude(shell, &outcome);
    }
    for left in &plan.left {
        shell.out(&format!("left: {left}\n"));
    }
    Ok(code)
}
