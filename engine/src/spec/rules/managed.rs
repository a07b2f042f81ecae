//! Rules of code for AWS's runtimes: it is there, it has what its entry names, and AWS still takes its runtime.

use super::contained;
use super::{At, Cx};
use crate::spec::wording::{list, nearest, short};
use crate::spec::{Language, Managed, Problem};
use serde_json::Value;
use std::path::Path;

/// Where AWS's runtime for Node has what `package.json` need not bring.
const OF_THE_RUNTIME: &str = "@aws-sdk/";

/// The code can be found, with what the runtime calls in it.
pub(super) fn code(cx: &Cx<'_>, managed: &At<'_, Managed>) -> Vec<Problem> {
    let (at, path) = (managed.at("path"), &managed.it.path);
    let mut problems: Vec<Problem> = runtime(managed).into_iter().collect();
    if !cx.sound(&managed.path) || !cx.sound(&at) || !cx.sound(&managed.at("runtime")) {
        return problems;
    }
    let target = match contained(cx.root, path) {
        Ok(target) => target,
        Err(error) => {
            problems.push(Problem::error(at, error).hint("move the code into the repository"));
            return problems;
        }
    };
    let files = match managed.files() {
        Ok(files) => files,
        Err(form) => {
            let message = format!("`{}` is not what this runtime calls", short(&managed.entry));
            problems.push(Problem::error(managed.at("entry"), message).hint(form));
            return problems;
        }
    };
    problems.extend(match target.is_dir() {
        true => within(managed, &target, &files),
        false => alone(managed, &target, at),
    });
    problems
}

/// A folder has the file of the entry, and its dependencies.
fn within(managed: &At<'_, Managed>, folder: &Path, files: &[String]) -> Option<Problem> {
    if files.is_empty() || files.iter().any(|file| folder.join(file).is_file()) {
        return unmet(managed, folder);
    }
    let message = format!("`{}` is not in `{}`", files[0], short(&managed.it.path));
    let problem = Problem::error(managed.at("entry"), message);
    let typed = Path::new(&files[0]).with_extension("ts");
    if managed.runtime.language() == Language::Node && folder.join(&typed).is_file() {
        let hint = format!("`{}` is: compile it, and name the folder of what is compiled", typed.display());
        return Some(problem.hint(hint));
    }
    let there = modules(folder, managed.runtime.language());
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    Some(match nearest(&files[0], &there) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None if there.is_empty() => problem.hint("no file in it is code of this runtime"),
        None => problem.hint(format!("it has {}", list(&there[..there.len().min(5)], "and"))),
    })
}

/// Something else than a folder is a zip.
fn alone(managed: &At<'_, Managed>, target: &Path, at: String) -> Option<Problem> {
    let (name, end) = (short(&managed.it.path), target.extension().unwrap_or_default());
    if !target.exists() {
        let problem = Problem::error(at, format!("there is no file or folder `{name}`"));
        return Some(problem.hint("the path starts at the spec's folder"));
    }
    let jar = end == "jar" && managed.runtime.name().starts_with("java");
    (end != "zip" && !jar).then(|| {
        let problem = Problem::error(at, format!("`{name}` is neither a folder nor a zip"));
        problem.hint("name the folder that it is in; `entry` says the file")
    })
}

/// AWS ends the support of runtimes, and some months later takes no new functions and no changes of old ones.
fn runtime(managed: &At<'_, Managed>) -> Option<Problem> {
    let (ends, next) = managed.runtime.ends()?;
    let message = format!(
        "AWS supports `{}` until {ends}, and takes neither new functions nor changes of it some months later",
        managed.runtime.name()
    );
    Some(Problem::warning(managed.at("runtime"), message).hint(format!("`runtime: {}`", next.name())))
}

/// Dependencies that are named and not installed in the folder: only what is in it is there on Lambda.
fn unmet(managed: &At<'_, Managed>, folder: &Path) -> Option<Problem> {
    let name = short(&managed.it.path);
    let (file, install) = match managed.runtime.language() {
        Language::Python if lacks_packages(folder) => {
            ("requirements.txt", format!("`pip install -r {name}/requirements.txt -t {name}`"))
        }
        Language::Node if lacks_modules(folder) => ("package.json", format!("`npm install --omit=dev` in `{name}`")),
        _ => return None,
    };
    let message =
        format!("`{name}/{file}` names packages, and none is installed in `{name}`: the function would not find them");
    Some(Problem::warning(managed.at("path"), message).hint(install))
}

fn lacks_packages(folder: &Path) -> bool {
    let text = std::fs::read_to_string(folder.join("requirements.txt")).unwrap_or_default();
    let of_the_runtime = |line: &str| ["boto3", "botocore"].iter().any(|name| line.starts_with(name));
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with(|first: char| first.is_alphanumeric()));
    lines.filter(|line| !of_the_runtime(line)).count() > 0 && !holds(folder, |name| name.ends_with(".dist-info"))
}

fn lacks_modules(folder: &Path) -> bool {
    let text = std::fs::read(folder.join("package.json")).unwrap_or_default();
    let package: Value = serde_json::from_slice(&text).unwrap_or_default();
    let named = package["dependencies"].as_object().into_iter().flat_map(|all| all.keys());
    named.filter(|name| !name.starts_with(OF_THE_RUNTIME)).count() > 0 && !folder.join("node_modules").is_dir()
}

/// What `handler` is to say of a folder that looks like code for a runtime.
pub(super) fn guess(folder: &Path) -> Option<String> {
    let form = |language, runtime: &str| {
        let file = modules(folder, language).into_iter().next()?;
        Some(format!("runtime: {runtime}, entry: {}.handler", file.split('.').next()?))
    };
    form(Language::Python, "python3.13").or_else(|| form(Language::Node, "nodejs24.x"))
}

/// The files in the folder that can be a module, sorted.
fn modules(folder: &Path, language: Language) -> Vec<String> {
    let ends: &[&str] = match language {
        Language::Python => &["py"],
        Language::Node => &["js", "mjs", "cjs"],
        Language::Other => &[],
    };
    let mut found: Vec<String> = names(folder)
        .filter(|name| Path::new(name).extension().is_some_and(|end| ends.iter().any(|one| end == *one)))
        .collect();
    found.sort();
    found
}

fn holds(folder: &Path, is: impl Fn(&str) -> bool) -> bool {
    names(folder).any(|name| is(&name))
}

fn names(folder: &Path) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}
