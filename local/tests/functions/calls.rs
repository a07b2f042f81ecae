//! Calls that reach the function: what it gets, and which process serves.

use bytes::Bytes;
use pipe_local::invoke::{Call, Refusal};
use serde_json::json;

use crate::host::{eventually, host, pid_of, runs};

/// Milliseconds since 1970.
fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}

fn empty(function: &str) -> Call {
    Call::new(function.to_owned(), Bytes::from("{}"))
}

#[tokio::test]
async fn a_function_gets_what_lambda_gives_with_a_call() {
    let host = host(json!({})).await;
    let before = now();
    let answer = host.invoke(json!({ "n": 1 })).await.unwrap();
    let got: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap();
    assert_eq!(got["event"], json!({ "n": 1 }));
    assert_eq!(got["stdin"], "");
    let headers = &got["headers"];
    assert_eq!(headers["lambda-runtime-aws-request-id"], answer.request_id);
    assert_eq!(headers["lambda-runtime-invoked-function-arn"], "arn:aws:lambda:eu-central-1:123456789012:function:f");
    let trace = headers["lambda-runtime-trace-id"].as_str().unwrap();
    assert!(trace.starts_with("Root=1-") && trace.ends_with(";Sampled=0"), "{trace}");
    let deadline: u128 = headers["lambda-runtime-deadline-ms"].as_str().unwrap().parse().unwrap();
    assert!((before + 20_000..=now() + 20_000).contains(&deadline), "{deadline} for a call after {before}");
}

#[tokio::test]
async fn a_function_has_the_environment_that_lambda_gives() {
    let host = host(json!({
        "MemorySize": 256, "Handler": "my.handler",
        "Environment": { "Variables": { "MINE": "yes", "LANG": "C.UTF-8", "AWS_REGION": "mine" } },
        "LoggingConfig": { "LogFormat": "JSON", "ApplicationLogLevel": "WARN", "LogGroup": "/my/group" },
    }))
    .await;
    let got = host.ask(json!({})).await;
    let mut environment = got["environment"].as_object().unwrap().clone();
    let folder = got["folder"].clone();
    assert_eq!(environment.remove("LAMBDA_TASK_ROOT"), Some(folder.clone()));
    let folder = folder.as_str().unwrap();
    assert_eq!(environment.remove("LD_LIBRARY_PATH").unwrap(), format!("{folder}:{folder}/lib"));
    assert!(environment.remove("AWS_LAMBDA_RUNTIME_API").unwrap().as_str().unwrap().starts_with("127.0.0.1:"));
    let stream = environment.remove("AWS_LAMBDA_LOG_STREAM_NAME").unwrap();
    let (day, id) = stream.as_str().unwrap().split_once("/[$LATEST]").unwrap();
    assert_eq!((day.len(), id.len()), (10, 32), "{stream}");
    // Python's own.
    environment.remove("LC_CTYPE");
    assert_eq!(
        serde_json::Value::from(environment),
        json!({
            "_HANDLER": "my.handler", "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/my/group", "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "WARN",
            "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "key-of-f", "AWS_SECRET_ACCESS_KEY": "secret-of-f", "AWS_SESSION_TOKEN": "token-of-f",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
            "LANG": "C.UTF-8", "TZ": ":UTC", "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin", "MINE": "yes",
        })
    );
    host.functions.stop().await;
}

#[tokio::test]
async fn a_name_is_read_in_all_its_forms() {
    let host = host(json!({})).await;
    let arn = "arn:aws:lambda:eu-central-1:123456789012:function:f";
    for name in ["f", "f:$LATEST", "123456789012:function:f", arn, &format!("{arn}:$LATEST")] {
        assert!(host.functions.invoke(empty(name)).await.is_ok(), "{name}");
    }
    let own = host.functions.invoke(Call { id: Some("r-1".to_owned()), ..empty("f") }).await.unwrap();
    assert_eq!(own.request_id, "r-1");
    let by_value = host.functions.as_invoke();
    assert!(by_value(empty(arn)).await.is_ok());
    for name in ["g", "f:1", &format!("{arn}:live"), ""] {
        assert_eq!(host.functions.invoke(empty(name)).await, Err(Refusal::NotFound), "{name}");
    }
}

#[tokio::test]
async fn a_warm_process_serves_again_and_a_busy_one_does_not() {
    let host = host(json!({})).await;
    let first = host.pid().await;
    assert_eq!(host.pid().await, first);
    let mut pids = Vec::new();
    for call in host.sleepers(3) {
        pids.push(pid_of(&call.await.unwrap().unwrap()));
    }
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 3, "{pids:?}");
    assert!(pids.contains(&first), "the warm one is used before new ones are started");
    let used = host.pid().await;
    assert!(pids.contains(&used));
    for _ in 0..3 {
        assert_eq!(host.pid().await, used, "the one used last is used again");
    }
}

#[tokio::test]
async fn the_reserved_concurrency_is_the_most() {
    let host = host(json!({ "Reserved": 2 })).await;
    let mut throttled = 0;
    for call in host.sleepers(3) {
        throttled += usize::from(call.await.unwrap() == Err(Refusal::Throttled));
    }
    assert_eq!(throttled, 1);
    host.pid().await;
}

#[tokio::test]
async fn no_reserved_concurrency_means_no_calls_when_it_is_nought() {
    let host = host(json!({ "Reserved": 0 })).await;
    assert_eq!(host.invoke(json!({})).await, Err(Refusal::Throttled));
}

#[tokio::test]
async fn a_call_goes_on_when_its_caller_is_gone() {
    let mut host = host(json!({})).await;
    let event = json!({ "do": "print", "lines": ["still there"] });
    host.pid().await;
    let invoke = host.functions.as_invoke();
    tokio::select! {
        biased;
        _ = invoke(Call::new("f".to_owned(), Bytes::from(event.to_string()))) => panic!("it cannot be that fast"),
        () = tokio::task::yield_now() => {}
    }
    assert!(
        matches!(host.events.recv().await.unwrap(), pipe_local::event::Event::Log(log) if log.line == "still there")
    );
}

#[tokio::test]
async fn a_process_that_ends_after_its_answer_fails_no_call() {
    let host = host(json!({})).await;
    let mut last = 0;
    for _ in 0..5 {
        let pid = host.ask(json!({ "do": "last" })).await["pid"].as_u64().unwrap();
        assert_ne!(pid, last);
        last = pid;
    }
    eventually("the process has ended", || !runs(last)).await;
}

#[tokio::test]
async fn a_payload_above_the_limit_is_refused() {
    let host = host(json!({})).await;
    let payload = Bytes::from(vec![b' '; 6 * 1024 * 1024 + 1]);
    let refused = host.functions.invoke(Call::new("f".to_owned(), payload)).await;
    assert!(matches!(refused, Err(Refusal::Unavailable(reason)) if reason.contains("6291456")));
    assert_eq!(host.endpoint.known.lock().unwrap().fetched, 0);
}
