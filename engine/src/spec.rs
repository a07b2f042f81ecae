//! The spec: one page of YAML, typed and checked. The first part of the walk: text in, [`Spec`] or problems out.
//!
//! [`parse`] refuses what no value may be built from (text that is not UTF-8, more than 1 MiB, an alias bomb, more than
//! one document), then reports everything else in one run: what the schema says, what the rules of `rules/` say about a
//! document made whole by `repair`, and what is legal but likely wrong. Each problem has its place in the file.

mod alarms;
mod auth;
mod changes;
mod check;
mod dlq;
mod function;
mod handler;
mod key;
mod local;
mod loose;
mod model;
mod names;
pub mod network;
mod places;
mod plans;
mod problem;
mod repair;
mod rules;
mod sample;
mod scan;
mod schema;
pub mod shape;
mod sink;
mod source;
mod statements;
mod stream;
mod units;
mod users;
mod value;
mod wording;

pub use alarms::{Alarms, Told};
pub use auth::{ApiKeys, Auth, Authorizer, Basic, Cognito, Iam, Jwt, Secret, Token};
pub use dlq::{Dlq, Queue};
pub use function::{Architecture, Batch, Consumer, Failures, Function, LogLevel, Recursion, Start};
pub use handler::{Handler, Language, Managed, Runtime};
pub use key::KmsKey;
pub use model::{Existing, OnDestroy, OwnOrExisting, Spec};
pub use network::{Endpoints, Lets, Network, Placement, Way};
pub use plans::{Period, Plan, Quota};
pub use problem::{Located, Problem, Report, Severity};
pub(crate) use rules::contained;
pub use sample::sample;
pub use schema::schema;
pub(crate) use schema::sorted;
pub use sink::{Capacity, Index, Indexes, Key, KeyType, Keys, Project, Sink, Table, TableEncryption, Target, Units};
pub use source::{
    ANY_ORIGIN, AccessLogDays, Alexa, Api, AwsCall, Body, Bucket, Bus, BusEvents, Cors, CorsMethod, Delivery, Domain,
    Extra, Feeding, FilterOn, Full, Input, Iot, LONGEST_PATTERN, Limit, Logs, MediaType, Method, MinimumTls,
    ObjectEvent, OwnBucket, OwnTopic, PartitionKey, Piece, Place, Private, Route, Schedule, SkillKind, Source,
    TableAction, Throttle, To, Topic, TopicEncryption, Via, is_json, is_text,
};
pub use statements::{Effect, Statement};
pub use stream::{
    Changes, Changing, FIFO, Kinesis, QueueEncryption, QueueStream, Sender, Stream, StreamEncryption, TableChanges,
    View,
};
pub use users::{SignIn, Users};

use crate::aws::vpc::Vpc;
use loose::Loose;
use places::Places;
use rules::Files;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Bytes of a spec at most.
const MAX_BYTES: usize = 1024 * 1024;
/// Errors of the schema that are looked at; a document with more is not a spec with mistakes in it.
const MAX_ERRORS: usize = 200;

/// A spec without errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The spec, with every default filled in.
    pub spec: Spec,
    /// Its warnings, and the notes that `validate` shows beside them.
    pub notes: Report,
    /// The folder of the spec, which the paths in it start from.
    pub root: PathBuf,
    /// What stands in for what the spec calls `existing`, in words: only in the cloud that `pipe dev` starts.
    pub stand_ins: Vec<String>,
    /// The schemas that routes name, by their files, as they were when the spec was checked.
    pub schemas: BTreeMap<PathBuf, Value>,
    /// The templates that routes name, by their files, as they were then.
    pub templates: BTreeMap<PathBuf, String>,
    /// What is in the VPC of its `network`, once somebody looked.
    pub vpc: Option<Vpc>,
}

/// Reads and checks the spec in the file at `path`.
///
/// # Errors
/// Every problem of the spec, or the one that kept the file from being read.
pub fn load(path: &Path) -> Result<Loaded, Report> {
    let name = path.display().to_string();
    let root = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) => parse(&name, &bytes, root),
        Err(error) => {
            let problem = Problem::error("", format!("failed to read `{name}`: {error}"));
            let hint = "`pipe init` writes a first one; name another file after the command, as in `pipe apply FILE`";
            Err(Report::new(&name, String::new(), vec![problem.hint(hint)]))
        }
    }
}

/// Checks the spec in `bytes`. `file` is its name in messages, `root` the folder that the paths in it start from.
///
/// # Errors
/// Every problem of the spec, warnings among them. Nothing is read but the files that the spec names, and no call is made.
pub fn parse(file: &str, bytes: &[u8], root: &Path) -> Result<Loaded, Report> {
    let text = text(bytes).map_err(|problem| Report::new(file, String::new(), vec![problem]))?;
    let (places, mut problems) =
        scan::scan(text).map_err(|problem| Report::new(file, text.to_owned(), vec![problem]))?;
    let (value, more) = document(text).map_err(|problem| Report::new(file, text.to_owned(), vec![problem]))?;
    problems.extend(more);
    let spec = checked(&value, root, &mut problems);
    problems.iter_mut().for_each(|problem| problem.place(&places));
    let report = Report::new(file, blotted(text, &places), problems);
    match spec {
        Some((spec, files)) if !report.has_errors() => {
            let (schemas, templates) = files.read();
            Ok(Loaded {
                spec,
                notes: report,
                root: root.to_owned(),
                stand_ins: Vec::new(),
                schemas,
                templates,
                vpc: None,
            })
        }
        _ => Err(report.without_notes()),
    }
}

fn text(bytes: &[u8]) -> Result<&str, Problem> {
    if bytes.len() > MAX_BYTES {
        return Err(Problem::error("", "a spec has at most 1 MiB, but this file is larger"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        Problem::error("", format!("this is not UTF-8: line {line} holds other bytes"))
            .hint("save the file as UTF-8, and name the right file")
    })
}

/// Builds the value of the document; the places were scanned before, which bounds time and memory here.
fn document(text: &str) -> Result<(Value, Vec<Problem>), Problem> {
    match serde_yaml::from_str::<Loose>(text) {
        Ok(Loose(serde_yaml::Value::Null)) => {
            Err(Problem::error("", "the spec is empty").hint("it needs at least `name: my-pipeline`"))
        }
        Ok(Loose(yaml)) => Ok(value::json(yaml)),
        Err(error) => {
            let start = error.location().map_or(0, |location| location.index().min(text.len()));
            let start = (0..=start).rev().find(|byte| text.is_char_boundary(*byte)).unwrap_or(0);
            Err(Problem::error("", format!("this is not YAML: {error}")).at(start..start))
        }
    }
}

/// Checks the value by the schema and the rules. Returns the spec, and the files that it names, as far as one could be built.
fn checked(value: &Value, root: &Path, problems: &mut Vec<Problem>) -> Option<(Spec, Files)> {
    let validator = match schema::validator() {
        Ok(validator) => validator,
        Err(error) => {
            problems.push(Problem::error("", format!("failed to build the schema: {error}")));
            return None;
        }
    };
    let errors: Vec<_> = validator.iter_errors(value).take(MAX_ERRORS).collect();
    let known: Vec<String> = problems.iter().map(|problem| problem.path.clone()).collect();
    let more = check::explain(&errors, schema::value()).into_iter();
    problems.extend(more.filter(|problem| !known.contains(&problem.path)));
    let mut whole = value.clone();
    let damaged = repair::repair(&mut whole, &errors, schema::value());
    match serde_json::from_value::<Spec>(whole) {
        Ok(spec) => {
            let files = Files::of(&spec, root);
            problems.extend(rules::check(&spec, value, &damaged, root, &files));
            Some((spec, files))
        }
        Err(error) => {
            if errors.is_empty() {
                problems.push(Problem::error("", error.to_string()));
            }
            None
        }
    }
}

/// Returns the text with the values of environment variables as asterisks: what is drawn may end in a log. Lines, letters and
/// bytes stay as many as they were, so that later places stay right.
fn blotted(text: &str, places: &Places) -> String {
    let star = |letter: char| match letter.len_utf8() {
        _ if matches!(letter, '\n' | '\r') => letter,
        1 => '*',
        2 => '\u{b7}',
        3 => '\u{2217}',
        _ => '\u{1f7b6}',
    };
    let mut bytes = text.as_bytes().to_vec();
    for span in places.scalars(check::ENVIRONMENT.trim_end_matches('/')) {
        let stars: String = text.get(span.clone()).unwrap_or_default().chars().map(star).collect();
        match bytes.get_mut(span) {
            Some(place) if place.len() == stars.len() => place.copy_from_slice(stars.as_bytes()),
            Some(place) => place.fill(b'*'),
            None => {}
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
