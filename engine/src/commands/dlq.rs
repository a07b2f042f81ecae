//! `pipe dlq`: reads the dead-letter queue, whoever wrote what is in it, sends letters once more, deletes and exports them.

mod export;
pub mod exported;
pub mod letter;
mod lines;
mod payload;
pub mod peek;
mod purge;
pub mod records;
pub mod redrive;
mod survey;
mod walk;

use std::path::Path;

use tokio::sync::watch;

pub use payload::{Payload, cut};

use crate::aws::Cx;
use crate::cli::{DlqCommand, DlqLsArgs, DlqShowArgs, Global, exit};
use crate::commands::ends::SEARCHED;
use crate::commands::halt::Halt;
use crate::commands::running::Running;
use crate::commands::walk::spec;
use crate::commands::{Outcome, Stop};
use crate::error::{Class, Error, Result};
use crate::event::{Event, using};
use crate::term::Shell;
use letter::Letter;
use lines::InStream;
use peek::{hidden, is_fifo, peek};
use records::{Readable, Retention};
use walk::Sqs;

/// What is said on Ctrl-C.
const GIVING_BACK: &str = "interrupted: making the messages visible again";
/// What is said of a FIFO queue that has more than it shows.
const BLOCKED: &str = "there are more: SQS shows ten messages of a group, and the next ones when these are deleted";

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, command: &DlqCommand) -> Outcome {
    match command {
        DlqCommand::Ls(args) => ls(shell, global, args).await,
        DlqCommand::Show(args) => show(shell, global, args).await,
        DlqCommand::Redrive(args) => redrive::run(shell, global, args).await,
        DlqCommand::Purge(args) => purge::run(shell, global, args).await,
        DlqCommand::Export(args) => export::run(shell, global, args).await,
    }
}

async fn ls(shell: Shell, global: &Global, args: &DlqLsArgs) -> Outcome {
    let dlq = Dlq::of(shell, global, &args.spec.file, GIVING_BACK).await?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut letters = Vec::new();
    let more = peek(&dlq.running.cx, &dlq.url, limit, &dlq.stopped, &mut |letter| letters.push(letter)).await?;
    letters.sort_by_key(|letter: &Letter| letter.sent_at);
    let mut retention = Retention::default();
    for letter in &letters {
        let stream = in_stream(&dlq.running.cx, letter, &mut retention).await?;
        shell.line(&lines::event_line(letter, stream.as_ref()));
        shell.out(&lines::line(letter, stream.as_ref()));
    }
    shell.line(&Event::Letters(using::Letters { shown: letters.len(), more }));
    match (letters.len(), more) {
        (0, _) => shell.out(&format!("no dead letters{}\n", hidden(&dlq.running.cx, &dlq.url).await)),
        (shown, true) if shown < limit && is_fifo(&dlq.url) => shell.err(&format!("{shown} shown; {BLOCKED}\n")),
        (shown, true) => shell.err(&format!("{shown} shown; there may be more: raise --limit\n")),
        (_, false) => {}
    }
    Ok(exit::OK)
}

async fn show(shell: Shell, global: &Global, args: &DlqShowArgs) -> Outcome {
    let dlq = Dlq::of(shell, global, &args.spec.file, GIVING_BACK).await?;
    let mut letters = Vec::new();
    let mut keep = |letter: Letter| {
        if letter.may_be(&args.id) {
            letters.push(letter);
        }
    };
    peek(&dlq.running.cx, &dlq.url, SEARCHED, &dlq.stopped, &mut keep).await?;
    let letter = letter::select(&letters, &args.id)?;
    let mut stream = in_stream(&dlq.running.cx, letter, &mut Retention::default()).await?;
    if let (Some(stream), Some(place)) = (&mut stream, letter.form().place())
        && matches!(stream.readable, Readable::Until(_) | Readable::Partly(_) | Readable::Unknown)
    {
        let mut stopped = dlq.stopped.clone();
        let read = tokio::select! {
            read = records::read(&dlq.running.cx, &place) => read,
            _ = stopped.wait_for(|stopped| *stopped) => return Ok(exit::INTERRUPTED),
        };
        match read {
            Ok(records) => (stream.records, stream.failed) = (Some(records), None),
            Err(error) => stream.failed = Some(error.to_string()),
        }
    }
    shell.line(&lines::event_whole(letter, stream.as_ref()));
    shell.out(&lines::whole(letter, stream.as_ref()));
    let failed = stream.is_some_and(|stream| stream.failed.is_some());
    Ok(if failed { exit::FAILED } else { exit::OK })
}

/// The queue of a pipeline.
struct Dlq {
    running: Running,
    url: String,
    stopped: watch::Receiver<bool>,
}

impl Dlq {
    /// Looks it up; `says` is what is said on Ctrl-C.
    async fn of(shell: Shell, global: &Global, file: &Path, says: &'static str) -> Result<Self, Stop> {
        let loaded = spec(global, file)?;
        if loaded.spec.queue().is_none() {
            let error = Error::fatal(format!("the pipeline `{}` has no dead-letter queue", loaded.spec.name));
            let hint = match loaded.spec.alexa() {
                Some(_) => "AWS tells the skill of an error at once and keeps no event; `pipe logs` shows what failed",
                None => "add `dlq: { queue: {} }` to its spec, and apply it",
            };
            return Err(error.hint(hint).into());
        }
        let running = Running::of(global, &loaded).await?;
        let url = running.queue().await?.unwrap_or_default();
        let stopped = Halt::on_interrupt(shell, says).told();
        Ok(Self { running, url, stopped })
    }

    /// Its calls.
    fn queue(&self) -> Sqs {
        Sqs { cx: self.running.cx.clone(), url: self.url.clone() }
    }
}

/// Whether the stream still has what the message has not: a batch's records, or a payload that did not fit.
async fn in_stream(cx: &Cx, letter: &Letter, retention: &mut Retention) -> Result<Option<InStream>> {
    let (Some(place), None) = (letter.form().place(), letter.form().payload()) else { return Ok(None) };
    let (readable, failed) = match retention.of(cx, &place).await {
        Ok(readable) => (readable, None),
        // A stream that may not be asked, or a malformed ARN, is no reason to hide the rest.
        Err(error) if error.class() == Class::Fatal => (Readable::Unknown, Some(error.to_string())),
        Err(error) => return Err(error),
    };
    Ok(Some(InStream { readable, records: None, failed }))
}
