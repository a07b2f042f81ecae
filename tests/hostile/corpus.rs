//! The kept corpus: every file of it is run each time.

use std::fs;

use crate::hostile::mutate::{Text, scalar_text};
use crate::hostile::walk::{in_time, repository, root, walk, why_not};
use crate::hostile::{graph, routes};
use pipe::spec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// The files of one folder of the corpus, by name.
pub fn kept(folder: &str) -> Vec<(String, Text)> {
    let files = fs::read_dir(repository().join("tests/hostile/corpus").join(folder)).unwrap();
    let file = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), Text(fs::read(&path).unwrap()))
    };
    let mut files: Vec<(String, Text)> = files.map(|entry| file(entry.unwrap().path())).collect();
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}

#[test]
fn the_kept_specs_are_taken_or_refused_as_their_names_say() {
    let kept = kept("spec");
    assert!(kept.len() >= 20, "only {} specs", kept.len());
    let hostile = scalar_text().new_tree(&mut TestRunner::default()).unwrap().current();
    for (name, Text(bytes)) in kept {
        let hostile = hostile.clone();
        in_time(move || {
            let taken = walk(&bytes);
            let text = String::from_utf8_lossy(&bytes);
            assert_eq!(taken.is_some(), name.starts_with("good_"), "{name}: {}", why_not(&text));
            if let Some(taken) = taken {
                graph::check(&taken);
                routes::check(&taken, &hostile);
            }
        });
    }
}

/// Text behind the blotted values of variables keeps its place: found by `nothing_that_is_allowed_leaves_its_place`.
#[test]
fn places_are_right_behind_values_that_are_not_shown() {
    let head = "name: small\nstream: { kinesis: {} }\ndlq: { queue: {} }\nconsumer: { function: { handler: ./my-handler, environment: ";
    for (environment, line) in [
        ("{ MODE: 'é😀語', MORE: plain }", 4),
        ("{ MODE: 'first\n\n    second 😀\n    third' }", 7),
        ("{ MODE: \"hunter\n    😀😀\" }", 5),
    ] {
        let text = format!("{head}{environment}, memory_mb: 1 }} }}\n");
        let marked = text.lines().nth(line - 1).unwrap();
        let expected = marked[..marked.find(": 1 }").unwrap() + 2].chars().count() + 1;
        let report = spec::parse("pipeline.yaml", text.as_bytes(), &root()).unwrap_err();
        let found = &report.located()[0];
        assert_eq!((found.line, found.column), (Some(line), Some(expected)), "{report}");
        let shown = report.render(false);
        assert!(["é", "😀", "second", "hunter"].iter().all(|value| !shown.contains(value)), "{shown}");
    }
}
