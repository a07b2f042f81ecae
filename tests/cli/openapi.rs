//! `pipe openapi`, offline: what it prints for the repository's own files, judged by another implementation of OpenAPI's rules.

use std::io::Write as _;
use std::process::{Command, Stdio};

use pipe_test_support::python;
use serde_json::{Value, json};

use crate::help::run;
use crate::site::root;

/// Takes a line for each document: as YAML and as JSON. A reader of YAML 1.1 must find the same in both.
const JUDGE: &str = r#"
import json, sys, yaml
from openapi_spec_validator import OpenAPIV30SpecValidator
judged = 0
for line in sys.stdin.buffer.read().split(b"\n"):
    if line:
        case = json.loads(line)
        document = yaml.safe_load(case["yaml"])
        assert document == case["json"], case["file"]
        errors = [error.message for error in OpenAPIV30SpecValidator(document).iter_errors()]
        assert not errors, (case["file"], errors)
        judged += 1
print(judged)
"#;

#[test]
fn every_document_is_openapi_to_another_implementation() {
    let mut lines = Vec::new();
    for folder in ["", "examples", "tests/specs/good"] {
        let files = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        for file in files.filter(|file| file.extension().is_some_and(|ending| ending == "yaml")) {
            let file = file.to_str().unwrap();
            let (code, yaml, err) = run(&["openapi", file]);
            if code != Some(0) {
                assert!(code == Some(1) && err.contains("the spec has no API to describe"), "{file}: {err}");
                continue;
            }
            let (_, json, _) = run(&["openapi", file, "--format", "json"]);
            let document: Value = serde_json::from_str(&json).unwrap();
            let (_, line, _) = run(&["openapi", file, "--json"]);
            assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["document"], document, "{file}");
            assert_eq!(run(&["openapi", file]).1, yaml, "{file}: the same spec, another text");
            lines.push(json!({ "file": file, "yaml": yaml, "json": document }).to_string());
        }
    }
    assert!(lines.len() >= 6, "{}", lines.len());
    let mut judge = Command::new(python());
    judge.args(["-c", JUDGE]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut judge = judge.spawn().unwrap();
    judge.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let judged = judge.wait_with_output().unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    assert_eq!(String::from_utf8_lossy(&judged.stdout).trim(), lines.len().to_string());
}
