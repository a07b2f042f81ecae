//! Who may know whom: what ARCHITECTURE.md says of the modules, held over the paths in their source.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// A module or several, and what none of them may name. Their tests may.
const NEVERS: &[(&[&str], &[&str])] = &[
    (&["kinds"], &["crate::lower", "crate::spec", "crate::plan"]),
    (&["plan", "graph", "live", "apply"], &["crate::kinds"]),
    (&["aws"], &["crate::resource", "crate::owner"]),
    (&["error"], &["pipe_local"]),
];

#[test]
fn no_module_names_what_it_must_not_know() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (modules, nevers) in NEVERS {
        let of = |module: &&str| {
            let files = files(&source, module);
            assert!(!files.is_empty(), "`{module}` is no module any more");
            files
        };
        for file in modules.iter().flat_map(of) {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            // `use crate::{kinds, plan}` is the same as a path for each.
            assert!(!code.contains("crate::{"), "{}: one path for each module, please", file.display());
            for never in *nevers {
                assert!(!code.contains(never), "{} must not know `{never}`", file.display());
            }
        }
    }
}

/// Comments point into `docs/aws.md` by anchor.
#[test]
fn every_anchor_that_a_comment_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let facts = fs::read_to_string(root.join("docs/aws.md")).unwrap();
    let sources = ["engine/src", "local/src", "handlers/src", "tests/support"].map(|folder| below(root.join(folder)));
    let mut named = 0;
    for file in sources.into_iter().flatten().filter(|file| file.extension().is_some_and(|ending| ending == "rs")) {
        let text = fs::read_to_string(&file).unwrap();
        for rest in text.split("`docs/aws.md#").skip(1) {
            let anchor = rest.split('`').next().unwrap_or_default();
            assert!(facts.contains(&format!("<a id=\"{anchor}\">")), "{}: no anchor `{anchor}`", file.display());
            named += 1;
        }
    }
    assert!(named > 0, "no comment names a fact any more");
}

/// The files of a module, without those of its tests.
fn files(source: &Path, module: &str) -> Vec<PathBuf> {
    let own = Some(source.join(format!("{module}.rs"))).into_iter().filter(|file| file.is_file());
    let tests = |file: &PathBuf| {
        let name = |part: &OsStr| part == "tests" || part == "tests.rs" || part == "mocked.rs";
        file.strip_prefix(source).is_ok_and(|path| path.iter().any(name))
    };
    own.chain(below(source.join(module))).filter(|file| !tests(file)).collect()
}

/// All files of a folder and below it.
fn below(folder: PathBuf) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            match entry.is_dir() {
                true => folders.push(entry),
                false => found.push(entry),
            }
        }
    }
    found
}
