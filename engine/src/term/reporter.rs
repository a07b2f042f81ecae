//! The reporter: turns events into live lines on a terminal, plain lines elsewhere, JSON lines where they are asked for.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::event::{Event, Failure};
use crate::plan::Verb;
use crate::resource::Id;
use crate::tame::tame_lines;
use crate::term::Shell;
use crate::term::style::{BAD, DIM, END, GOOD};

/// Shows events until the run that sends them is over.
pub async fn report(shell: Shell, mut events: UnboundedReceiver<Event>) {
    let live = std::io::stderr().is_terminal() && !shell.json;
    let mut lines = Lines { shell, live: live.then(MultiProgress::new), bars: BTreeMap::new() };
    if let Some(live) = &lines.live {
        live.set_draw_target(ProgressDrawTarget::stderr());
    }
    while let Some(event) = events.recv().await {
        match shell.json {
            true => shell.line(&event),
            false => lines.show(event),
        }
    }
}

struct Lines {
    shell: Shell,
    live: Option<MultiProgress>,
    bars: BTreeMap<Id, ProgressBar>,
}

impl Lines {
    fn show(&mut self, event: Event) {
        match event {
            Event::Started { id, kind, name, verb } => self.start(id, &format!("{} {kind} {name}", doing(verb))),
            Event::Waiting { id, waiting_for } => match self.bars.get(&id) {
                Some(bar) => bar.set_message(format!("waiting for {waiting_for}")),
                None => self.print(&format!("  {DIM}{id}: waiting for {waiting_for}{END}")),
            },
            Event::Done { id, milliseconds, outcome, .. } => {
                self.end(&id);
                self.print(&format!("{GOOD}✓{END} {id:<15} {outcome} {DIM}{}{END}", seconds(milliseconds)));
            }
            Event::Failed { id, verb, error } => {
                self.end(&id);
                self.print(&format!("{BAD}✗{END} {id:<15} failed to {}: {}", to(verb), failure(&error)));
            }
            Event::Skipped { id, because, .. } => {
                self.print(&format!("{DIM}· {id:<15} skipped, because {because}{END}"))
            }
            Event::Progress { done, total, under_way, milliseconds } if self.live.is_none() => {
                let ids: Vec<&str> = under_way.iter().map(Id::as_str).collect();
                let after = seconds(milliseconds);
                self.print(&format!("  {DIM}{done} of {total} done after {after}, under way: {}{END}", ids.join(", ")));
            }
            // A terminal shows what is under way; what is waited for and what failed is said by other events.
            _ => {}
        }
    }

    fn start(&mut self, id: Id, what: &str) {
        let Some(live) = &self.live else { return };
        let bar = live.add(ProgressBar::new_spinner().with_prefix(format!("{id:<15} {what}")));
        // The template is a constant; were it wrong, the default style would do.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {elapsed} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        self.bars.insert(id, bar);
    }

    fn end(&mut self, id: &Id) {
        if let Some(bar) = self.bars.remove(id) {
            bar.finish_and_clear();
        }
    }

    fn print(&self, line: &str) {
        match &self.live {
            Some(live) => live.suspend(|| self.shell.err(&format!("{line}\n"))),
            None => self.shell.err(&format!("{line}\n")),
        }
    }
}

fn doing(verb: Verb) -> &'static str {
    match verb {
        Verb::Ensure | Verb::Finish => "applying",
        Verb::Delete => "deleting",
    }
}

fn to(verb: Verb) -> &'static str {
    match verb {
        Verb::Ensure | Verb::Finish => "apply",
        Verb::Delete => "delete",
    }
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
}

/// The call, the code, what AWS said.
fn failure(error: &Failure) -> String {
    let call: Vec<&str> = [&error.operation, &error.code].into_iter().filter_map(Option::as_deref).collect();
    let message = match call.is_empty() {
        true => error.message.clone(),
        false => format!("{}: {}", call.join(": "), error.message),
    };
    tame_lines(&message)
}
