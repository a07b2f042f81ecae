//! `pipe apply`: makes the account match the spec.

use std::time::Instant;

use crate::cli::{ApplyArgs, Global, exit};
use crate::commands::change::Run;
use crate::commands::{Outcome, outputs, walk};
use crate::event::Event;
use crate::session;
use crate::term::Shell;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &ApplyArgs) -> Outcome {
    let start = Instant::now();
    let loaded = walk::spec(global, &args.spec.file)?;
    shell.err(&walk::warnings(&loaded));
    let desired = &walk::Desired::of(shell, global, &loaded).await?;
    let (names, adopt, question) = (args.orphans.wanted(), args.adopt, "Apply");
    let run = Run { shell, desired, names, adopt, question, consent: &args.consent, args: &args.run };
    let ended = run.go().await?;
    if ended.any && global.session.is_some() {
        session::ring(&args.spec.file)?;
    }
    if ended.code == exit::OK {
        shell.line(&Event::Outputs { outputs: outputs::all(global, &desired.graph, &ended.outputs) });
        shell.out(&outputs::summary(global, &loaded, &args.spec.file, &ended.outputs));
        shell.out(&format!("Done in {:.1} s: {}.\n", start.elapsed().as_secs_f32(), ended.counted));
    }
    Ok(ended.code)
}
