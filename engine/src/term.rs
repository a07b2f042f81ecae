//! The only place that prints: plans, events, results and errors, for people or as JSON lines.

mod grants;
mod lines;
mod moving;
mod plan;
mod progress;
mod reporter;

use std::io::{ErrorKind, IsTerminal};
use std::sync::{Mutex, OnceLock, PoisonError};

use anstream::adapter::strip_str;
use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};

use crate::error::Error;
use crate::event::{Event, Failure};
use crate::tame::{tame, tame_lines};

pub use moving::{position, report as moving};
pub use plan::{View, counted, render as render_plan};
pub use progress::Progress;
pub use reporter::report;

/// Where output goes and in which form.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shell {
    /// One JSON object a line on standard output instead of text.
    pub json: bool,
    /// Plans with every property as it is.
    pub full: bool,
}

impl Shell {
    /// Writes text to standard output; in JSON mode nothing, for there text is data.
    pub fn out(&self, text: &str) {
        if !self.json {
            self.data(text);
        }
    }

    /// Writes text to standard output as it is, JSON mode or not: what the user asked for.
    pub fn data(&self, text: &str) {
        keep(write(std::io::stdout(), text));
    }

    /// Writes an event as a line to standard output, in JSON mode only.
    pub fn line(&self, event: &Event) {
        if !self.json {
            return;
        }
        match event.to_line() {
            Ok(line) => keep(write(std::io::stdout(), &line)),
            Err(error) => self.err(&render_error(&Error::defect(format!("an event is not JSON: {error}")))),
        }
    }

    /// Writes text to standard error, for people, even in JSON mode.
    pub fn err(&self, text: &str) {
        // If this cannot be written, there is nowhere to say so.
        let _ = write(std::io::stderr(), text);
    }

    /// Whether a person reads standard output, and no file or program keeps it.
    pub fn is_watched(&self) -> bool {
        !self.json && std::io::stdout().is_terminal()
    }

    /// Reports an error with its hint.
    pub fn error(&self, error: &Error) {
        self.line(&Event::Error { error: Failure::from(error) });
        self.err(&render_error(error));
    }

    /// Warns of something.
    pub fn warn(&self, text: &str) {
        self.line(&Event::Warning { message: text.to_owned() });
        self.remark(text);
    }

    /// Warns on standard error alone: for commands whose `--json` is one object.
    pub fn remark(&self, text: &str) {
        self.err(&format!("{}warning{}: {}\n", style::WARN, style::END, tame_lines(text)));
    }

    /// Asks whether to go on: nothing without a terminal.
    pub fn agrees(&self, question: &str) -> Option<bool> {
        self.ask(&format!("{question} [y/N] ")).map(|answer| matches!(answer.as_str(), "y" | "Y" | "yes"))
    }

    /// Asks a question and returns the answer; nothing without a terminal.
    pub fn ask(&self, question: &str) -> Option<String> {
        if self.json || !std::io::stdin().is_terminal() {
            return None;
        }
        self.err(&tame_lines(question));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).ok()?;
        Some(answer.trim().to_owned())
    }
}

/// So many of what one word names.
pub fn some(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// An error as people read it: what failed, the request id for AWS's support, what to do. Parts of it are by others: what AWS says,
/// what a compiler or a build script printed.
pub fn render_error(error: &Error) -> String {
    let mut text = format!("{}error{}: {}\n", style::BAD, style::END, tame_lines(&error.to_string()));
    if let Some(call) = error.failed_call().filter(|call| !call.request_id.is_empty()) {
        text += &format!("  request id: {}\n", tame(&call.request_id));
    }
    if let Some(hint) = error.hint_text() {
        text += &format!("  {}hint{}: {}\n", style::HINT, style::END, tame_lines(hint));
    }
    text
}

/// Why standard output did not take everything.
static UNWRITTEN: OnceLock<String> = OnceLock::new();

/// Why standard output did not take everything, if it did not: a full disk. A run goes on all the same, and fails at its end.
pub fn unwritten() -> Option<&'static str> {
    UNWRITTEN.get().map(String::as_str)
}

/// Keeps the first failure. A broken pipe is the reader's choice (`pipe diff | head`), and none.
fn keep(written: std::io::Result<()>) {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => drop(UNWRITTEN.set(error.to_string())),
        _ => {}
    }
}

/// Writes a text in one piece, one text at a time: both streams may lead into one file. Colour goes where it is not wanted.
fn write(mut to: impl RawStream, text: &str) -> std::io::Result<()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let plain = match AutoStream::choice(&to) {
        ColorChoice::Never => strip_str(text).to_string(),
        _ => text.to_owned(),
    };
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    to.write_all(plain.as_bytes()).and_then(|()| to.flush())
}

/// The few styles there are. The streams take them away where colour is not wanted (`NO_COLOR`, no terminal).
pub(crate) mod style {
    use anstyle::{AnsiColor, Reset, Style};

    pub const GOOD: Style = AnsiColor::Green.on_default();
    pub const CHANGED: Style = AnsiColor::Yellow.on_default();
    pub const BAD: Style = AnsiColor::Red.on_default().bold();
    pub const WARN: Style = AnsiColor::Yellow.on_default().bold();
    pub const HINT: Style = AnsiColor::Cyan.on_default();
    pub const DIM: Style = Style::new().dimmed();
    pub const END: Reset = Reset;
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::error::Call;

    /// Two streams may lead into one file: what is written in parts is glued to what the other one writes in between.
    #[test]
    fn a_text_is_written_in_one_piece() {
        struct Parts(std::sync::mpsc::Sender<String>);
        impl Write for Parts {
            fn write(&mut self, part: &[u8]) -> std::io::Result<usize> {
                self.0.send(String::from_utf8_lossy(part).into_owned()).map_err(std::io::Error::other)?;
                Ok(part.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (parts, written) = std::sync::mpsc::channel();
        let to: Box<dyn Write> = Box::new(Parts(parts));
        write(to, &format!("{}warning{}: one\n  and {}two{}\n", style::WARN, style::END, style::DIM, style::END))
            .unwrap();
        assert_eq!(written.iter().collect::<Vec<_>>(), ["warning: one\n  and two\n"]);
    }

    #[test]
    fn what_others_say_in_an_error_steers_nothing() {
        let said = "the crate `h` does not build:\n  --- stdout\n  ::add-mask::a\n\u{1b}]0;title\u{7}##[add-mask]b";
        let call = Call { operation: "a:B".into(), code: String::new(), request_id: "\u{9b}2J".into() };
        let shown = render_error(&Error::fatal(said).hint("\u{202e}\n::stop-commands::x").call(call));
        let shown = strip_str(&shown).to_string();
        assert_eq!(
            shown,
            "error: a:B: the crate `h` does not build:\n  --- stdout\n  \\u{3a}:add-mask::a\n\\u{1b}]0;title\\u{7}#.[add-mask]b\n  \
             request id: \\u{9b}2J\n  hint: \\u{202e}\n\\u{3a}:stop-commands::x\n"
        );
    }
}
