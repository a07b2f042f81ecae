//! The walk of one text: parse, check, lower, plan, render; and what must hold on the way.

use std::any::Any;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use pipe::aws::Place;
use pipe::bundle::Codes;
use pipe::event::Event;
use pipe::graph::Graph;
use pipe::kinds::KINDS;
use pipe::live::Found;
use pipe::lower::lower;
use pipe::plan::{Plan, plan, steps};
use pipe::spec::{self, Loaded, Report};
use pipe::term::{View, render_error, render_plan};

/// Time of the processor after which one text hangs, in a debug build: thirty times what the slowest takes. Other processes on the
/// machine do not count.
pub const BUSY: Duration = Duration::from_secs(60);
/// After this long by the clock it hangs in any case.
const HANG: Duration = Duration::from_secs(600);

/// The folder of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where the paths in the specs start.
pub fn root() -> PathBuf {
    repository().join("tests/specs/good")
}

/// The account of the good specs.
pub fn place() -> Place {
    Place { partition: "aws".into(), account: "123456789012".into(), region: "eu-west-1".into() }
}

/// A spec that was accepted, and what it became.
pub struct Taken {
    pub loaded: Loaded,
    pub graph: Graph,
    pub plan: Plan,
}

/// Runs something that must come to an end soon, and says so when it does not. Its panic is passed on.
pub fn in_time<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    let (teller, told) = mpsc::channel();
    let thread = thread::spawn(move || {
        let begin = busy();
        let made = what();
        let spent = busy().saturating_sub(begin);
        // Nobody still listens if it took too long.
        let _ = teller.send(());
        (made, spent)
    });
    if told.recv_timeout(HANG) == Err(RecvTimeoutError::Timeout) {
        panic!("no end after {HANG:?}");
    }
    let (made, spent) = thread.join().unwrap_or_else(|panic: Box<dyn Any + Send>| resume_unwind(panic));
    assert!(spent < BUSY, "it took {spent:?} of the processor");
    made
}

/// Time of the processor that this thread has had; by the clock where the system does not tell.
fn busy() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| START.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}

/// Walks. Nothing for a spec that is refused, by its rules or because what it names is of another account.
pub fn walk(bytes: &[u8]) -> Option<Taken> {
    let loaded = match spec::parse("pipeline.yaml", bytes, &root()) {
        Ok(loaded) => loaded,
        Err(report) => {
            assert!(report.has_errors());
            check_report(bytes, &report);
            return None;
        }
    };
    assert!(!loaded.notes.has_errors());
    check_report(bytes, &loaded.notes);
    let graph = match lower(&loaded, &place(), &Codes::unbuilt()) {
        Ok(graph) => graph,
        Err(error) => {
            assert!(error.to_string().contains("is not in region"), "{error}");
            visible(&without_styles(&render_error(&error)));
            return None;
        }
    };
    let plan = plan(&graph, &Found::default(), KINDS, false);
    assert_eq!(steps(&plan, KINDS).iter().filter(|step| step.change >= plan.changes.len()).count(), 0);
    let shown = without_styles(&render_plan(&plan, &View::new(&place(), false)));
    visible(&shown);
    let line = Event::plan(&plan).to_line().unwrap();
    assert_eq!(line.lines().count(), 1, "an event is one line: {line}");
    assert!(serde_json::from_str::<serde_json::Value>(&line).unwrap().is_object());
    Some(Taken { loaded, graph, plan })
}

/// Why a text was not accepted.
pub fn why_not(text: &str) -> String {
    let why = match spec::parse("pipeline.yaml", text.as_bytes(), &root()) {
        Err(report) => report.render(false),
        Ok(loaded) => lower(&loaded, &place(), &Codes::unbuilt()).err().map(|e| e.to_string()).unwrap_or_default(),
    };
    format!("{why}\n{text}")
}

/// Every place is inside of the file, and nothing that is shown steers a terminal.
fn check_report(bytes: &[u8], report: &Report) {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let lines: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
    for problem in report.located() {
        assert!(!problem.message.contains('\n'), "one sentence is one line: {problem:?}");
        match problem.line.zip(problem.column) {
            Some((line, column)) => {
                assert!((1..=lines.len()).contains(&line), "{problem:?}");
                assert!((1..=lines[line - 1] + 1).contains(&column), "{problem:?}");
            }
            None => assert_eq!(problem.path, "", "it is somewhere in the file: {problem:?}"),
        }
    }
    visible(&report.render(false));
    visible(&without_styles(&report.render(true)));
}

/// Takes out colours, ours as others'; any other control character stays.
fn without_styles(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|letter: char| !letter.is_ascii_digit() && letter != ';').unwrap_or(part.len());
        match part[end..].strip_prefix('m') {
            Some(rest) => clean += rest,
            None => clean += &format!("\u{1b}[{part}"),
        }
    }
    clean
}

/// The output holds no character that moves the cursor, begins a line, or turns the direction of the text.
fn visible(shown: &str) {
    let steers = |letter: char| match letter {
        '\n' => false,
        '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    };
    let found = shown.chars().find(|letter| steers(*letter));
    assert_eq!(found, None, "in: {}", shown.escape_debug());
}
