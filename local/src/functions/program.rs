//! What is started for a function: its own program, or a loader in the language of its runtime.
//!
//! The loaders are handed to the interpreter as text, so that no file of theirs lies where others could write.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::definition::Definition;
use super::failure::{Exit, Failure};
use super::{Settings, boto3};
use crate::event::Event;

const PYTHON: &str = include_str!("loaders/python.py");
const NODE: &str = include_str!("loaders/node.mjs");
/// How long an interpreter may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);
/// What an interpreter that is asked for its version gets of this process's environment: what finds programs, as the version managers
/// of both languages read it.
const KEPT: [&str; 10] = [
    "PATH",
    "HOME",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "NVM_DIR",
    "VOLTA_HOME",
    "ASDF_DIR",
    "ASDF_DATA_DIR",
];

/// A command, and the variables that its runtime has beside those of all.
pub(super) struct Program {
    pub words: Vec<OsString>,
    pub variables: Vec<(String, String)>,
    /// The file that the code must have, where it is a program.
    bootstrap: Option<PathBuf>,
}

/// The languages that run here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Python,
    Node,
}

/// An interpreter on this machine.
struct Interpreter {
    path: PathBuf,
    /// All of its version, as in `3.13.2`.
    version: String,
}

impl Program {
    /// The program of a function whose code is in `folder`. An interpreter of another version than AWS's is taken, and that is told.
    ///
    /// # Errors
    /// A text that fits "failed to ...": no interpreter, with what to install; a runtime that nothing here can stand for.
    pub async fn of(definition: &Definition, folder: &Path, settings: &Settings) -> Result<Self, String> {
        let (name, runtime) = (&definition.name, definition.runtime.as_str());
        if is_a_program(runtime) {
            let bootstrap = folder.join("bootstrap");
            return Ok(Self {
                words: vec![bootstrap.clone().into()],
                variables: Vec::new(),
                bootstrap: Some(bootstrap),
            });
        }
        let Some((language, wanted)) = language(runtime) else {
            return Err(format!(
                "run the function `{name}` here: its runtime is `{runtime}`, and on this machine only those of Python and Node run, and \
                 programs (`bootstrap`)"
            ));
        };
        let found = language.find(wanted, &std::env::var_os("PATH").unwrap_or_default()).await;
        let found = found.ok_or_else(|| {
            let (says, by) = (language.name(), language.installed_by(wanted));
            format!("run the function `{name}`: there is no {says} on this machine (`{runtime}` on AWS): install {says} {wanted}, {by}")
        })?;
        if !fits(&found.version, wanted) {
            let (says, version, path) = (language.name(), &found.version, found.path.display());
            let message =
                format!("the function `{name}` has {says} {wanted} on AWS, and {says} {version} here (`{path}`)");
            let _ = settings.events.send(Event::Warning { message });
        }
        let more = match language {
            Language::Python => boto3::modules(settings, folder, &found.path.clone().into()).await,
            Language::Node => None,
        };
        let words = language.words(&found.path, definition.memory_mb);
        Ok(Self { words, variables: language.variables(folder, more.as_deref(), definition), bootstrap: None })
    }

    /// A failure of its start, as Lambda has it: code without the program is no entry at all.
    pub fn why(&self, failure: Failure) -> Failure {
        match (&failure, &self.bootstrap) {
            (Failure::Exited(Exit::NotStarted(_)), Some(bootstrap)) if !bootstrap.exists() => Failure::NoBootstrap,
            _ => failure,
        }
    }
}

/// Whether the code brings the program that speaks the Runtime API itself.
fn is_a_program(runtime: &str) -> bool {
    runtime.is_empty() || runtime.starts_with("provided")
}

/// The language of one of AWS's runtimes, and its version: `3.13` of `python3.13`, `22` of `nodejs22.x`.
fn language(runtime: &str) -> Option<(Language, &str)> {
    let python = runtime.strip_prefix("python").map(|version| (Language::Python, version));
    python.or_else(|| Some((Language::Node, runtime.strip_prefix("nodejs")?.trim_end_matches(".x"))))
}

/// Whether `3.13.2` is a `3.13`.
fn fits(version: &str, wanted: &str) -> bool {
    version.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Language {
    fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Node => "Node.js",
        }
    }

    fn installed_by(self, wanted: &str) -> String {
        match self {
            Self::Python => format!("for example by `uv python install {wanted}` or your system's packages"),
            Self::Node => format!("for example by `nvm install {wanted}` or from https://nodejs.org"),
        }
    }

    /// The interpreter of this version, else the usual one.
    async fn find(self, wanted: &str, search_path: &OsStr) -> Option<Interpreter> {
        let mut usual = None;
        let names = match self {
            Self::Python => vec![format!("python{wanted}"), "python3".to_owned(), "python".to_owned()],
            Self::Node => vec![format!("node{wanted}"), "node".to_owned(), "nodejs".to_owned()],
        };
        for name in names {
            let Some(path) =
                std::env::split_paths(search_path).map(|folder| folder.join(&name)).find(|path| runs(path))
            else {
                continue;
            };
            // What a version manager put there may lead to nothing.
            let Some(found) = self.ask(&path, search_path).await else { continue };
            if fits(&found.version, wanted) {
                return Some(found);
            }
            usual.get_or_insert(found);
        }
        usual
    }

    /// Where the interpreter itself is, and its version: what was found may be a script that chooses one.
    async fn ask(self, path: &Path, search_path: &OsStr) -> Option<Interpreter> {
        let question: &[&str] = match self {
            Self::Python => &[
                "-I",
                "-c",
                "import sys; v = sys.version_info; print(sys.executable); print('%d.%d.%d' % v[:3]) if v[0] > 2 else 0",
            ],
            Self::Node => &["-p", "process.execPath + '\\n' + process.versions.node"],
        };
        let kept = KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut command = Command::new(path);
        command.args(question).env_clear().envs(kept).env("PATH", search_path);
        let asked = command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).output();
        let answer = timeout(PATIENCE, asked).await.ok()?.ok().filter(|answer| answer.status.success())?;
        let text = String::from_utf8(answer.stdout).ok()?;
        let (path, version) = text.trim_end().rsplit_once('\n')?;
        Some(Interpreter { path: path.into(), version: version.to_owned() })
    }

    fn words(self, interpreter: &Path, memory_mb: u32) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec![interpreter.into()];
        match self {
            // It writes nothing beside the code (-B), which would no longer be what was unpacked, nothing late (-u), and has none of
            // the user's own packages (-s).
            Self::Python => words.extend(["-B", "-u", "-s", "-c", PYTHON].map(OsString::from)),
            // As Lambda does, or its heap would grow past the function's memory instead of being cleaned up.
            Self::Node => {
                words.push(format!("--max-old-space-size={}", u64::from(memory_mb) * 9 / 10).into());
                words.extend(["--input-type=module", "-e", NODE].map(OsString::from));
            }
        }
        words
    }

    /// What the runtime sets: where modules are, in `more` too, unless the function sets that itself; and its name.
    fn variables(self, folder: &Path, more: Option<&Path>, definition: &Definition) -> Vec<(String, String)> {
        let root = folder.to_string_lossy();
        let more = more.map(|more| format!(":{}", more.display())).unwrap_or_default();
        let (name, path) = match self {
            Self::Python => ("PYTHONPATH", format!("{root}{more}")),
            Self::Node => ("NODE_PATH", format!("{root}/node_modules")),
        };
        let path = match definition.variables.get(name) {
            Some(own) => format!("{own}{more}"),
            None => path,
        };
        let runtime = format!("AWS_Lambda_{}", definition.runtime);
        vec![(name.to_owned(), path), ("AWS_EXECUTION_ENV".to_owned(), runtime)]
    }
}

fn runs(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn a_runtime_tells_language_and_version() {
        let of = |runtime| language(runtime).map(|(language, version)| (language.name(), version));
        assert_eq!(of("python3.13"), Some(("Python", "3.13")));
        assert_eq!(of("nodejs22.x"), Some(("Node.js", "22")));
        assert_eq!(of("java21"), None);
        assert!(is_a_program("provided.al2023") && !is_a_program("python3.13"));
        assert!(fits("3.13.2", "3.13") && fits("22.20.0", "22") && !fits("3.1.3", "3.13") && !fits("220.1.0", "22"));
    }

    /// Interpreters that say what they are told to say.
    fn interpreters(all: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, says) in all {
            let file = folder.path().join(name);
            fs::write(&file, format!("#!/bin/sh\n{says}\n")).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    async fn found(language: Language, wanted: &str, all: &[(&str, &str)]) -> Option<(String, String)> {
        let folder = interpreters(all);
        let found = language.find(wanted, folder.path().as_os_str()).await?;
        Some((found.path.to_string_lossy().into_owned(), found.version))
    }

    #[tokio::test]
    async fn the_version_of_the_runtime_comes_first_and_what_leads_nowhere_is_passed_over() {
        let old = ("python3", "printf '/usr/old\\n3.11.7\\n'");
        let wanted = ("python3.13", "printf '/usr/new\\n3.13.1\\n'");
        let shim = ("python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127");
        let pair = |path: &str, version: &str| Some((path.to_owned(), version.to_owned()));
        assert_eq!(found(Language::Python, "3.13", &[old, wanted]).await, pair("/usr/new", "3.13.1"));
        assert_eq!(found(Language::Python, "3.13", &[old, shim]).await, pair("/usr/old", "3.11.7"));
        assert_eq!(found(Language::Python, "3.13", &[shim]).await, None);
        let node = ("node", "printf '/opt/node\\n22.20.0\\n'");
        assert_eq!(found(Language::Node, "22", &[node]).await, pair("/opt/node", "22.20.0"));
    }

    #[test]
    fn the_loaders_are_ascii_and_end_with_a_line() {
        for text in [PYTHON, NODE] {
            assert!(text.is_ascii() && text.ends_with('\n'));
        }
    }
}
