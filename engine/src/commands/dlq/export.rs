//! `pipe dlq export`: writes letters as `pipe send --file` reads them, one a line, and takes none of them away.
//!
//! Of a batch that was given up, and of a payload that did not fit into its letter, there is a line for each record that the stream has.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::cli::{DlqExportArgs, Global, exit};
use crate::commands::Outcome;
use crate::error::{Class, Error, Result};
use crate::event::Event;
use crate::event::redrive::Written;
use crate::tame::tame_json;
use crate::term::{Shell, some};

use super::exported::{About, Exported};
use super::letter::{Letter, Place};
use super::payload::Payload;
use super::records::{self, Readable, Retention, Span, record, time};
use super::walk::{BATCH, Walk};
use super::{Dlq, GIVING_BACK};

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &DlqExportArgs) -> Outcome {
    let mut out = Out::of(shell, args.out.as_deref())?;
    let dlq = Dlq::of(shell, global, &args.spec.file, GIVING_BACK).await?;
    let limit = args.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut told = Written::default();
    gather(shell, &dlq, limit, &mut out, &mut told).await?;
    told.events = out.lines;
    out.finish()?;
    shell.line(&Event::LettersWritten(told));
    shell.err(&format!("{} of {} written\n", some(told.events, "event"), some(told.letters, "letter")));
    Ok(match (*dlq.stopped.borrow(), told.incomplete) {
        (true, _) => exit::INTERRUPTED,
        (false, 0) => exit::OK,
        (false, _) => exit::FAILED,
    })
}

/// Looks at so many messages, writes them, and makes them visible again.
async fn gather(shell: Shell, dlq: &Dlq, limit: usize, out: &mut Out, told: &mut Written) -> Result<()> {
    let queue = dlq.queue();
    let (mut walk, mut retention) = (Walk::new(&queue), Retention::default());
    let ended = loop {
        let room = limit.saturating_sub(told.letters);
        walk.more |= room == 0 || *dlq.stopped.borrow();
        if walk.more {
            break Ok(());
        }
        let held = match walk.next(room.min(BATCH)).await {
            Ok(held) if held.is_empty() => break Ok(()),
            Ok(held) => held,
            Err(error) => break Err(error),
        };
        let mut written = Ok(());
        for held in &held {
            told.letters += 1;
            match letter(dlq, &held.letter, &mut retention, out).await {
                Ok(None) => {}
                Ok(Some(why)) => {
                    told.incomplete += 1;
                    shell.warn(&format!("the letter `{}` is not whole: {why}", held.letter.id));
                }
                Err(error) => written = Err(error),
            }
        }
        walk.set_aside(held.into_iter().map(|held| held.receipt).collect()).await;
        if written.is_err() {
            break written;
        }
    };
    walk.end().await;
    told.more = walk.more;
    ended
}

/// Writes all lines of a letter. Returns why there are not as many as it has records.
async fn letter(dlq: &Dlq, letter: &Letter, retention: &mut Retention, out: &mut Out) -> Result<Option<String>> {
    let form = letter.form();
    match (form.place(), form.payload()) {
        (_, Some(Payload::Data(data))) => out.line(letter, form.partition_key(), &data).map(|()| None),
        (_, Some(Payload::Broken(text))) => {
            out.line(letter, form.partition_key(), text.as_bytes())?;
            Ok(Some("its payload cannot be decoded, and was written as it came".to_owned()))
        }
        (None, None) => out.line(letter, None, letter.body.as_bytes()).map(|()| None),
        (Some(place), None) => pointer(dlq, letter, &place, retention, out).await,
    }
}

/// Writes what the stream has of a letter's records.
async fn pointer(
    dlq: &Dlq,
    letter: &Letter,
    place: &Place<'_>,
    retention: &mut Retention,
    out: &mut Out,
) -> Result<Option<String>> {
    let cx = &dlq.running.cx;
    let readable = match retention.of(cx, place).await {
        Ok(readable @ (Readable::Until(_) | Readable::Partly(_) | Readable::Unknown)) => readable,
        Ok(gone) => return Ok(Some(gone.text())),
        Err(error) => return Ok(Some(error.to_string())),
    };
    let (before, mut failed) = (out.lines, None);
    let shards = match records::shards(cx, place).await {
        Ok(shards) => shards,
        Err(error) => return Ok(Some(error.to_string())),
    };
    for shard in &shards {
        match shard_of(dlq, letter, Place { shard, ..*place }, out).await {
            Ok(()) if out.lines > before => break,
            Ok(()) => {}
            Err(error) if error.class() == Class::Defect => return Err(error),
            Err(error) => failed = Some(error.to_string()),
        }
    }
    let (written, asked) = (out.lines - before, usize::try_from(place.records).unwrap_or(usize::MAX));
    let missing = (written < asked).then(|| format!("the stream has {written} of its {asked} records"));
    let partly = matches!(readable, Readable::Partly(_)).then(|| readable.text());
    Ok(partly.or(missing).map(|why| failed.map_or(why.clone(), |failed| format!("{why}: {failed}"))))
}

async fn shard_of(dlq: &Dlq, letter: &Letter, place: Place<'_>, out: &mut Out) -> Result<()> {
    let mut span = Span::open(&dlq.running.cx, place).await?;
    while let Some(page) = span.next().await? {
        for record in page.into_iter().map(record) {
            if let Payload::Data(data) = &record.payload {
                out.line(letter, Some(&record.key), data)?;
            }
        }
    }
    Ok(())
}

/// Where lines go: a file takes its name when it is whole.
struct Out {
    shell: Shell,
    file: Option<(BufWriter<File>, PathBuf, PathBuf)>,
    lines: usize,
}

impl Out {
    /// Standard output, or a new file.
    fn of(shell: Shell, path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self { shell, file: None, lines: 0 }) };
        if path.exists() {
            let error = Error::fatal(format!("`{}` is there already", path.display()));
            return Err(error.hint("name another file: it might have letters that are nowhere else any more"));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        // Payloads are for their owner's eyes.
        let _ = std::fs::remove_file(&part);
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
        let opened = opened.map_err(|error| unwritable(&part, &error))?;
        Ok(Self { shell, file: Some((BufWriter::new(opened), part, path.to_owned())), lines: 0 })
    }

    fn line(&mut self, letter: &Letter, key: Option<&str>, payload: &[u8]) -> Result<()> {
        let form = letter.form();
        let about = About {
            id: letter.id.clone(),
            shape: form.shape(),
            reason: form.reason().to_owned(),
            sent_at: time(letter.sent_at),
            source: form.source_arn().map(str::to_owned),
            partition_key: key.map(str::to_owned),
            group: form.group().map(str::to_owned),
        };
        let exported = Exported::new(about, payload);
        self.lines += 1;
        match &mut self.file {
            Some((file, part, _)) => {
                file.write_all(exported.to_line()?.as_bytes()).map_err(|error| unwritable(part, &error))
            }
            None if self.shell.json => {
                self.shell.line(&Event::Exported { letter: exported.raw()? });
                Ok(())
            }
            None => {
                self.shell.data(&(tame_json(exported.to_line()?.trim_end()) + "\n"));
                Ok(())
            }
        }
    }

    /// Gives the file its name.
    fn finish(self) -> Result<()> {
        let Some((file, part, path)) = self.file else { return Ok(()) };
        let file = file.into_inner().map_err(|error| unwritable(&part, error.error()))?;
        file.sync_all().map_err(|error| unwritable(&part, &error))?;
        std::fs::rename(&part, &path).map_err(|error| unwritable(&path, &error))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::fatal(format!("cannot write `{}`: {error}", path.display()))
}
