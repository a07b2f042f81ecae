//! `pipe dlq purge`: deletes the letters that were there when they were counted.
//!
//! It never calls SQS's PurgeQueue, which would also delete what comes meanwhile and what others have put there: each message is received,
//! found among those that were counted, and deleted.

use std::time::Duration;

use tokio::time::Instant;

use super::Dlq;
use super::letter::Letter;
use super::redrive::Redrive;
use super::survey::Survey;
use super::walk::{BATCH, Held, Queue, Walk};
use crate::cli::{DlqPurgeArgs, Global, exit};
use crate::commands::Outcome;
use crate::error::{Class, Error, Result};
use crate::event::Event;
use crate::event::redrive::Purged;
use crate::term::{Progress, Shell, some};

/// What is said on Ctrl-C.
const STOPPING: &str = "interrupted: no more letters are deleted";
/// How often the number is asked for.
const TRIES: usize = 3;
/// How long a message may be hidden that was counted: longer than counting hides it.
const HIDDEN_FOR: Duration = Duration::from_secs(310);

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &DlqPurgeArgs) -> Outcome {
    let dlq = Dlq::of(shell, global, &args.spec.file, STOPPING).await?;
    let queue = dlq.queue();
    // What is in the pipeline's own queue is the pipeline's; into an existing one others may send as well.
    let own = dlq.running.spec.queue().is_some_and(|queue| queue.own().is_some());
    let redrive = if own { None } else { Some(Redrive::of(&dlq.running, &dlq.url).await?) };
    let ours = |letter: &Letter| redrive.as_ref().is_none_or(|redrive| redrive.is_of_others(letter).is_none());
    let survey = Survey::of(&queue, &dlq.stopped, None, ours).await?;
    shell.line(&Event::Counted(survey.counted.clone()));
    shell.out(&survey.text());
    if *dlq.stopped.borrow() {
        return Ok(exit::INTERRUPTED);
    }
    if survey.counted.letters == 0 {
        return Ok(exit::OK);
    }
    agreed(shell, &survey, args.count)?;
    let mut progress = Progress::new(shell);
    let stopped = || *dlq.stopped.borrow();
    let (deleted, ended) =
        delete(&queue, &survey, &stopped, &mut |deleted| progress.tell(&format!("{deleted} deleted"))).await;
    drop(progress);
    let left = survey.counted.letters - deleted;
    shell.line(&Event::Purged(Purged { deleted, left }));
    shell.out(&format!("{} deleted\n", some(deleted, "letter")));
    ended?;
    if stopped() {
        return Ok(exit::INTERRUPTED);
    }
    if left > 0 {
        shell.warn(&format!(
            "{left} of the letters that were counted were not to be had: another reader has them, or deleted them"
        ));
        return Ok(exit::FAILED);
    }
    Ok(exit::OK)
}

/// Asks for the number of letters, unless it was given.
fn agreed(shell: Shell, survey: &Survey, given: Option<usize>) -> Result<()> {
    let letters = survey.counted.letters;
    let refused = |why: String| Error::new(Class::Consent, why);
    match given {
        Some(number) if number == letters => return Ok(()),
        Some(number) => {
            let there = some(letters, "letter");
            return Err(refused(format!("nothing was deleted: the queue has {there}, not {number}"))
                .hint("look at them (`pipe dlq ls`), and pass the number that is there"));
        }
        None => {}
    }
    let mut question = format!("They are lost for good. Type their number, {letters}, to delete them: ");
    for _ in 0..TRIES {
        match shell.ask(&question) {
            None => {
                return Err(refused("nothing was deleted: there is no terminal to ask on".to_owned())
                    .hint(format!("to agree, pass --count {letters}")));
            }
            Some(answer) if answer == letters.to_string() => return Ok(()),
            Some(answer) if answer.is_empty() => break,
            Some(_) => question = format!("That is another number. Type {letters} to delete them: "),
        }
    }
    Err(refused("nothing was deleted, because the answer was no".to_owned()))
}

/// Deletes what was counted. Returns how many were deleted also where it ended with an error.
async fn delete(
    queue: &impl Queue,
    survey: &Survey,
    stopped: &(dyn Fn() -> bool + Sync),
    told: &mut (dyn FnMut(usize) + Send),
) -> (usize, Result<()>) {
    let (mut walk, mut deleted, until) = (Walk::new(queue), 0, Instant::now() + HIDDEN_FOR);
    let ended = loop {
        if deleted == survey.counted.letters || stopped() {
            break Ok(());
        }
        match round(&mut walk, survey).await {
            Err(error) => break Err(error),
            // Of very many, counting leaves some hidden for a while.
            Ok(None) if Instant::now() >= until => break Ok(()),
            Ok(None) => {}
            Ok(Some(more)) => deleted += more,
        }
        told(deleted);
    };
    walk.end().await;
    (deleted, ended)
}

/// Deletes some messages, and says how many; nothing where none is visible.
async fn round(walk: &mut Walk<'_, impl Queue>, survey: &Survey) -> Result<Option<usize>> {
    let held = walk.next(BATCH).await?;
    if held.is_empty() {
        return Ok(None);
    }
    let (counted, others): (Vec<Held>, Vec<Held>) = held.into_iter().partition(|held| survey.has(&held.letter.id));
    let receipts = |held: Vec<Held>| held.into_iter().map(|held| held.receipt).collect::<Vec<_>>();
    walk.set_aside(receipts(others)).await;
    let counted = receipts(counted);
    let failed = if counted.is_empty() { Vec::new() } else { walk.queue.delete(&counted).await? };
    Ok(Some(counted.len() - failed.len()))
}
