//! Calls that fail in the function, and the documents that Lambda answers.

use std::time::{Duration, Instant};

use pipe_local::invoke::{Answer, Call, Refusal};
use serde_json::{Value, json};

use crate::host::{eventually, failure, host, host_of, pass, runs};

#[tokio::test]
async fn a_reported_error_is_passed_on_and_the_process_stays() {
    let host = host(json!({})).await;
    let pid = host.pid().await;
    let (document, _) = failure(host.invoke(json!({ "do": "fail" })).await.unwrap());
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document, json!({ "errorMessage": "no", "errorType": "Mine", "pid": pid }));
    assert_eq!(host.pid().await, pid);
}

#[tokio::test]
async fn a_crash_fails_its_call_and_the_next_one_starts_anew() {
    let host = host(json!({})).await;
    let pid = host.pid().await;
    let crashes = [
        (json!({ "do": "exit", "code": 1 }), "Runtime exited with error: exit status 1"),
        (json!({ "do": "exit", "code": 0 }), "Runtime exited without providing a reason"),
        (json!({ "do": "signal", "signal": 9 }), "Runtime exited with error: signal: killed"),
        (json!({ "do": "signal", "signal": 11 }), "Runtime exited with error: signal: segmentation fault"),
    ];
    for (event, reason) in crashes {
        let (document, id) = failure(host.invoke(event).await.unwrap());
        let expected =
            format!(r#"{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: {id} Error: {reason}"}}"#);
        assert_eq!(document, expected);
    }
    assert_ne!(host.pid().await, pid);
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_ended_with_its_process() {
    let host = host(json!({ "Timeout": 6 })).await;
    let pid = host.pid().await;
    let began = Instant::now();
    let (document, id) = failure(host.invoke(json!({ "do": "sleep", "seconds": 600 })).await.unwrap());
    assert!((Duration::from_millis(5990)..Duration::from_secs(60)).contains(&began.elapsed()), "{:?}", began.elapsed());
    assert_eq!(
        document,
        format!(
            r#"{{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: {id} Error: Task timed out after 6.00 seconds"}}"#
        )
    );
    eventually("the process has ended", || !runs(pid)).await;
    assert_ne!(host.pid().await, pid);
}

#[tokio::test]
async fn a_process_above_its_memory_is_ended() {
    let host = host(json!({ "MemorySize": 128 })).await;
    let (document, id) = failure(host.invoke(json!({ "do": "hog", "megabytes": 200 })).await.unwrap());
    assert_eq!(
        document,
        format!(
            r#"{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: {id} Error: Runtime exited with error: signal: killed"}}"#
        )
    );
    let fits = host.invoke(json!({ "do": "hog", "megabytes": 40 }));
    let fits = tokio::time::timeout(Duration::from_secs(1), fits).await;
    assert!(fits.is_err(), "40 MB are allowed: {fits:?}");
}

/// However short the moment was, and though it answered: Lambda would have ended it before.
#[tokio::test]
async fn a_process_that_was_above_its_memory_is_ended_and_its_peak_is_told() {
    let host = host(json!({ "MemorySize": 128 })).await;
    let peak = |answer: &Answer| answer.memory.map(|memory| (memory.peak_mb, memory.limit_mb));
    let fits = host.invoke(json!({ "do": "spike", "megabytes": 40 })).await.unwrap();
    assert_eq!(fits.error, None);
    assert!(peak(&fits).is_some_and(|(peak, limit)| (40..128).contains(&peak) && limit == 128), "{:?}", fits.memory);
    let spike = host.invoke(json!({ "do": "spike", "megabytes": 200 })).await.unwrap();
    assert!(peak(&spike).is_some_and(|(peak, _)| peak > 128), "{:?}", spike.memory);
    let (document, _) = failure(spike);
    assert!(document.contains("Runtime exited with error: signal: killed"), "{document}");
    let after = host.invoke(json!({})).await.unwrap();
    assert!(peak(&after).is_some_and(|(peak, _)| peak < 128), "another process: {:?}", after.memory);
    eventually("the report", || {
        let logged = host.endpoint.logged();
        logged
            .iter()
            .any(|(_, line)| line.contains("Max Memory Used: 128 MB") && line.contains("Error Type: Runtime.ExitError"))
    })
    .await;
}

#[tokio::test]
async fn a_crash_in_init_fails_the_call_and_is_tried_again_with_the_next_one() {
    let broken = "#!/bin/sh\necho started >>\"$COUNT\"\n[ $(wc -l <\"$COUNT\") -gt 2 ] || exit 3\nexec ./real\n";
    let count = tempfile::NamedTempFile::new().unwrap();
    let with = json!({ "Environment": { "Variables": { "COUNT": count.path() } } });
    let files = [("bootstrap", broken, 0o755), ("real", crate::host::BOOTSTRAP, 0o755)];
    let host = host_of(&files, with).await;
    for _ in 0..2 {
        let (document, id) = failure(host.invoke(json!({})).await.unwrap());
        assert_eq!(
            document,
            format!(
                r#"{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: {id} Error: Runtime exited with error: exit status 3"}}"#
            )
        );
    }
    host.pid().await;
    assert_eq!(std::fs::read_to_string(count.path()).unwrap().lines().count(), 3, "one start for each call");
}

#[tokio::test]
async fn an_error_in_init_is_the_answer() {
    let broken = r#"#!/usr/bin/env python3
import os, urllib.request
url = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/init/error"
assert urllib.request.urlopen(url, b'{"errorType":"Init","errorMessage":"no table"}').status == 202
raise SystemExit(1)
"#;
    let host = host_of(&[("bootstrap", broken, 0o755)], json!({})).await;
    let (document, _) = failure(host.invoke(json!({})).await.unwrap());
    assert_eq!(document, r#"{"errorType":"Init","errorMessage":"no table"}"#);
    let refused = host.functions.warm("f").await.unwrap_err();
    assert_eq!(refused.message(), "start the function `f`: Init: no table");
}

/// The first start sleeps for a minute; the clock is set 9 seconds forward in the meantime.
#[tokio::test]
async fn an_init_that_takes_too_long_is_done_again_within_the_call() {
    let slow = "#!/bin/sh\necho started >>\"$COUNT\"\n[ $(wc -l <\"$COUNT\") -gt 1 ] || sleep 60\nexec ./real\n";
    let count = tempfile::NamedTempFile::new().unwrap();
    let with = json!({ "Timeout": 100, "Environment": { "Variables": { "COUNT": count.path() } } });
    let files = [("bootstrap", slow, 0o755), ("real", crate::host::BOOTSTRAP, 0o755)];
    let host = host_of(&files, with).await;
    let functions = host.functions.clone();
    let began = tokio::time::Instant::now();
    let call = tokio::spawn(async move { functions.invoke(Call::new("f".to_owned(), "{}".into())).await });
    eventually("the first start", || std::fs::read_to_string(count.path()).unwrap().lines().count() == 1).await;
    pass(Duration::from_secs(9)).await;
    let answer = call.await.unwrap().unwrap();
    assert!(began.elapsed() >= Duration::from_secs(10), "it has 10 s, not {:?}", began.elapsed());
    assert_eq!(answer.error, None);
    assert_eq!(std::fs::read_to_string(count.path()).unwrap().lines().count(), 2);
}

#[tokio::test]
async fn a_second_init_has_the_functions_timeout() {
    let count = tempfile::NamedTempFile::new().unwrap();
    let with = json!({ "Timeout": 100, "Environment": { "Variables": { "COUNT": count.path() } } });
    let never = "#!/bin/sh\necho started >>\"$COUNT\"\nexec sleep 600\n";
    let host = host_of(&[("bootstrap", never, 0o755)], with).await;
    let starts = || std::fs::read_to_string(count.path()).unwrap().lines().count();
    let functions = host.functions.clone();
    let call = tokio::spawn(async move { functions.invoke(Call::new("f".to_owned(), "{}".into())).await });
    eventually("the first start", || starts() == 1).await;
    pass(Duration::from_secs(11)).await;
    eventually("the second start", || starts() == 2).await;
    pass(Duration::from_secs(60)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!call.is_finished(), "it has more than 10 s");
    pass(Duration::from_secs(50)).await;
    let ended = tokio::time::timeout(Duration::from_secs(300), call).await.expect("it has an end");
    let (document, _) = failure(ended.unwrap().unwrap());
    assert!(document.contains("Task timed out after 100.00 seconds"), "{document}");
}

#[tokio::test]
async fn code_that_cannot_be_run_is_told() {
    let cases = [
        ("other", 0o755, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
        ("bootstrap", 0o644, "fork/exec /var/task/bootstrap: permission denied"),
    ];
    for (file, mode, reason) in cases {
        let host = host_of(&[(file, "#!/bin/sh\n", mode)], json!({})).await;
        let (document, id) = failure(host.invoke(json!({})).await.unwrap());
        assert_eq!(
            document,
            format!(r#"{{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: {id} Error: {reason}"}}"#)
        );
    }
}

#[tokio::test]
async fn code_that_is_not_the_functions_is_unavailable() {
    let host = host(json!({ "CodeSha256": "bm90IHRoaXMgb25l" })).await;
    let refused = host.invoke(json!({})).await;
    assert!(
        matches!(&refused, Err(Refusal::Unavailable(reason)) if reason.contains("it is not the function's")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_response_above_the_limit_fails_and_the_process_stays() {
    let mut host = host(json!({})).await;
    let pid = host.pid().await;
    let limit = 6 * 1024 * 1024 + 100;
    let (document, _) = failure(host.invoke(json!({ "do": "big", "bytes": limit + 1 })).await.unwrap());
    let message = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
    assert_eq!(document, format!(r#"{{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"{message}"}}"#));
    let said = crate::logs::line(&mut host).await;
    let refused = r#"said [413, {"errorMessage": "Exceeded maximum allowed payload size (6291556 bytes).", "errorType": "RequestEntityTooLarge"}]"#;
    assert_eq!(said, refused);
    let fits = host.invoke(json!({ "do": "big", "bytes": limit })).await.unwrap();
    assert_eq!((fits.error, fits.payload.len()), (None, limit));
    assert_eq!(host.pid().await, pid);
}

#[tokio::test]
async fn the_runtime_api_refuses_what_is_not_its_turn() {
    let mut host = host(json!({})).await;
    let said = host.ask(json!({ "do": "refused" })).await;
    assert_eq!(said[0], json!([400, { "errorMessage": "Invalid request ID", "errorType": "InvalidRequestID" }]));
    let message = "Transition from Running to InitError failed for runtime. Error: State transition is not allowed";
    assert_eq!(said[1], json!([403, { "errorMessage": message, "errorType": "InvalidStateTransition" }]));
    let line = crate::logs::line(&mut host).await;
    let said: Value = serde_json::from_str(line.strip_prefix("said ").unwrap()).unwrap();
    assert_eq!(said[0], json!([202, { "status": "OK" }]));
    assert_eq!(said[1][0], 403);
    assert_eq!(said[1][1]["errorType"], "InvalidStateTransition");
}
