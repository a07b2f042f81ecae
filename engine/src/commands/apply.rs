//! `pipe apply`: makes the account match the spec.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::cli::{ApplyArgs, Global, exit};
use crate::commands::halt::{FINISHING, Halt};
use crate::commands::kept::Kept;
use crate::commands::{Outcome, Stop, consent, outputs, walk};
use crate::event::Event;
use crate::plan::Plan;
use crate::resource::{Id, Outputs};
use crate::session;
use crate::term::{Shell, plan_lines, render_plan};

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &ApplyArgs) -> Outcome {
    let start = Instant::now();
    let loaded = walk::spec(shell, &args.spec.file)?;
    let desired = walk::Desired::of(global, &loaded).await?;
    let plan = plan(shell, &desired, args).await?;
    let (mut code, mut given) = (exit::OK, outputs::planned(&plan));
    if plan.is_empty() {
        shell.line(&Event::nothing_to_do());
        Kept::sweep(&desired).await;
    } else {
        consent::ask(shell, &plan, &args.consent, "Apply")?;
        let halt = Halt::on_interrupt(shell, FINISHING);
        halt.after(args.run.timeout);
        let kept = Kept::take(shell, &desired, &args.run, &halt).await?;
        let changed = change(shell, &desired, plan.clone(), args, &kept, &halt).await;
        kept.release(shell).await;
        (code, given) = changed?;
        if global.session.is_some() {
            session::ring(&args.spec.file)?;
        }
    }
    for left in &plan.left {
        shell.out(&format!("left: {left}\n"));
    }
    if code == exit::OK {
        shell.out(&outputs::summary(global, &loaded, &args.spec.file, &given));
        shell.out(&format!("Done in {:.1} s.\n", start.elapsed().as_secs_f32()));
    }
    Ok(code)
}

/// Reads what AWS has, plans and prints.
async fn plan(shell: Shell, desired: &walk::Desired, args: &ApplyArgs) -> Result<Arc<Plan>, Stop> {
    let found = desired.live(Vec::new()).await?;
    let plan = Arc::new(desired.plan(&found, args.adopt)?);
    shell.line(&plan_lines(&plan));
    shell.out(&walk::title(desired));
    shell.out(&render_plan(&plan));
    Ok(plan)
}

/// Runs the plan that was agreed to; another one, where another run came first, when that is agreed to.
async fn change(
    shell: Shell,
    desired: &walk::Desired,
    mut of: Arc<Plan>,
    args: &ApplyArgs,
    kept: &Kept,
    halt: &Halt,
) -> Result<(u8, BTreeMap<Id, Outputs>), Stop> {
    if kept.waited {
        of = plan(shell, desired, args).await?;
        if of.is_empty() {
            shell.line(&Event::nothing_to_do());
            return Ok((exit::OK, outputs::planned(&of)));
        }
        consent::ask(shell, &of, &args.consent, "Apply")?;
    }
    let outcome = desired.run(shell, &of, halt.told()).await;
    Ok((walk::conclude(shell, &outcome, halt), outcome.outputs))
}
