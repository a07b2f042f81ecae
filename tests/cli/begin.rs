//! What newcomers meet: commands of other tools, and a spec to begin with.

use crate::help::run;

#[test]
fn what_is_no_command_is_told_with_the_one_that_was_meant() {
    for (word, meant) in [("deploy", "apply"), ("preview", "diff"), ("vaildate", "validate")] {
        let (code, out, err) = run(&[word]);
        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert!(err.contains(&format!("tip: a similar subcommand exists: '{meant}'")), "{err}");
    }
    let (_, _, err) = run(&["supervize"]);
    assert!(!err.contains("tip:"), "{err}");
}

#[test]
fn a_spec_to_begin_with_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pipeline.yaml").display().to_string();
    let (code, out, err) = run(&["init", &file]);
    assert!(code == Some(1) && out.is_empty() && err.contains("hint: pass --pattern main|"), "{err}");
    let (code, out, err) = run(&["init", &file, "--pattern", "open-api"]);
    assert!(code == Some(0) && out.contains(&format!("wrote {file}\n")), "{err}");
    assert_eq!(run(&["validate", &file]).0, Some(0));
    let (code, _, err) = run(&["init", &file, "--pattern", "main"]);
    assert!(code == Some(1) && err.contains("exists already, and is never overwritten"), "{err}");
}
