//! `pipe destroy`: deletes what the pipeline owns, with or without its spec.

use std::sync::Arc;

use crate::cli::{DestroyArgs, Global, exit};
use crate::commands::halt::{FINISHING, Halt};
use crate::commands::kept::Kept;
use crate::commands::{Outcome, Stop, consent, walk};
use crate::event::Event;
use crate::plan::Plan;
use crate::resource::{Kind, Name};
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
    let plan = plan(shell, &desired, &names).await?;
    let mut code = exit::OK;
    if plan.is_empty() {
        shell.line(&Event::nothing_to_do());
        Kept::sweep(&desired).await;
    } else {
        consent::ask(shell, &plan, &args.consent, "Destroy")?;
        let halt = Halt::on_interrupt(shell, FINISHING);
        halt.after(args.run.timeout);
        let kept = Kept::take(shell, &desired, &args.run, &halt).await?;
        let changed = change(shell, &desired, &names, plan.clone(), args, &kept, &halt).await;
        kept.release(shell).await;
        code = changed?;
    }
    for left in &plan.left {
        shell.out(&format!("left: {left}\n"));
    }
    Ok(code)
}

/// Reads what AWS has, plans and prints.
async fn plan(shell: Shell, desired: &walk::Desired, names: &[(&'static Kind, Name)]) -> Result<Arc<Plan>, Stop> {
    let found = desired.live(names.to_vec()).await?;
    let plan = Arc::new(desired.plan(&found, false)?);
    shell.line(&plan_lines(&plan));
    shell.out(&walk::title(desired));
    shell.out(&render_plan(&plan));
    Ok(plan)
}

/// Runs the plan that was agreed to; another one, where another run came first, when that is agreed to.
async fn change(
    shell: Shell,
    desired: &walk::Desired,
    names: &[(&'static Kind, Name)],
    mut of: Arc<Plan>,
    args: &DestroyArgs,
    kept: &Kept,
    halt: &Halt,
) -> Outcome {
    if kept.waited {
        of = plan(shell, desired, names).await?;
        if of.is_empty() {
            shell.line(&Event::nothing_to_do());
            return Ok(exit::OK);
        }
        consent::ask(shell, &of, &args.consent, "Destroy")?;
    }
    let outcome = desired.run(shell, &of, halt.told()).await;
    Ok(walk::conclude(shell, &outcome, halt))
}
