//! `pipe apply`: makes the account match the spec.

use std::sync::Arc;
use std::time::Instant;

use crate::cli::{ApplyArgs, Global, exit};
use crate::commands::{Outcome, consent, outputs, walk};
use crate::term::{Shell, plan_lines, render_plan};

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &ApplyArgs) -> Outcome {
    let start = Instant::now();
    let loaded = walk::spec(shell, &args.spec.file)?;
    let desired = walk::Desired::of(global, &loaded).await?;
    let found = desired.live(Vec::new()).await?;
    let plan = Arc::new(desired.plan(&found, args.adopt)?);
    shell.line(&plan_lines(&plan));
    shell.out(&walk::title(&desired));
    shell.out(&render_plan(&plan));
    let mut code = exit::OK;
    let mut given = outputs::planned(&plan);
    if !plan.is_empty() {
        consent::ask(shell, &plan, &args.consent, "Apply")?;
        let outcome = desired.run(shell, &plan).await;
        code = walk::conclude(shell, &outcome);
        given = outcome.outputs;
    }
    for left in &plan.left {
        shell.out(&format!("left: {left}\n"));
    }
    if code == exit::OK {
        shell.out(&outputs::summary(&loaded, &args.spec.file, &given));
        shell.out(&format!("Done in {:.1} s.\n", start.elapsed().as_secs_f32()));
    }
    Ok(code)
}
