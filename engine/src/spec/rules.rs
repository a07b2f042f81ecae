//! What a schema cannot say: rules between sections, AWS's limits, files, and warnings.
//!
//! A rule of one section takes it with the path that it stands at ([`At`]); [`Cx`] alone knows the paths. Rules between sections
//! take the [`Cx`]. A rule says nothing about a place that the schema refused already.

mod alarms;
mod calls;
mod changes;
mod cors;
mod domain;
mod doors;
mod existing;
mod fan_out;
mod files;
mod filters;
mod function;
mod groups;
mod indexes;
mod keys;
mod limits;
mod managed;
mod model;
mod network;
mod networks;
mod notes;
mod private;
mod queue;
mod routes;
mod sources;
mod stores;
mod templates;
mod types;
mod warnings;
mod wiring;

pub(super) use files::Files;
pub(crate) use files::contained;
pub(super) use function::BUNDLED;

use super::problem::Problem;
use super::wording::nearest;
use super::{
    Api, Authorizer, Basic, Function, Kinesis, Network, OwnOrExisting, Queue, QueueStream, Spec, TableChanges, Target,
    Topic,
};
use serde_json::Value;
use std::ops::Deref;
use std::path::Path;

/// The sections of the document, in the order that an event travels.
const SOURCE: &str = "/source";
const AUTH: &str = "/auth";
const PLANS: &str = "/plans";
const USERS: &str = "/users";
const STREAM: &str = "/stream";
const CONSUMER: &str = "/consumer";
const SINK: &str = "/sink";
const DLQ: &str = "/dlq";
const NETWORK: &str = "/network";
const ALARMS: &str = "/alarms";

/// A part of the spec, and the path that it stands at.
struct At<'a, T> {
    path: String,
    it: &'a T,
}

impl<T> Deref for At<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.it
    }
}

impl<'a, T> At<'a, T> {
    /// Returns the path of what stands below.
    fn at(&self, key: &str) -> String {
        format!("{}/{key}", self.path)
    }

    /// Returns another part that stands below this one.
    fn below<U>(&self, key: &str, it: &'a U) -> At<'a, U> {
        At { path: self.at(key), it }
    }
}

impl<'a, T> At<'a, OwnOrExisting<T>> {
    /// Returns the same where the pipeline makes it.
    fn own(&self) -> Option<At<'a, T>> {
        self.it.own().map(|it| At { path: self.path.clone(), it })
    }
}

/// What a rule looks at.
struct Cx<'a> {
    /// The spec, made whole where the schema refused something.
    spec: &'a Spec,
    /// The document as the file has it.
    file: &'a Value,
    /// Paths of what was refused.
    damaged: &'a [String],
    /// The folder of the spec.
    root: &'a Path,
    /// The files that routes name.
    files: &'a Files,
}

/// Where each member of a section stands.
impl<'a> Cx<'a> {
    fn api(&self) -> Option<At<'a, Api>> {
        member(SOURCE, "api", self.spec.api())
    }

    fn topic(&self) -> Option<At<'a, Topic>> {
        member(SOURCE, "topic", self.spec.topic())
    }

    fn basic(&self) -> Option<At<'a, Basic>> {
        let (name, _) = self.spec.authorizers().find(|(_, authorizer)| matches!(authorizer, Authorizer::Basic(_)))?;
        member(AUTH, &self.spec.auth.as_ref()?.path(name), self.spec.basic())
    }

    fn kinesis(&self) -> Option<At<'a, OwnOrExisting<Kinesis>>> {
        member(STREAM, "kinesis", self.spec.kinesis())
    }

    fn table_changes(&self) -> Option<At<'a, TableChanges>> {
        member(STREAM, "table_changes", self.spec.table_changes())
    }

    fn fed_queue(&self) -> Option<At<'a, OwnOrExisting<QueueStream>>> {
        member(STREAM, "queue", self.spec.fed_queue())
    }

    fn function(&self) -> Option<At<'a, Function>> {
        member(CONSUMER, "function", self.spec.function())
    }

    fn target(&self) -> Option<At<'a, Target>> {
        member(SINK, "table", self.spec.target())
    }

    fn network(&self) -> Option<At<'a, Network>> {
        self.spec.network.as_ref().map(|it| At { path: NETWORK.to_owned(), it })
    }

    fn queue(&self) -> Option<At<'a, OwnOrExisting<Queue>>> {
        member(DLQ, "queue", self.spec.queue())
    }
}

fn member<'a, T>(section: &str, key: &str, it: Option<&'a T>) -> Option<At<'a, T>> {
    it.map(|it| At { path: format!("{section}/{key}"), it })
}

impl Cx<'_> {
    /// Tells whether the file says something at `path`, even with a typing mistake in the key.
    fn has(&self, path: &str) -> bool {
        let (parent, key) = path.rsplit_once('/').unwrap_or_default();
        let meant = |bad: &String| {
            bad.rsplit_once('/').is_some_and(|(above, other)| above == parent && nearest(other, &[key]).is_some())
        };
        self.file.pointer(path).is_some() || self.damaged.iter().any(meant)
    }

    /// Tells whether the value at `path` is the file's own, or a default: not one that was refused, or within one.
    fn sound(&self, path: &str) -> bool {
        !self
            .damaged
            .iter()
            .any(|bad| path.strip_prefix(bad.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }
}

/// A rule of one part of the spec.
type Rule<T> = fn(&Cx<'_>, &At<'_, T>) -> Vec<Problem>;

fn each<T>(cx: &Cx<'_>, part: Option<At<'_, T>>, rules: &[Rule<T>]) -> Vec<Problem> {
    // What stands in for a member that the file does not have is nobody's.
    part.filter(|part| cx.file.pointer(&part.path).is_some())
        .map(|part| rules.iter().flat_map(|rule| rule(cx, &part)).collect())
        .unwrap_or_default()
}

/// The rules of an API.
const API: &[Rule<Api>] = &[
    routes::methods,
    routes::auth,
    routes::keys,
    routes::paths,
    calls::targets,
    groups::groups,
    types::taken,
    templates::own,
    cors::origins,
    networks::allowed,
    private::private,
    domain::regions,
    files::bodies,
];

const FUNCTION: &[Rule<Function>] = &[
    wiring::handler,
    wiring::unfed,
    wiring::names,
    function::environment,
    function::start,
    changes::start,
    queue::feeds,
    sources::feeds,
    sources::endless::endless,
    function::statements,
    function::existing,
    fan_out::kinesis_only,
    files::handler,
    filters::patterns,
    warnings::function,
];

/// Rules between sections.
const BETWEEN: &[fn(&Cx<'_>) -> Vec<Problem>] = &[
    alarms::one,
    wiring::sections,
    sources::ways,
    sources::foreign,
    existing::sources,
    wiring::overwrite,
    changes::deletes,
    changes::images,
    |cx| changes::endless(cx).into_iter().collect(),
    doors::names,
    doors::single,
    doors::known,
    doors::plans,
    limits::tags,
    keys::places,
    warnings::all,
    notes::all,
    changes::notes,
    cors::notes,
];

/// Returns every error, warning and note of the rules.
pub(super) fn check(spec: &Spec, file: &Value, damaged: &[String], root: &Path, files: &Files) -> Vec<Problem> {
    let cx = Cx { spec, file, damaged, root, files };
    let mut problems: Vec<Problem> = BETWEEN.iter().flat_map(|rule| rule(&cx)).collect();
    problems.extend(each(&cx, cx.api(), API));
    problems.extend(each(&cx, cx.topic(), &[sources::topic]));
    problems.extend(each(&cx, member(SOURCE, "events", spec.events()), &[sources::events::events]));
    problems.extend(each(&cx, member(SOURCE, "schedule", spec.schedule()), &[sources::schedule::schedule]));
    problems.extend(each(&cx, member(SOURCE, "bucket", spec.bucket()), &[sources::others::bucket]));
    problems.extend(each(&cx, member(SOURCE, "logs", spec.logs()), &[sources::others::logs]));
    problems.extend(each(&cx, member(SOURCE, "iot", spec.iot()), &[sources::others::iot]));
    problems.extend(each(&cx, member(SOURCE, "alexa", spec.alexa()), &[sources::alexa::alexa]));
    problems.extend(each(&cx, cx.basic(), &[stores::basic]));
    problems.extend(each(&cx, cx.kinesis(), &[stores::kinesis]));
    problems.extend(each(&cx, cx.table_changes(), &[changes::table]));
    problems.extend(each(&cx, cx.fed_queue(), &[queue::queue]));
    problems.extend(each(&cx, cx.target(), &[stores::table, indexes::table]));
    problems.extend(each(&cx, cx.queue(), &[stores::queue]));
    problems.extend(each(&cx, cx.function(), FUNCTION));
    problems.extend(each(&cx, cx.network(), &[network::network]));
    problems.retain(|problem| cx.sound(&problem.path));
    problems
}
