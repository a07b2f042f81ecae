//! Asking before anything is changed, and by name before anything is lost.

use crate::cli::ConsentArgs;
use crate::commands::Stop;
use crate::error::{Class, Error};
use crate::plan::{Change, Plan};
use crate::term::Shell;

/// Returns when the user agrees to the plan.
pub fn ask(shell: Shell, plan: &Plan, args: &ConsentArgs, verb: &str) -> Result<(), Stop> {
    let known = |text: &str| plan.changes.iter().any(|it| it.id.as_str() == text || it.kind_and_name() == text);
    for text in args.allow_data_loss.iter().filter(|text| *text != "all" && !known(text)) {
        shell.warn(&format!("--allow-data-loss {text}: there is no resource of this id, or of this kind and name"));
    }
    let losses: Vec<&Change> = plan.losses().filter(|change| !allowed(plan, change, args)).collect();
    for change in &losses {
        let (told, name) = (told(change), plan.consent(change));
        let asked = if name == change.id.as_str() { "its id".to_owned() } else { format!("`{name}`") };
        let question = format!("{told}.\nType {asked} to go on: ");
        let answer = if args.yes { None } else { shell.ask(&question) };
        if answer.as_deref() != Some(&name) {
            return Err(Stop::Errors(losses.iter().map(|change| missing(plan, change, args)).collect()));
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

/// Whether the user agreed to this very loss beforehand: a text that may mean two changes means none.
fn allowed(plan: &Plan, change: &Change, args: &ConsentArgs) -> bool {
    let name = change.kind_and_name();
    let alone = plan.changes.iter().filter(|other| other.kind_and_name() == name).count() == 1;
    args.allow_data_loss.iter().any(|text| text == "all" || *text == plan.consent(change) || (alone && *text == name))
}

fn told(change: &Change) -> String {
    let loss = change.loss.as_deref().unwrap_or_default();
    format!("`{}` ({} `{}`): {loss}", change.id, change.kind.name, change.live_name())
}

fn missing(plan: &Plan, change: &Change, args: &ConsentArgs) -> Error {
    let yes = if args.yes { "" } else { "--yes " };
    Error::new(Class::Consent, told(change))
        .hint(format!("to agree, pass {yes}--allow-data-loss {}", plan.consent(change)))
}
