//! `pipe init`: writes a commented spec to begin with, and never over what is there.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::{InitArgs, Pattern, exit};
use crate::commands::Outcome;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::term::Shell;

/// The files of a pattern: the spec first, the others in their places beside it.
type Files = &'static [(&'static str, &'static str)];

/// Runs the command.
pub fn run(shell: Shell, args: &InitArgs) -> Outcome {
    let spec = &args.spec.file;
    // Before anything is asked.
    free(spec)?;
    let pattern = match args.pattern {
        Some(pattern) => pattern,
        None => asked(shell)?,
    };
    let folder = spec.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let files: Vec<(PathBuf, String)> = files(pattern)
        .iter()
        .enumerate()
        .map(|(at, (name, text))| match at {
            0 => (spec.clone(), headed(text)),
            _ => (folder.join(name), (*text).to_owned()),
        })
        .collect();
    files.iter().try_for_each(|(path, _)| free(path))?;
    files.iter().try_for_each(|(path, text)| write(path, text))?;
    let written: Vec<String> = files.iter().map(|(path, _)| path.display().to_string()).collect();
    shell.out(&format!("wrote {}\n", written.join(", ")));
    shell.out(&format!(
        "`pipe validate {file}` checks it, `pipe dev {file}` runs it on this machine, `pipe apply {file}` on AWS\n",
        file = spec.display()
    ));
    shell.line(&Event::Written { files: written });
    Ok(exit::OK)
}

/// What the user chooses.
fn asked(shell: Shell) -> Result<Pattern> {
    let known = Pattern::value_variants().iter().filter_map(|pattern| Some((*pattern, pattern.to_possible_value()?)));
    let known: Vec<(Pattern, clap::builder::PossibleValue)> = known.collect();
    let names: Vec<&str> = known.iter().map(|(_, value)| value.get_name()).collect();
    let lines = known.iter().enumerate().map(|(at, (_, value))| {
        format!(
            "  {} {:<18} {}\n",
            at + 1,
            value.get_name(),
            value.get_help().map(ToString::to_string).unwrap_or_default()
        )
    });
    let question = format!("What is the pipeline like?\n{}Number or name: ", lines.collect::<String>());
    let hint = format!("pass --pattern {}", names.join("|"));
    let answer = shell.ask(&question);
    let answer = answer
        .ok_or_else(|| Error::fatal("no pattern is given, and there is no terminal to ask on").hint(hint.clone()))?;
    let chosen = known
        .iter()
        .enumerate()
        .find(|(at, (_, value))| value.get_name() == answer || answer.parse::<usize>() == Ok(at + 1));
    let chosen = chosen.map(|(_, (pattern, _))| *pattern);
    chosen.ok_or_else(|| Error::fatal(format!("there is no pattern `{answer}`")).hint(hint))
}

/// Fails if something has this name, even a link that leads nowhere.
fn free(path: &Path) -> Result<()> {
    match path.symlink_metadata() {
        Ok(_) => Err(taken(path)),
        Err(_) => Ok(()),
    }
}

fn taken(path: &Path) -> Error {
    Error::fatal(format!("`{}` exists already, and is never overwritten", path.display()))
        .hint("name another file, as in `pipe init other.yaml`, or move this one away")
}

/// Writes a new file, in folders that are made for it.
fn write(path: &Path, text: &str) -> Result<()> {
    let written = || {
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
    };
    written().map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => taken(path),
        _ => Error::fatal(format!("failed to write `{}`: {error}", path.display()))
            .hint("can this folder be written to, and is there room?"),
    })
}

/// The spec with what editors need to find its schema, and where the rest is documented.
fn headed(text: &str) -> String {
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    format!(
        "# Editors complete and check this file once you run: pipe schema > pipeline.schema.json\n\
         # yaml-language-server: $schema=pipeline.schema.json\n{rest}"
    )
}

/// The spec of an example.
macro_rules! spec_of {
    ($name:literal) => {
        ("", include_str!(concat!("../../../examples/", $name, ".yaml")))
    };
}

/// What lies beside it.
macro_rules! beside {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../examples/", $name)))
    };
}

fn files(pattern: Pattern) -> Files {
    match pattern {
        Pattern::Main => &[("", include_str!("init/main.yaml"))],
        Pattern::ExistingResources => &[spec_of!("existing-resources")],
        Pattern::OpenApi => &[spec_of!("open-api")],
        Pattern::StreamToTable => &[spec_of!("stream-to-table")],
        Pattern::Queue => &[spec_of!("queue")],
        Pattern::Private => &[spec_of!("private")],
        Pattern::TableChanges => &[spec_of!("table-changes")],
        Pattern::ApiToTable => &[spec_of!("api-to-table"), beside!("api-to-table/person.schema.json")],
        Pattern::EveryTableAction => &[
            spec_of!("every-table-action"),
            beside!("api-to-table/person.schema.json"),
            beside!("api-to-table/changes.schema.json"),
        ],
        Pattern::OwnHandler => {
            &[spec_of!("own-handler"), beside!("own-handler/Cargo.toml"), beside!("own-handler/src/main.rs")]
        }
        Pattern::PythonHandler => &[spec_of!("python-handler"), beside!("python-handler/app.py")],
        Pattern::ChangesToSearch => &[
            spec_of!("changes-to-search"),
            beside!("changes-to-search/Cargo.toml"),
            beside!("changes-to-search/src/main.rs"),
            beside!("changes-to-search/src/bulk.rs"),
            beside!("changes-to-search/src/change.rs"),
            beside!("changes-to-search/src/search.rs"),
            beside!("changes-to-search/src/version.rs"),
            beside!("changes-to-search/src/tests.rs"),
            beside!("changes-to-search/src/tests/fake.rs"),
        ],
        Pattern::Topic => &[spec_of!("topic")],
        Pattern::Bucket => &[spec_of!("bucket"), beside!("bucket/app.py")],
        Pattern::BucketToQueue => &[spec_of!("bucket-to-queue"), beside!("bucket-to-queue/app.py")],
        Pattern::Schedule => &[spec_of!("schedule")],
        Pattern::Events => &[spec_of!("events")],
        Pattern::EventsToStream => &[spec_of!("events-to-stream")],
        Pattern::Logs => &[spec_of!("logs"), beside!("logs/app.py")],
        Pattern::Iot => &[spec_of!("iot")],
        Pattern::Alexa => &[spec_of!("alexa"), beside!("alexa/app.py")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::FileArgs;
    use crate::commands::Stop;
    use crate::spec::{self, Loaded};

    fn init(file: &Path, pattern: Pattern) -> Outcome {
        let args = InitArgs { spec: FileArgs { file: file.to_owned() }, pattern: Some(pattern) };
        run(Shell { json: true, full: false }, &args)
    }

    fn load(file: &Path) -> Loaded {
        spec::load(file).unwrap_or_else(|report| panic!("{report}"))
    }

    #[test]
    fn what_every_pattern_writes_is_valid_and_commented() {
        for pattern in Pattern::value_variants() {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("new/pipeline.yaml");
            init(&file, *pattern).unwrap();
            let warnings = load(&file).notes.without_notes();
            assert!(warnings.problems.is_empty(), "{warnings}");
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.matches("# ").count() >= 5, "{text}");
            assert!(!text.contains("../schema"), "there is no such file: {text}");
        }
    }

    #[test]
    fn the_main_pattern_is_the_worked_example() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pipeline.yaml");
        init(&file, Pattern::Main).unwrap();
        assert_eq!(load(&file).spec, load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipeline.yaml")).spec);
    }

    #[test]
    fn every_example_is_a_pattern() {
        let names: Vec<String> =
            Pattern::value_variants().iter().map(|it| it.to_possible_value().unwrap().get_name().to_owned()).collect();
        let examples = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")).unwrap();
        for path in examples.map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                assert!(names.contains(&name), "{name}");
            }
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pipeline.yaml");
        std::fs::write(&file, "mine").unwrap();
        let Err(Stop::Errors(errors)) = init(&file, Pattern::Main) else { panic!("it was overwritten") };
        assert!(errors[0].message().contains("exists already, and is never overwritten"), "{errors:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
        // A crate of the same name stays too, and no half of the pattern is written beside it.
        let other = folder.path().join("other.yaml");
        std::fs::create_dir_all(folder.path().join("own-handler/src")).unwrap();
        std::fs::write(folder.path().join("own-handler/src/main.rs"), "mine").unwrap();
        assert!(init(&other, Pattern::OwnHandler).is_err() && !other.exists());
        assert!(!folder.path().join("own-handler/Cargo.toml").exists());
    }
}
