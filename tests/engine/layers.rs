//! Who may know whom: what ARCHITECTURE.md says of the modules, held over the paths in their source.

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

/// The files of a module, without those of its tests.
fn files(source: &Path, module: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        Some(source.join(format!("{module}.rs"))).into_iter().filter(|file| file.is_file()).collect();
    let mut folders = vec![source.join(module)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let tests = entry.file_stem().is_some_and(|name| name == "tests" || name == "mocked");
            match entry.is_dir() {
                _ if tests => {}
                true => folders.push(entry),
                false => found.push(entry),
            }
        }
    }
    found
}
