//! What needs no process: names, documents, lines, batches, zips.

mod callers;

use std::io::{Cursor, Write};
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::failure::{Exit, Failure};
use super::{code, definition, logs, report};
use crate::batches::batches;

#[test]
fn a_function_may_be_called_function() {
    assert_eq!(definition::name("my-function:$LATEST"), Some("my-function"));
    assert_eq!(definition::name("arn:aws:lambda:eu-west-1:1:function:function"), Some("function"));
    assert_eq!(definition::name("arn:aws:lambda:eu-west-1:1:function:"), None);
    assert_eq!(definition::name("f:7"), None);
}

#[test]
fn documents_are_lambdas() {
    let document = |failure: Failure| failure.document("id", Duration::from_secs(900));
    assert_eq!(
        document(Failure::TimedOut),
        r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: id Error: Task timed out after 900.00 seconds"}"#
    );
    assert_eq!(
        document(Failure::Exited(Exit::NotStarted(8))),
        r#"{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: id Error: fork/exec /var/task/bootstrap: exec format error"}"#
    );
}

#[test]
fn a_moment_has_milliseconds() {
    assert_eq!(report::timestamp(UNIX_EPOCH + Duration::from_millis(1_767_225_600_000)), "2026-01-01T00:00:00.000Z");
    assert_eq!(report::timestamp(UNIX_EPOCH + Duration::from_millis(1_767_225_600_070)), "2026-01-01T00:00:00.070Z");
}

#[test]
fn batches_are_what_one_request_takes() {
    let line = |bytes: usize| InputLogEvent::builder().timestamp(1).message("x".repeat(bytes)).build().unwrap();
    let sizes = |lines: Vec<InputLogEvent>| batches(lines).iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(sizes(vec![line(logs::LINE); 4]), [4], "with 26 bytes each exactly 1 MiB");
    assert_eq!(sizes(vec![line(logs::LINE), line(logs::LINE), line(logs::LINE), line(logs::LINE), line(1)]), [4, 1]);
    assert_eq!(sizes(vec![line(1); 10_001]), [10_000, 1]);
    assert_eq!(sizes(Vec::new()), [0; 0]);
}

#[test]
fn a_zip_that_leaves_its_folder_is_refused() {
    let zip = |name: &str| {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(b"x").unwrap();
        writer.finish().unwrap().into_inner()
    };
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().join("inner").join("code");
    for name in ["../outside", "a/../../outside"] {
        let refused = code::unpack(&zip(name), &folder).unwrap_err();
        assert!(refused.contains("leaves the folder"), "{name}: {refused}");
    }
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 0, "nothing is written");
    for _ in 0..2 {
        code::unpack(&zip("/a/inside"), &folder).unwrap();
        assert!(folder.join("a/inside").is_file(), "a path from the root is one from the folder");
    }
    assert_eq!(std::fs::read_dir(folder.parent().unwrap()).unwrap().count(), 1);
}
