//! Files that the spec names: the handler and the bodies' schemas, none of them outside the git root.

use super::function::BUNDLED;
use super::managed;
use super::model;
use super::{At, Cx};
use crate::resource::is_open;
use crate::spec::wording::{list, nearest, short};
use crate::spec::{Api, Body, Function, Handler, Problem, Spec};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// Bytes of a model of API Gateway.
const MODEL: u64 = 400 * 1024;

/// Bytes of a mapping template
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const TEMPLATE: u64 = 300_000;

/// Returns the path that a spec in the folder `root` means, with every link followed where it exists.
///
/// # Errors
/// The path leads out of the git root, or out of the spec's folder where there is no repository.
pub(crate) fn contained(root: &Path, path: &str) -> Result<PathBuf, String> {
    let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let folder = root.canonicalize().map_err(|error| format!("failed to read the spec's folder: {error}"))?;
    let repository = folder.ancestors().find(|ancestor| ancestor.join(".git").exists());
    let joined = folder.join(path);
    let target = joined.canonicalize().unwrap_or_else(|_| flat(&joined));
    let (limit, what) = match repository {
        Some(repository) => (repository, "the git root"),
        None => (folder.as_path(), "the spec's folder, which is in no git repository"),
    };
    if target.starts_with(limit) { Ok(target) } else { Err(format!("`{}` is outside of {what}", short(path))) }
}

/// Takes `.` and `..` out of a path that does not exist.
fn flat(path: &Path) -> PathBuf {
    let mut flat = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(flat.pop()),
            other => flat.push(other),
        }
    }
    flat
}

/// The files that routes name, each read once: what is in it, or why API Gateway would not take it.
pub(in crate::spec) struct Files {
    pub schemas: BTreeMap<PathBuf, Result<Value, Problem>>,
    pub templates: BTreeMap<PathBuf, Result<String, Problem>>,
}

impl Files {
    /// Reads the files that the spec names.
    pub(in crate::spec) fn of(spec: &Spec, root: &Path) -> Self {
        let schemas = spec.schemas().map(|file| (file.to_owned(), schema(root, &file.to_string_lossy())));
        let templates = spec.templates().map(|file| (file.to_owned(), template(root, &file.to_string_lossy())));
        Self { schemas: schemas.collect(), templates: templates.collect() }
    }

    /// What could be read.
    pub(in crate::spec) fn read(self) -> (BTreeMap<PathBuf, Value>, BTreeMap<PathBuf, String>) {
        let schemas = self.schemas.into_iter().filter_map(|(file, schema)| Some((file, schema.ok()?)));
        let templates = self.templates.into_iter().filter_map(|(file, template)| Some((file, template.ok()?)));
        (schemas.collect(), templates.collect())
    }
}

/// Every schema of a body can be read.
pub(super) fn bodies(cx: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let problem = |(index, route): (usize, &crate::spec::Route)| {
        let Body::Schema(file) = route.body() else { return None };
        let problem = cx.files.schemas.get(file)?.as_ref().err()?;
        Some(Problem { path: api.at(&format!("routes/{index}/body/schema")), ..problem.clone() })
    };
    api.routes.iter().enumerate().filter_map(problem).collect()
}

/// The handler is bundled, or can be found.
pub(super) fn handler(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let dev = function.dev.as_ref().map(|dev| ("dev/handler", &dev.handler));
    let own = function.handler.as_ref().map(|handler| ("handler", handler));
    let problems = |(key, handler): (&str, &Handler)| match handler {
        Handler::Named(name) => not_found(cx, name, &function.at(key)).into_iter().collect(),
        Handler::Managed(managed) => managed::code(cx, &function.below(key, managed)),
    };
    own.into_iter().chain(dev).flat_map(problems).collect()
}

fn not_found(cx: &Cx<'_>, name: &str, at: &str) -> Option<Problem> {
    if BUNDLED.contains(&name) || !cx.sound(at) {
        return None;
    }
    if name == "authorizer" || name == "jwt-authorizer" {
        let problem = Problem::error(at, "the bundled `authorizer` answers an API, and reads no stream");
        return Some(problem.hint(format!("bundled handlers of a consumer: {}", list(&BUNDLED, "and"))));
    }
    let target = match contained(cx.root, name) {
        Ok(target) => target,
        Err(error) => return Some(Problem::error(at, error).hint("move the handler into the repository")),
    };
    // Other targets of the folder's links are not deployed; a crate's files are cargo's matter.
    let bootstrap = target.join("bootstrap").is_file();
    if bootstrap && let Err(error) = contained(cx.root, &format!("{name}/bootstrap")) {
        return Some(
            Problem::error(at, error).hint("it is a link that leads outside: put the program itself into the folder"),
        );
    }
    let code = bootstrap || target.join("Cargo.toml").is_file();
    let zip = target.is_file() && target.extension().is_some_and(|extension| extension == "zip");
    if code || zip {
        return None;
    }
    if target.exists() {
        let message = format!("`{}` is not a crate (`Cargo.toml`), a folder with `bootstrap` or a zip", short(name));
        return Some(Problem::error(at, message).hint(match managed::guess(&target) {
            Some(form) => format!("for code of a runtime of AWS: `handler: {{ path: {}, {form} }}`", short(name)),
            None => "name one of the three".to_owned(),
        }));
    }
    Some(nowhere(name, at))
}

/// Says what the handler may be, when there is nothing of its name.
fn nowhere(name: &str, at: &str) -> Problem {
    if name.contains('/') || name.ends_with(".zip") {
        let problem = Problem::error(at, format!("there is no file or folder `{}`", short(name)));
        return problem.hint("the path starts at the spec's folder");
    }
    let problem = Problem::error(at, format!("there is no bundled handler `{}`, and no file or folder", short(name)));
    match nearest(name, &BUNDLED) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(format!("bundled: {}; or the path of a crate, a folder or a zip", list(&BUNDLED, "and"))),
    }
}

/// Reads a file. The problem has no path: several routes may name the file.
fn content(root: &Path, file: &str, what: &str, most: u64) -> Result<Vec<u8>, Problem> {
    let shown = short(file);
    let problem = |message: String| Problem::error("", message);
    let target = contained(root, file).map_err(|error| problem(error).hint("move the file into the repository"))?;
    let about = std::fs::metadata(&target).ok().filter(std::fs::Metadata::is_file);
    let size = about
        .map(|about| about.len())
        .ok_or_else(|| problem(format!("there is no file `{shown}`")).hint("the path starts at the spec's folder"))?;
    if size > most {
        return Err(problem(format!("`{shown}` has {size} bytes, but a {what} of API Gateway at most {most}")));
    }
    std::fs::read(&target).map_err(|error| problem(format!("failed to read `{shown}`: {error}")))
}

/// Reads a template.
fn template(root: &Path, file: &str) -> Result<String, Problem> {
    let read = content(root, file, "template", TEMPLATE)?;
    String::from_utf8(read).map_err(|_| Problem::error("", format!("`{}` is not UTF-8", short(file))))
}

/// Reads a schema of a body.
fn schema(root: &Path, file: &str) -> Result<Value, Problem> {
    let shown = short(file);
    let problem = |message: String| Problem::error("", message);
    let content = content(root, file, "model", MODEL)?;
    let reason = match serde_json::from_slice::<Value>(&content) {
        Ok(value) if is_open(&value) => "a text in it holds the character U+FDD0".to_owned(),
        Ok(schema @ Value::Object(_)) => match model::refused(&schema) {
            Some(reason) => reason,
            None => return Ok(schema),
        },
        Ok(_) => "it is not a JSON object".to_owned(),
        Err(error) => return Err(no_json(file, &content, &error)),
    };
    let problem = problem(format!("`{shown}` is not a JSON schema of draft 4: {reason}"));
    Err(problem.hint("API Gateway takes no other draft for the body of a request"))
}

/// Says where a file stops being JSON.
fn no_json(file: &str, content: &[u8], error: &serde_json::Error) -> Problem {
    let (file, line) = (short(file), error.line());
    match content.trim_ascii().is_empty() {
        true => Problem::error("", format!("`{file}` is empty, and a JSON schema is a JSON object"))
            .hint("it needs at least `{}`"),
        false if error.is_eof() => {
            Problem::error("", format!("`{file}` is cut off: it ends in line {line}, within its JSON"))
                .hint("write the file again, whole")
        }
        false => Problem::error("", format!("`{file}` is not JSON: {error}"))
            .hint("a schema is one JSON object, without comments"),
    }
}
