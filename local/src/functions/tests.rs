//! What needs no process: names, documents, lines, batches, zips.

mod callers;

use std::fs::{self, Permissions};
use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use sha2::{Digest, Sha256};
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

/// A zip with one file that others may write.
fn zip(name: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(name, SimpleFileOptions::default().unix_permissions(0o777)).unwrap();
    writer.write_all(b"x").unwrap();
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_zip_that_leaves_its_folder_is_refused() {
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().join("inner").join("code");
    for name in ["../outside", "a/../../outside"] {
        let refused = code::unpack(&zip(name), &folder).unwrap_err();
        assert!(refused.contains("leaves the folder"), "{name}: {refused}");
    }
    assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0, "nothing is written");
    for _ in 0..2 {
        code::unpack(&zip("/a/inside"), &folder).unwrap();
        assert!(folder.join("code/a/inside").is_file(), "a path from the root is one from the folder");
    }
    assert_eq!(fs::read_dir(folder.parent().unwrap()).unwrap().count(), 1);
}

/// A user who can write to a shared cache could have code run there.
#[test]
fn code_that_is_not_its_zips_is_not_whole_and_is_made_anew() {
    let cache = tempfile::tempdir().unwrap();
    let (zip, folder) = (zip("bootstrap"), cache.path().join("code"));
    let whole = || code::whole::is_whole(&folder, &Sha256::digest(&zip));
    let bootstrap = folder.join("code/bootstrap");
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let spoil: [&dyn Fn(); 7] = [
        &|| fs::remove_dir_all(&folder).unwrap(),
        &|| fs::write(&bootstrap, "y").unwrap(),
        &|| fs::write(folder.join("code/libc.so.6"), "y").unwrap(),
        &|| fs::write(folder.join("code.zip"), "y").unwrap(),
        &|| mode(&bootstrap, 0o777),
        &|| mode(&folder.join("code"), 0o770),
        &|| {
            fs::rename(&bootstrap, cache.path().join("x")).unwrap();
            std::os::unix::fs::symlink(cache.path().join("x"), &bootstrap).unwrap();
        },
    ];
    for (number, spoil) in spoil.iter().enumerate() {
        code::unpack(&zip, &folder).unwrap();
        assert!(whole(), "made anew after {number}");
        spoil();
        assert!(!whole(), "{number}");
    }
    assert!(!code::whole::is_whole(&cache.path().join("x"), &Sha256::digest(&zip)));
}

#[test]
fn the_cache_is_closed_for_others() {
    let cache = tempfile::tempdir().unwrap();
    fs::set_permissions(cache.path(), Permissions::from_mode(0o777)).unwrap();
    code::whole::close(cache.path()).unwrap();
    assert_eq!(fs::metadata(cache.path()).unwrap().permissions().mode() & 0o777, 0o700);
}
