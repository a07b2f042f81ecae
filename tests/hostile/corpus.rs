//! The kept corpus: every file of it is run each time.

use std::fs;

use crate::mutate::{Text, scalar_text};
use crate::walk::{in_time, repository, walk, why_not};
use crate::{graph, routes};
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
