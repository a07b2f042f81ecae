//! `pipe destroy`: deletes what the pipeline owns, with or without its spec.

use std::time::Instant;

use crate::cli::{ConsentArgs, DestroyArgs, Global, exit};
use crate::commands::change::Run;
use crate::commands::{Outcome, list, walk};
use crate::term::Shell;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &DestroyArgs) -> Outcome {
    let start = Instant::now();
    let (desired, mut names) = match &args.name {
        Some(pipeline) => (walk::Desired::gone(global, pipeline).await?, Vec::new()),
        None => {
            let loaded = walk::spec(global, &args.spec.file)?;
            let desired = walk::Desired::gone(global, &loaded.spec.name).await?;
            let names = walk::names(&loaded, &desired.cx.aws).await?;
            (desired, names)
        }
    };
    names.extend(args.orphans.wanted());
    let (desired, question) = (&desired, "Destroy");
    // That others no longer reach what goes is what is asked for here.
    let consent = &ConsentArgs { allow_widening: true, ..args.consent.clone() };
    let run = Run { shell, desired, names, adopt: false, question, consent, args: &args.run };
    let ended = run.go().await?;
    match &args.name {
        Some(name) if !ended.any => absent(shell, desired, name).await,
        _ if ended.any && ended.code == exit::OK => {
            shell.out(&format!("Done in {:.1} s: {}.\n", start.elapsed().as_secs_f32(), ended.counted));
        }
        _ => {}
    }
    Ok(ended.code)
}

/// Says which pipelines there are: the name may have a typing error. It is not a failure: a destroy may be run again.
async fn absent(shell: Shell, desired: &walk::Desired, name: &str) {
    let place = desired.place();
    // A user who may not list may still destroy.
    let there = list::pipelines(&desired.cx).await.unwrap_or_default();
    let there = match there.is_empty() {
        true => String::new(),
        false => format!("; there are {}", there.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")),
    };
    shell.warn(&format!(
        "nothing was deleted: there is no pipeline `{name}` in {} of account {}{there}",
        place.region, place.account
    ));
}
