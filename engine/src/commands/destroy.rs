//! `pipe destroy`: deletes what the pipeline owns, with or without its spec.

use crate::cli::{DestroyArgs, Global};
use crate::commands::change::Run;
use crate::commands::{Outcome, walk};
use crate::term::Shell;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &DestroyArgs) -> Outcome {
    let (desired, mut names) = match &args.name {
        Some(pipeline) => (walk::Desired::gone(global, pipeline).await?, Vec::new()),
        None => {
            let loaded = walk::spec(global, &args.spec.file)?;
            let desired = walk::Desired::gone(global, &loaded.spec.name).await?;
            let names = walk::names(&loaded, desired.place())?;
            (desired, names)
        }
    };
    names.extend(args.orphans.wanted());
    let (desired, question) = (&desired, "Destroy");
    let run = Run { shell, desired, names, adopt: false, question, consent: &args.consent, args: &args.run };
    Ok(run.go().await?.code)
}
