//! `pipe logs`: the logs of all parts of a pipeline, merged by time.

mod entry;
mod live;
mod pages;
mod seen;

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep;

use crate::cli::{Global, LogsArgs, exit};
use crate::commands::dlq::records::now;
use crate::commands::halt::Halt;
use crate::commands::running::{Part, Running};
use crate::commands::{Outcome, walk};
use crate::error::{Class, Error, Result};
use crate::event::Event;
use crate::term::Shell;
pub use entry::{Writer, entry};
use live::Live;
pub use pages::{Line, Merged, Range};
pub use seen::Seen;

/// What is said on Ctrl-C.
const STOPPING: &str = "interrupted: no more lines are shown";
/// Pauses between looks for new lines, of which CloudWatch Logs takes 5 a second from an account, or 10
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/logs/cloudwatch_limits_cwl.html>).
const EVERY: Duration = Duration::from_secs(2);
/// The same on this machine.
const EVERY_LOCAL: Duration = Duration::from_millis(500);
/// The same beside Live Tail.
const EVERY_LIVE: Duration = Duration::from_secs(20);

/// How long a session of Live Tail lasts at least, where it works.
const LASTS: Duration = Duration::from_secs(60);

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &LogsArgs) -> Outcome {
    let loaded = walk::spec(global, &args.spec.file)?;
    let running = Running::of(global, &loaded).await?;
    let parts = chosen(running.logs().await?, &args.part)?;
    let stopped = Halt::on_interrupt(shell, STOPPING).told();
    let (since, until) = (args.since.millis(now()), args.until.map(|until| until.millis(now())));
    if until.is_some_and(|until| until < since) {
        return Err(Error::fatal("--until is before --since")
            .hint("both are times, or lengths of time before now")
            .into());
    }
    let mut logs = Logs::new(shell, &running, &parts, args.grep.as_deref());
    logs.seen = args.follow.then(|| Seen::since(since));
    logs.look(Range { from: since, to: until, pattern: None }, &stopped).await;
    if logs.unread.len() == parts.len() {
        // Each is reported already; nothing is left to be shown.
        return Ok(exit::FAILED);
    }
    if args.follow && !*stopped.borrow() {
        let remote = global.session.is_none() && global.endpoint_url.is_none();
        logs.follow(remote, stopped.clone()).await;
    }
    Ok(match () {
        () if *stopped.borrow() => exit::INTERRUPTED,
        () if logs.unread.is_empty() && !logs.again => exit::OK,
        () => exit::FAILED,
    })
}

/// The parts that are asked for.
fn chosen(mut parts: Vec<Part>, asked: &[String]) -> Result<Vec<Part>> {
    let known: Vec<String> = parts.iter().map(|part| format!("`{}`", part.id)).collect();
    let known = known.join(", ");
    if let Some(none) = asked.iter().find(|asked| parts.iter().all(|part| part.id != **asked)) {
        let error = Error::fatal(format!("no part `{none}` of this pipeline has a log"));
        let hint = if known.is_empty() {
            "nothing of this pipeline has one".into()
        } else {
            format!("these have one: {known}")
        };
        return Err(error.hint(format!("{hint}; an API has one unless `access_log_days` is off")));
    }
    parts.retain(|part| asked.is_empty() || asked.contains(&part.id));
    match parts.is_empty() {
        true => Err(Error::fatal("nothing of this pipeline has a log")
            .hint("functions have one, and an API unless `access_log_days` is off")),
        false => Ok(parts),
    }
}

/// The showing of lines.
struct Logs<'a> {
    shell: Shell,
    running: &'a Running,
    parts: &'a [Part],
    grep: Option<&'a str>,
    /// Columns of the parts' names.
    width: usize,
    /// Nothing where each line is read once.
    seen: Option<Seen>,
    /// Parts that cannot be read.
    unread: Vec<usize>,
    /// Whether a part was not read to its end by the last look, and is worth another.
    again: bool,
}

impl<'a> Logs<'a> {
    fn new(shell: Shell, running: &'a Running, parts: &'a [Part], grep: Option<&'a str>) -> Self {
        let width = parts.iter().map(|part| part.id.len()).max().unwrap_or_default();
        Self { shell, running, parts, grep, width, seen: None, unread: Vec::new(), again: false }
    }

    /// Shows the lines of this time that were not shown yet.
    async fn look(&mut self, range: Range, stopped: &watch::Receiver<bool>) {
        let mut interrupted = stopped.clone();
        tokio::select! {
            () = self.read(range) => {}
            _ = interrupted.wait_for(|stopped| *stopped) => {}
        }
    }

    async fn read(&mut self, range: Range) {
        let running = self.running;
        let readable = self.readable();
        self.again = false;
        let names: Vec<(usize, &str)> = readable.iter().map(|(at, name)| (*at, name.as_str())).collect();
        let (mut lines, failed) = Merged::of(&running.cx, &names, range).await;
        failed.into_iter().for_each(|(at, error)| self.cannot(at, error));
        if let Some(seen) = &mut self.seen {
            seen.begin(now());
        }
        while let Some(next) = lines.next_line().await {
            match next {
                Ok((at, line)) if self.seen.as_mut().is_none_or(|seen| seen.is_new(at, &line)) => self.show(at, &line),
                Ok(_) => {}
                Err((at, error)) => self.cannot(at, error),
            }
        }
        // Else the next look begins where this one did.
        if let Some(seen) = self.seen.as_mut().filter(|_| !self.again) {
            seen.end();
        }
    }

    /// The groups that can be read, as far as is known.
    fn readable(&self) -> Vec<(usize, String)> {
        let parts = self.parts.iter().enumerate().filter(|(at, _)| !self.unread.contains(at));
        parts.map(|(at, part)| (at, part.group.clone())).collect()
    }

    /// Says why a part is not shown. What AWS may answer in a moment is asked for again by the next look.
    fn cannot(&mut self, at: usize, error: Error) {
        let Part { id, group, .. } = &self.parts[at];
        let error = match error.class() {
            Class::NotFound => {
                let error =
                    Error::new(Class::NotFound, format!("there is no log group `{group}`: `{id}` is not shown"));
                error.hint("`pipe diff` shows whether the pipeline is as the spec says, in this account and region")
            }
            class => {
                let call = error.failed_call().cloned().unwrap_or_default();
                let shown = Error::new(class, format!("`{id}` is not shown: {}", error.message())).call(call);
                error.hint_text().map_or(shown.clone(), |hint| shown.hint(hint))
            }
        };
        self.shell.error(&error);
        match error.class() {
            Class::Throttled | Class::Unclear => self.again = true,
            _ => self.unread.push(at),
        }
    }

    fn show(&self, at: usize, line: &Line) {
        if self.grep.is_some_and(|text| !line.text.contains(text)) {
            return;
        }
        let part = &self.parts[at];
        let Some(logged) = entry(part.writer, &part.id, line) else { return };
        self.shell.out(&entry::shown(&logged, self.width));
        self.shell.line(&Event::Logged(logged));
    }

    /// Shows new lines until the user ends it.
    async fn follow(&mut self, remote: bool, mut stopped: watch::Receiver<bool>) {
        let (mut live, mut began) = (if remote { self.live().await } else { None }, Instant::now());
        while !*stopped.borrow() && self.unread.len() < self.parts.len() {
            let start = Instant::now();
            self.look(
                Range { from: self.seen.as_ref().map(Seen::from).unwrap_or_default(), ..Range::default() },
                &stopped,
            )
            .await;
            let every = match (&live, remote) {
                (Some(_), _) => EVERY_LIVE,
                (None, true) => EVERY,
                (None, false) => EVERY_LOCAL,
            };
            // Looks that take long become rarer.
            let pause = sleep(every.max(start.elapsed() * 2));
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = pause => {}
                () = self.show_live(&mut live) => {
                    // A session lasts some hours; one that ends at once would end at once again.
                    live = if began.elapsed() > LASTS { self.live().await } else { None };
                    began = Instant::now();
                }
            }
        }
    }

    /// Begins a session of Live Tail, where it is allowed.
    async fn live(&mut self) -> Option<Live> {
        let groups = self.readable();
        if groups.len() > live::MOST_GROUPS {
            return None;
        }
        match live::start(&self.running.cx, &groups).await {
            Ok(live) => Some(live),
            Err(error) => {
                tracing::debug!(%error, "there is no Live Tail");
                if live::is_refusal(error.class()) {
                    self.shell.remark(&format!("lines come some seconds late, without Live Tail: {error}"));
                }
                None
            }
        }
    }

    /// Shows what Live Tail brings until it ends; for ever, where there is none.
    async fn show_live(&mut self, live: &mut Option<Live>) {
        let Some(live) = live else { return std::future::pending().await };
        while let Some((at, line)) = live.recv().await {
            if self.seen.as_mut().is_none_or(|seen| seen.is_new_live(at, &line)) {
                self.show(at, &line);
            }
        }
    }
}

#[cfg(test)]
mod tests;
