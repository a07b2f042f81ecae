//! Asking before anything is changed, and by name before anything is lost.

use crate::cli::ConsentArgs;
use crate::commands::Stop;
use crate::error::{Class, Error};
use crate::plan::{Change, Plan};
use crate::term::Shell;

/// Returns when the user agrees to the plan.
pub fn ask(shell: Shell, plan: &Plan, args: &ConsentArgs, verb: &str) -> Result<(), Stop> {
    let ids = || plan.changes.iter().map(|change| change.id.as_str());
    for id in args.allow_data_loss.iter().filter(|id| *id != "all" && !ids().any(|known| known == id.as_str())) {
        shell.warn(&format!("--allow-data-loss {id}: there is no resource of this id"));
    }
    let allowed = |change: &&Change| args.allow_data_loss.iter().any(|id| id == "all" || id == change.id.as_str());
    let losses: Vec<&Change> = plan.losses().filter(|change| !allowed(change)).collect();
    for change in &losses {
        let loss = change.loss.as_deref().unwrap_or_default();
        let question =
            format!("`{}` ({} `{}`): {loss}.\nType its id to go on: ", change.id, change.kind.name, change.live_name());
        let answer = if args.yes { None } else { shell.ask(&question) };
        if answer.as_deref() != Some(change.id.as_str()) {
            return Err(Stop::Errors(losses.iter().map(|change| missing(change, args)).collect()));
        }
    }
    let agreed = widening(shell, plan, args)?;
    if args.yes || agreed || !losses.is_empty() {
        return Ok(());
    }
    match shell.agrees(&format!("{verb}?")) {
        Some(true) => Ok(()),
        Some(false) => Err(Error::new(Class::Consent, "nothing was changed, because the answer was no").into()),
        None => Err(Error::new(Class::Consent, "nothing was changed: there is no terminal to ask on")
            .hint("pass --yes")
            .into()),
    }
}

/// Asks about security that widens. Says whether it was asked and agreed to.
fn widening(shell: Shell, plan: &Plan, args: &ConsentArgs) -> Result<bool, Stop> {
    let told: Vec<String> = plan
        .widening()
        .flat_map(|change| change.widens.iter().map(move |more| format!("`{}`: {more}", change.id)))
        .collect();
    if told.is_empty() || args.allow_widening {
        return Ok(false);
    }
    let question = format!("{}\nThis allows more than before. Go on?", told.join("\n"));
    let agreed = if args.yes { None } else { shell.agrees(&question) };
    match agreed {
        Some(true) => Ok(true),
        _ => {
            let yes = if args.yes { "" } else { "--yes " };
            let hint = format!("to agree, pass {yes}--allow-widening");
            let missing = |text: &String| Error::new(Class::Consent, text.clone()).hint(hint.clone());
            Err(Stop::Errors(told.iter().map(missing).collect()))
        }
    }
}

fn missing(change: &Change, args: &ConsentArgs) -> Error {
    let yes = if args.yes { "" } else { "--yes " };
    let loss = change.loss.as_deref().unwrap_or_default();
    Error::new(Class::Consent, format!("`{}` ({} `{}`): {loss}", change.id, change.kind.name, change.live_name()))
        .hint(format!("to agree, pass {yes}--allow-data-loss {}", change.id))
}
