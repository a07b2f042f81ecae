//! `pipe apply`: makes the account match the spec.

use std::time::Instant;

use crate::cli::{ApplyArgs, Global, exit};
use crate::commands::change::Change;
use crate::commands::{Outcome, outputs, walk};
use crate::session;
use crate::term::Shell;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &ApplyArgs) -> Outcome {
    let start = Instant::now();
    let loaded = walk::spec(shell, &args.spec.file)?;
    let desired = walk::Desired::of(global, &loaded).await?;
    let (consent, run) = (&args.consent, &args.run);
    let change = Change { shell, desired: &desired, names: Vec::new(), adopt: args.adopt, verb: "Apply", consent, run };
    let changed = change.run().await?;
    if changed.any && global.session.is_some() {
        session::ring(&args.spec.file)?;
    }
    if changed.code == exit::OK {
        shell.out(&outputs::summary(global, &loaded, &args.spec.file, &changed.outputs));
        shell.out(&format!("Done in {:.1} s.\n", start.elapsed().as_secs_f32()));
    }
    Ok(changed.code)
}
