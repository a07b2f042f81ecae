//! One stop of an event's way: the figures that it asks for, the call that reads it, and who judges it.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::figures::{Ask, Figures};
use super::time::moment;
use crate::aws::denied;
use crate::commands::running::APPLY;
use crate::error::{Error, Result};
use crate::event::status::{Finding, Part, State};

/// Makes a part of the figures.
pub type Judge<'a> = Box<dyn FnOnce(Figures) -> Part + Send + 'a>;

/// See the module. Nothing is read before `reading` is awaited.
pub struct Station<'a> {
    pub asks: Vec<Ask>,
    pub reading: BoxFuture<'a, Judge<'a>>,
}

/// A station that is read by one call, or by several at once.
///
/// `look` gives what it saw; nothing where the part is not there, which is all that there is to say of it then. `judge` gets nothing where
/// it could not be read, and says what the figures alone show.
pub fn station<'a, T: Send + 'a>(
    (id, name): (&str, &str),
    asks: Vec<Ask>,
    look: impl Future<Output = Result<Option<T>>> + Send + 'a,
    judge: impl FnOnce(Option<T>, &Figures, &mut Part) + Send + 'a,
) -> Station<'a> {
    let part = Part::new(id, name);
    let judged =
        look.map(move |seen| Box::new(move |figures: Figures| judged(part, seen, figures, judge)) as Judge<'a>);
    Station { asks, reading: judged.boxed() }
}

fn judged<T>(
    mut part: Part,
    seen: Result<Option<T>>,
    figures: Figures,
    judge: impl FnOnce(Option<T>, &Figures, &mut Part),
) -> Part {
    match seen {
        Ok(Some(seen)) => judge(Some(seen), &figures, &mut part),
        Ok(None) => {
            part.needs_person("it is not there", APPLY);
            part.state = State::Absent;
        }
        Err(error) => {
            part.unread(&error);
            judge(None, &figures, &mut part);
        }
    }
    part.figures = figures.0;
    part
}

impl Part {
    /// A part of which nothing is known yet.
    pub fn new(id: &str, name: &str) -> Self {
        let (id, name) = (id.to_owned(), name.to_owned());
        Self { id, name, state: State::Well, figures: Vec::new(), findings: Vec::new() }
    }

    /// Adds what needs a person, and what that person can do.
    pub fn needs_person(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Finding { needs_person: true, hint: Some(hint.into()), ..Finding::of(message) });
    }

    /// Adds what needs a person, who has until then, in seconds since 1970.
    pub fn until(&mut self, until: u64, message: impl Into<String>, hint: impl Into<String>) {
        let until = Some(moment(until));
        self.add(Finding { needs_person: true, until, hint: Some(hint.into()), ..Finding::of(message) });
    }

    /// Adds what is worth knowing.
    pub fn note(&mut self, message: impl Into<String>) {
        self.findings.push(Finding::of(message));
    }

    /// Says that a read of the part failed: nobody knows then that all is well.
    pub fn unread(&mut self, error: &Error) {
        let denied = denied(error);
        let hint = match &denied {
            Some(action) => {
                Some(format!("allow `{action}` to whoever runs this; `pipe status --help` lists all that it reads"))
            }
            None => error.hint_text().map(str::to_owned),
        };
        let operation = denied.or_else(|| error.failed_call().map(|call| call.operation.clone()));
        let message = format!("it could not be read: {}", error.message());
        let finding = Finding { needs_person: true, hint, operation, ..Finding::of(message) };
        self.findings.insert(0, finding);
        self.state = State::Unread;
    }

    fn add(&mut self, finding: Finding) {
        let after = self.findings.iter().take_while(|known| known.needs_person).count();
        self.findings.insert(after, finding);
        if self.state == State::Well {
            self.state = State::NeedsPerson;
        }
    }
}

impl Finding {
    fn of(message: impl Into<String>) -> Self {
        Self { needs_person: false, message: message.into(), until: None, hint: None, operation: None }
    }
}
