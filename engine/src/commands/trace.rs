//! `pipe trace`: the way of one event along API, stream, function, and row or dead letter. What cannot be known is said, not guessed.
//!
//! IAM: logs:FilterLogEvents; those of looking into the dead-letter queue and for rows, and those in [`record`].

mod hops;
mod id;
mod logs;
mod record;

use std::collections::BTreeSet;
use std::path::PathBuf;

use aws_sdk_dynamodb::types::AttributeValue;
use tokio::sync::watch;

use crate::cli::{Global, TraceArgs, exit};
use crate::commands::dlq::letter::Letter;
use crate::commands::dlq::peek::peek;
use crate::commands::dlq::records::now;
use crate::commands::ends::{ItemKey, SEARCHED, Taker, present, why};
use crate::commands::halt::Halt;
use crate::commands::moment::rfc3339;
use crate::commands::running::Running;
use crate::commands::{Outcome, walk};
use crate::error::{Class, Result};
use crate::event::Event;
use crate::event::trace::{Hop, Traced};
use crate::event::using::Shape;
use crate::kinds;
use crate::kinds::table::Key;
use crate::resource::Resource;
use crate::session;
use crate::spec::{Function, PartitionKey};
use crate::tame::tame;
use crate::term::Shell;
use hops::{Found, Hops};
pub use id::Names;
use record::Record;

/// What is said on Ctrl-C.
const STOPPING: &str = "interrupted: nothing more is looked for";

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &TraceArgs) -> Outcome {
    let names = Names::of(&args.id)?;
    let loaded = walk::spec(global, &args.spec.file)?;
    let running = Running::of(global, &loaded).await?;
    let mut stopped = Halt::on_interrupt(shell, STOPPING).told();
    let told = stopped.clone();
    let checkpoints = global.session.as_ref().map(|_| session::checkpoints(&args.spec.file)).transpose()?;
    let (found, unknown) = tokio::select! {
        looked = way(&running, names, args.since.millis(now()), checkpoints, told) => looked?,
        _ = stopped.wait_for(|stopped| *stopped) => return Ok(exit::INTERRUPTED),
    };
    for hop in &found {
        shell.out(&hops::line(hop));
        shell.line(&Event::Hop(hop.clone()));
    }
    if found.is_empty() {
        let since = rfc3339(args.since.millis(now()));
        shell
            .out(&format!("nothing of `{}` was found; logs were searched from {since} on (--since)\n", tame(&args.id)));
    }
    unknown.iter().for_each(|unknown| shell.out(&format!("not known: {}\n", tame(unknown))));
    let is_found = !found.is_empty();
    shell.line(&Event::Traced(Traced { id: args.id.clone(), found: is_found, unknown }));
    Ok(if is_found { exit::OK } else { exit::FAILED })
}

/// The places where an event was, and what could not be found out. Logs are searched from `since` on, in milliseconds since 1970;
/// `checkpoints` is the file in which a `pipe dev` keeps how far it has read.
///
/// # Errors
/// Those of AWS where nothing can be said without it.
pub async fn way(
    running: &Running,
    names: Names,
    since: i64,
    checkpoints: Option<PathBuf>,
    stopped: watch::Receiver<bool>,
) -> Result<(Vec<Hop>, Vec<String>)> {
    let (hops, calls) = (Hops::default(), BTreeSet::new());
    let mut trace = Trace { running, names, hops, record: None, request: None, calls, checkpoints, stopped };
    trace.look(since).await?;
    Ok(trace.hops.in_order())
}

/// What is known of an event so far.
struct Trace<'a> {
    running: &'a Running,
    names: Names,
    hops: Hops,
    record: Option<Record>,
    /// When the API got it, and the extended id of that request.
    request: Option<(i64, String)>,
    /// The calls of functions that lines about it belong to.
    calls: BTreeSet<String>,
    checkpoints: Option<PathBuf>,
    stopped: watch::Receiver<bool>,
}

impl Trace<'_> {
    async fn look(&mut self, since: i64) -> Result<()> {
        let letters = self.letters().await?;
        letters.iter().for_each(|letter| self.names.learn_from_letter(letter));
        // What a source pushed is known to the log by the id of its call.
        let pushed = letters.iter().filter(|letter| letter.form().shape() == Shape::Asynchronous);
        self.calls.extend(pushed.filter_map(|letter| letter.form().event_id()));
        let mut requested = self.in_logs(since).await?;
        self.find_record().await?;
        if let Some(key) =
            self.record.as_ref().map(|record| record.key.clone()).filter(|_| !requested && self.keys_are_requests())
        {
            requested = self.request_of(&key, since).await;
        }
        self.api_unknown(requested);
        let is_row = self.row(letters.is_empty()).await?;
        letters.iter().for_each(|letter| self.letter(letter));
        if !is_row && letters.is_empty() {
            self.end_unknown().await;
        }
        if self.record.is_some()
            && letters.is_empty()
            && self.calls.is_empty()
            && self.running.spec.function().is_some()
        {
            self.hops.unknown("which call of the function had it: a log names no record that went well".into());
        }
        Ok(())
    }

    /// The dead letters that are about it.
    async fn letters(&mut self) -> Result<Vec<Letter>> {
        let url = match self.running.queue().await {
            Ok(Some(url)) => url,
            Ok(None) => return Ok(Vec::new()),
            Err(error) => {
                self.hops.unknown(format!("whether it is a dead letter: {error}"));
                return Ok(Vec::new());
            }
        };
        let (mut letters, names) = (Vec::new(), &self.names);
        let mut keep = |letter: Letter| {
            if names.are_of(&letter) {
                letters.push(letter);
            }
        };
        match peek(&self.running.cx, &url, SEARCHED, &self.stopped, &mut keep).await {
            Ok(false) => {}
            Ok(true) => self.hops.unknown(format!(
                "whether there are more letters of it: the queue has more than were shown, and {SEARCHED} are looked through"
            )),
            Err(error) if error.class() == Class::Interrupted => return Err(error),
            Err(error) => self.hops.unknown(format!("whether it is a dead letter: {error}")),
        }
        Ok(letters)
    }

    fn letter(&mut self, letter: &Letter) {
        let at = (letter.sent_at > 0).then_some(letter.sent_at);
        let message = format!("a dead letter: {} (`pipe dlq show {}`)", why(letter), tame(&letter.id));
        self.hops.add(Found { at, ..Found::new("dlq", message) });
    }

    async fn find_record(&mut self) -> Result<()> {
        let Ok((kind, name)) = self.running.stream() else { return Ok(()) };
        if kind == kinds::queue::Queue::KIND {
            self.hops.unknown(
                "whether the queue still has it: a queue shows a message only to who receives it, which counts as a try".into(),
            );
            return Ok(());
        }
        let Some(number) = self.names.number.clone() else {
            if let Some((at, id)) =
                self.request.clone().filter(|_| kind == kinds::stream::Stream::KIND && self.keys_are_requests())
                && let Some(record) = record::of_request(self.running, &name, &id, at).await?
            {
                self.hops.add(record.hop());
                self.record = Some(record);
                return Ok(());
            }
            self.hops.unknown(format!(
                "where `{name}` has it: only its sequence number tells, which the answer to the sender had"
            ));
            return Ok(());
        };
        match record::find(self.running, kind, &name, self.names.shard.as_deref(), &number).await {
            Ok(record::Sought::Found(record)) => {
                self.hops.add(record.hop());
                self.record = Some(*record);
            }
            Ok(record::Sought::Absent(why)) => self.hops.unknown(why),
            Err(error) => self.hops.unknown(format!("whether `{name}` has it: {error}")),
        }
        Ok(())
    }

    /// Whether records of a route have the extended ids of their requests as partition keys.
    fn keys_are_requests(&self) -> bool {
        let mut routes = self.running.spec.api().into_iter().flat_map(|api| &api.routes);
        routes.any(|route| route.partition_key == PartitionKey::Random)
    }

    /// Whether there is a row under its key; of an event that is a letter its absence is no news.
    async fn row(&mut self, news: bool) -> Result<bool> {
        let (table, keys) = match self.running.table().await {
            Ok(Some(table)) => table,
            Ok(None) => return Ok(false),
            Err(error) => {
                self.hops.unknown(format!("whether it is a row: {error}"));
                return Ok(false);
            }
        };
        let may_be = self.keys_of_row(&keys);
        if may_be.is_empty() {
            if news {
                self.hops.unknown(format!("whether `{table}` has a row of it: its key is not known"));
            }
            return Ok(false);
        }
        match present(&self.running.cx, &table, &may_be.iter().collect::<Vec<_>>()).await {
            Ok(there) if there.contains(&true) => {
                let is = may_be.iter().zip(there).find_map(|(key, there)| there.then_some(key));
                let key = is.map(|key| shown(key, &keys)).unwrap_or_default();
                let later = "an event before or after it with this key may have made it";
                self.hops.add(Found::new("table", format!("a row of `{table}` under {key}; {later}")));
                Ok(true)
            }
            Ok(_) if news && self.record.is_some() => {
                let tried: Vec<String> = may_be.iter().map(|key| shown(key, &keys)).collect();
                let own = if self.is_bundled() { "" } else { "; a handler of one's own may give its rows other keys" };
                let message = format!("no row of `{table}` under {}{own}", tried.join(" or "));
                self.hops.add(Found::new("table", message));
                Ok(false)
            }
            Ok(_) => Ok(false),
            Err(error) => {
                self.hops.unknown(format!("whether it is a row: {error}"));
                Ok(false)
            }
        }
    }

    /// The keys under which its row may be.
    fn keys_of_row(&self, keys: &[Key]) -> Vec<ItemKey> {
        let Some(record) = &self.record else { return self.names.as_key(keys).into_iter().collect() };
        // A handler of one's own may take the partition key, too.
        let partition = Names::of(&record.key).ok().filter(|_| !self.is_bundled());
        let mut all: Vec<ItemKey> = record.key(keys).into_iter().collect();
        all.extend(partition.and_then(|names| names.as_key(keys)).filter(|key| !all.contains(key)));
        all
    }

    fn is_bundled(&self) -> bool {
        self.running.spec.function().is_some_and(Function::is_bundled)
    }

    /// Says which request brought it, as far as nobody knows.
    fn api_unknown(&mut self, requested: bool) {
        if requested || self.running.spec.api().is_none() || (self.record.is_none() && self.names.number.is_none()) {
            return;
        }
        self.hops.unknown("which request brought it: the API's access log cannot name the record".into());
    }

    /// What is known of the end of an event that is neither a row nor a letter.
    async fn end_unknown(&mut self) {
        let Some(record) = &self.record else { return };
        let taken = match (&record.taken.location.part, &self.checkpoints) {
            (Some(_), Some(file)) => {
                let done = Taker::Checkpoints(file.clone()).done(&self.running.cx).await;
                Some(done.has(&record.taken))
            }
            _ => None,
        };
        match taken {
            Some(true) => {
                let message = "the mapping is past it: the function took it, or its tries were over";
                self.hops.add(Found::new("consumer", message.into()));
            }
            Some(false) => {
                self.hops.add(Found::new("consumer", "the mapping has not come to it, or tries it again".into()))
            }
            None => self.hops.unknown("whether the function took it: AWS does not tell how far a mapping is".into()),
        }
    }
}

/// A key for people, in the table's order.
fn shown(key: &ItemKey, keys: &[Key]) -> String {
    let value = |key: &AttributeValue| match key {
        AttributeValue::S(text) => tame(text),
        AttributeValue::N(number) => tame(number),
        _ => "bytes".to_owned(),
    };
    let parts = keys.iter().filter_map(|named| Some(format!("{}={}", named.name, value(key.get(&named.name)?))));
    parts.collect::<Vec<_>>().join(", ")
}
