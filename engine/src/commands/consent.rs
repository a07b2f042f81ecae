//! Asking before anything is changed, and by name before anything is lost.

use crate::cli::ConsentArgs;
use crate::commands::Stop;
use crate::error::{Class, Error};
use crate::plan::{Change, Plan};
use crate::term::Shell;

/// How often a name is asked for.
const TRIES: usize = 3;

/// Returns when the user agrees to the plan. If consent is missing, lists all that is missing at once.
pub fn ask(shell: Shell, plan: &Plan, args: &ConsentArgs, verb: &str) -> Result<(), Stop> {
    let known = |text: &str| plan.changes.iter().any(|it| it.id.as_str() == text || it.kind_and_name() == text);
    for text in args.allow_data_loss.iter().filter(|text| *text != "all" && !known(text)) {
        shell.warn(&format!("--allow-data-loss {text}: no resource has this id, or this kind and name"));
    }
    let losses: Vec<&Change> = plan.losses().filter(|change| !allowed(plan, change, args)).collect();
    let widening = if args.allow_widening { Vec::new() } else { widening(plan) };
    if losses.is_empty() && widening.is_empty() {
        // Nothing is lost, and nobody may do more.
        let asked = || agree(shell, &format!("{verb}?"), "nothing was changed", "pass --yes");
        return if args.yes { Ok(()) } else { Ok(asked()?) };
    }
    let agreed = !args.yes && losses.iter().all(|change| named(shell, plan, change)) && more(shell, &widening);
    if agreed {
        return Ok(());
    }
    let yes = if args.yes { "" } else { "--yes " };
    let missing = |text: String, option: String| {
        Error::new(Class::Consent, text).hint(format!("to agree, pass {yes}--allow-{option}"))
    };
    let lost = losses.iter().map(|change| missing(told(change), format!("data-loss {}", plan.consent(change))));
    let more = widening.into_iter().map(|text| missing(text, "widening".to_owned()));
    Err(Stop::Errors(lost.chain(more).collect()))
}

/// Asks a question; of anything but a yes the error says what was left, as in "nothing was changed".
///
/// # Errors
/// The answer is no, or there is no terminal.
pub fn agree(shell: Shell, question: &str, left: &str, hint: &str) -> Result<(), Error> {
    match shell.agrees(question) {
        Some(true) => Ok(()),
        Some(false) => Err(Error::new(Class::Consent, format!("{left}, because the answer was no"))),
        None => Err(Error::new(Class::Consent, format!("{left}: there is no terminal to ask on")).hint(hint)),
    }
}

/// Asks for the name of what is lost, again after a typing error. No answer is a no.
fn named(shell: Shell, plan: &Plan, change: &Change) -> bool {
    let wanted = plan.consent(change);
    let mut question = format!("{}.\nType `{wanted}` to agree: ", told(change));
    for _ in 0..TRIES {
        match shell.ask(&question) {
            Some(answer) if means(plan, change, &answer) => return true,
            Some(answer) if !answer.is_empty() => {
                question = format!("That is another name. Type `{wanted}` to agree: ")
            }
            _ => return false,
        }
    }
    false
}

/// Whether the answer names this loss and no other change: as it is asked for, or by a name that the plan shows.
fn means(plan: &Plan, change: &Change, answer: &str) -> bool {
    let names = |it: &Change| [it.kind_and_name(), it.live_name().to_string()].iter().any(|name| name == answer);
    let others = plan.changes.iter().filter(|it| !std::ptr::eq(*it, change));
    let alone = others.clone().all(|it| !names(it) && it.id.as_str() != answer);
    answer == plan.consent(change) || (alone && names(change))
}

/// Asks about security that widens.
fn more(shell: Shell, told: &[String]) -> bool {
    let question = format!("{}\nThis allows more than before. Go on?", told.join("\n"));
    told.is_empty() || shell.agrees(&question) == Some(true)
}

fn widening(plan: &Plan) -> Vec<String> {
    let told =
        |change: &Change| change.widens.iter().map(|more| format!("`{}`: {more}", change.id)).collect::<Vec<_>>();
    plan.widening().flat_map(told).collect()
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
