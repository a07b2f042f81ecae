//! What a schema cannot say: rules between sections, AWS's limits, files, and warnings.
//!
//! Each rule is a function from [`Cx`] to problems. A rule says nothing about a place that the schema refused already.

mod files;
mod function;
mod limits;
mod model;
mod notes;
mod routes;
mod warnings;
mod wiring;

pub(crate) use files::contained;

use super::Spec;
use super::problem::Problem;
use super::wording::nearest;
use serde_json::Value;
use std::path::Path;

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
}

impl Cx<'_> {
    /// Tells whether the file says something at `path`, be it with a typing mistake in the key.
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

    /// Tells whether each of the values is the file's own, or a default.
    fn all_sound(&self, paths: &[&str]) -> bool {
        paths.iter().all(|path| self.sound(path))
    }
}

/// Returns every error, warning and note of the rules.
pub(super) fn check(spec: &Spec, file: &Value, damaged: &[String], root: &Path) -> Vec<Problem> {
    let cx = Cx { spec, file, damaged, root };
    let rules: [fn(&Cx<'_>) -> Vec<Problem>; 15] = [
        wiring::sections,
        wiring::handler,
        wiring::pairs,
        wiring::names,
        routes::auth,
        routes::keys,
        routes::paths,
        limits::tags,
        limits::existing,
        function::environment,
        function::start,
        function::statements,
        files::all,
        warnings::all,
        notes::all,
    ];
    let problems = rules.iter().flat_map(|rule| rule(&cx));
    problems.filter(|problem| cx.sound(&problem.path)).collect()
}
