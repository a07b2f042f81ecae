//! `pipe dlq redrive`: sends letters to the consumer's function once more, and deletes those that it takes.

mod hands;
mod lanes;
mod outcome;
mod run;

use std::time::Instant;

use tokio::sync::watch;

use super::survey::Survey;
use super::walk::Sqs;
use super::{Dlq, letter::Letter};
use crate::aws::Cx;
use crate::cli::{DlqRedriveArgs, Global, exit};
use crate::commands::consent::agree;
use crate::commands::hand::{Consumer, Pace, calls};
use crate::commands::running::Running;
use crate::commands::{Outcome, Stop};
use crate::error::{Error, Result};
use crate::event::redrive::{Fate, RedrivenAll};
use crate::event::{Event, milliseconds, redrive};
use crate::spec::{Function, Spec};
use crate::tame::tame;
use crate::term::style::{BAD, END, GOOD, WARN};
use crate::term::{Progress, Shell, some};
use hands::Hands;
pub use outcome::{Done, Tally};
pub use run::{Ask, Told};

use super::peek::{count, hidden, is_fifo};

/// What is said on Ctrl-C.
const STOPPING: &str = "interrupted: no more letters are sent; those under way are finished";
/// What is true of each redrive.
const TWICE: &str = "A letter is deleted after the function took it. A run that is killed, or a deletion that fails, makes the next \
                     redrive send some once more; none is lost.\n";

/// A consumer, and the queue of its letters.
pub struct Redrive {
    cx: Cx,
    url: String,
    pub consumer: Consumer,
}

impl Redrive {
    /// Looks up what is needed for the queue with this URL.
    ///
    /// # Errors
    /// The pipeline has no consumer, in its spec or in AWS.
    pub async fn of(running: &Running, url: &str) -> Result<Self> {
        if running.spec.function().is_none() {
            let error = Error::fatal(format!("the pipeline `{}` has no consumer", running.spec.name));
            return Err(error.hint("`pipe dlq export` writes its letters to a file"));
        }
        let consumer = Consumer::of(&running.cx, &running.spec.consumer_name()).await?;
        Ok(Self { cx: running.cx.clone(), url: url.to_owned(), consumer })
    }

    /// Hands letters over and says what came of each, until there are no more or `stopped` turns true. It prints nothing. What came of all
    /// is returned also where it ended with an error.
    pub async fn letters(
        &self,
        ask: &Ask,
        rate: Option<u32>,
        stopped: &watch::Receiver<bool>,
        told: Told<'_>,
    ) -> (Tally, Result<()>) {
        let hands = Hands::new(&self.cx, &self.consumer, calls(&self.cx, &self.consumer), Pace::new(rate));
        let ask = Ask { fifo: is_fifo(&self.url), ..ask.clone() };
        let queue = Sqs { cx: self.cx.clone(), url: self.url.clone() };
        run::run(&queue, &hands, &ask, stopped, told).await
    }

    /// Why a letter is not this pipeline's, if it is not.
    pub fn is_of_others(&self, letter: &Letter) -> Option<String> {
        hands::is_of_others(&self.consumer, letter)
    }
}

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &DlqRedriveArgs) -> Outcome {
    let dlq = Dlq::of(shell, global, &args.spec.file, STOPPING).await?;
    let redrive = Redrive::of(&dlq.running, &dlq.url).await?;
    let limit = args.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let ask = Ask { ids: args.ids.clone(), reason: args.filter.clone(), limit, fifo: false };
    if args.dry_run {
        return dry_run(shell, &dlq, &redrive, &ask).await;
    }
    let local = global.session.is_some();
    remarks(&dlq.running.spec, &redrive.consumer, local).iter().for_each(|text| shell.warn(text));
    shell.err(TWICE);
    if !args.yes {
        agreed(shell, &dlq, &redrive, &ask).await?;
    }
    let (start, mut progress, mut seen) = (Instant::now(), Progress::new(shell), 0);
    let (tally, ended) = redrive
        .letters(&ask, args.rate, &dlq.stopped, &mut |letter, done| {
            seen += 1;
            shell.line(&event(letter, done));
            if done.fate != Fate::Taken || !ask.ids.is_empty() {
                progress.out(&line(letter, done));
            }
            progress.tell(&format!("{} sent", some(seen, "letter")));
        })
        .await;
    drop(progress);
    let interrupted = *dlq.stopped.borrow();
    shell.line(&Event::RedrivenAll(all(&tally, interrupted, start)));
    let hidden = if tally.is_nothing() { hidden(&dlq.running.cx, &dlq.url).await } else { String::new() };
    shell.out(&summary(&tally, &redrive.consumer.name, &hidden));
    ended?;
    Ok(match interrupted {
        true => exit::INTERRUPTED,
        false if tally.failed + tally.kept + tally.came_back > 0 => exit::FAILED,
        false => exit::OK,
    })
}

async fn dry_run(shell: Shell, dlq: &Dlq, redrive: &Redrive, ask: &Ask) -> Outcome {
    let chooses = |letter: &Letter| ask.asks_for(letter) && redrive.is_of_others(letter).is_none();
    let survey = Survey::of(&dlq.queue(), &dlq.stopped, ask.limit, chooses).await?;
    shell.line(&Event::Counted(survey.counted.clone()));
    shell.out(&survey.text());
    shell.err("nothing was sent\n");
    Ok(if *dlq.stopped.borrow() { exit::INTERRUPTED } else { exit::OK })
}

/// Asks before anything is sent.
async fn agreed(shell: Shell, dlq: &Dlq, redrive: &Redrive, ask: &Ask) -> Result<(), Stop> {
    let function = tame(&redrive.consumer.name);
    let about = match (ask.ids.len(), count(&dlq.running.cx, &dlq.url).await) {
        (0, Some(letters)) => format!("about {}", some(letters, "letter")),
        (0, None) => "the letters".to_owned(),
        (1, _) => "this letter".to_owned(),
        (ids, _) => format!("these {ids} letters"),
    };
    let question = format!("Send {about} to `{function}` once more?");
    Ok(agree(shell, &question, "nothing was sent", "pass --yes, or --dry-run to count the letters")?)
}

/// What is to be known before records go to a function once more.
pub fn remarks(spec: &Spec, consumer: &Consumer, local: bool) -> Vec<String> {
    let bundled = spec.function().is_some_and(Function::is_bundled);
    let order = match spec.target() {
        Some(target) if bundled && !target.overwrite => {
            "where a row is there under the key of an event, it stays, and the event counts as written (`overwrite: false`)"
        }
        Some(_) if bundled => {
            "an older event overwrites what a later one of the same key has written: letters of keys that go on changing may undo changes"
        }
        _ => "a later event of the same key may have been handled meanwhile: the function gets the older one after it",
    };
    let disabled = match local {
        true => spec.function().is_some_and(|function| !function.enabled),
        false => consumer.mappings.iter().any(|mapping| !mapping.enabled),
    };
    let rests = disabled
        .then(|| "the function's mapping is disabled: what is sent now goes to the function all the same".to_owned());
    std::iter::once(order.to_owned()).chain(rests).collect()
}

fn event(letter: &Letter, done: &Done) -> Event {
    let form = letter.form();
    Event::Redriven(redrive::Redriven {
        id: letter.id.clone(),
        shape: form.shape(),
        reason: form.reason().to_owned(),
        event_id: form.event_id(),
        fate: done.fate,
        records: done.records,
        failed: done.failed,
        why: Some(done.why.clone()).filter(|why| !why.is_empty()),
    })
}

fn line(letter: &Letter, done: &Done) -> String {
    let (style, word) = match done.fate {
        Fate::Taken => (GOOD, "taken"),
        Fate::Undeleted => (WARN, "taken, not deleted"),
        Fate::Failed => (BAD, "failed"),
        Fate::Kept => (WARN, "kept"),
    };
    let colon = if done.why.is_empty() { "" } else { ": " };
    let reason = tame(letter.form().reason());
    format!("{} {reason}  {style}{word}{END}{colon}{}\n", tame(&letter.id), tame(&done.why))
}

fn all(tally: &Tally, interrupted: bool, start: Instant) -> RedrivenAll {
    RedrivenAll {
        taken: tally.taken,
        failed: tally.failed,
        kept: tally.kept,
        came_back: tally.came_back,
        records: tally.records,
        more: tally.more,
        interrupted,
        milliseconds: milliseconds(start.elapsed()),
    }
}

fn summary(tally: &Tally, function: &str, hidden: &str) -> String {
    let Tally { taken, failed, kept, came_back, records, more } = *tally;
    if tally.is_nothing() {
        return format!("no dead letters to send{hidden}\n");
    }
    let mut text = format!(
        "`{}` took {} ({}); {failed} failed and {kept} were kept\n",
        tame(function),
        some(taken, "letter"),
        some(records, "record")
    );
    if came_back > 0 {
        text += &format!(
            "left: {} that the function wrote anew in this run, for events that it cannot handle\n",
            some(came_back, "letter")
        );
    }
    if more {
        text += "there may be more letters: run it again\n";
    }
    text
}
