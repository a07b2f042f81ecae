//! The user's own handlers, without an account: validate reports what apply will refuse, and a build says how long it takes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::help::{offline, run};

const SPEC: &str =
    "name: own\nstream: { kinesis: {} }\nconsumer: { function: { handler: ./own } }\ndlq: { queue: {} }\n";

fn write(path: &Path, text: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A program for x86_64 that asks for a loader that Lambda does not have: a header and one segment.
fn unfit() -> Vec<u8> {
    let loader = b"/lib/ld-musl-x86_64.so.1\0";
    let mut program = vec![0; 120];
    program[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    for (offset, value) in [(16, 3), (18, 62), (20, 1), (32, 64), (52, 64), (54, 56), (56, 1), (64, 3), (72, 120)] {
        program[offset] = value;
    }
    program[96] = u8::try_from(loader.len()).unwrap();
    program.extend(loader);
    program
}

#[test]
fn validate_warns_of_a_bootstrap_that_apply_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("pipeline.yaml");
    write(&spec, SPEC);
    for (bootstrap, text) in [(unfit(), "needs the loader"), (b"no program".to_vec(), "does not run on Lambda")] {
        write(&folder.path().join("own/bootstrap"), bootstrap);
        let (code, out, err) = run(&["validate", spec.to_str().unwrap()]);
        assert_eq!(code, Some(0), "{out}{err}");
        assert!(err.contains("warning") && err.contains(text) && err.contains("3:34"), "{err}");
        let (_, _, refused) = run(&["diff", spec.to_str().unwrap()]);
        assert!(refused.contains(text), "{refused}");
        let (_, out, _) = run(&["validate", "--json", spec.to_str().unwrap()]);
        assert!(out.lines().count() == 1 && out.contains(text), "{out}");
    }
}

/// The build waits until the test, having seen the report, writes a file, so that no clock matters.
#[test]
fn a_build_that_takes_a_while_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (spec, go) = (folder.path().join("pipeline.yaml"), folder.path().join("go"));
    write(&spec, SPEC);
    write(
        &folder.path().join("own/Cargo.toml"),
        "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    write(&folder.path().join("own/src/main.rs"), "fn main() {}");
    let rest = "std::thread::sleep(std::time::Duration::from_millis(50))";
    let wait = format!("fn main() {{ while !std::path::Path::new({go:?}).exists() {{ {rest} }} }}");
    write(&folder.path().join("own/build.rs"), wait);
    let mut diff = offline();
    let kept = ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME"];
    diff.envs(kept.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    let mut diff =
        diff.args(["diff", spec.to_str().unwrap()]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(diff.stderr.take().unwrap()).lines().map_while(Result::ok);
    let told = lines.find(|line| line.starts_with("building `./own` ... "));
    write(&go, "");
    assert!(told.is_some_and(|line| line.ends_with(" s")), "it ended without a word");
    let rest: Vec<String> = lines.collect();
    diff.wait().unwrap();
    assert!(rest.iter().any(|line| line.contains("region")), "then it goes on: {rest:?}");
}
