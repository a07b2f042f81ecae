//! How long processes live, and what they live on: idle ones, changes, credentials, code, the end.

use std::time::{Duration, Instant};

use pipe_local::invoke::{Call, Refusal};
use serde_json::json;

use crate::host::{BOOTSTRAP, eventually, functions, host, host_of, pass, pid_of, runs};

#[tokio::test]
async fn idle_ones_beyond_the_first_are_ended_after_a_minute() {
    let host = host(json!({})).await;
    let mut pids = Vec::new();
    for call in host.sleepers(3) {
        pids.push(pid_of(&call.await.unwrap().unwrap()));
    }
    let last = host.pid().await;
    pass(Duration::from_secs(50)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(pids.iter().all(|pid| runs(*pid)));
    pass(Duration::from_secs(25)).await;
    eventually("one is left", || pids.iter().filter(|pid| runs(**pid)).count() == 1).await;
    assert_eq!(host.pid().await, last);
}

#[tokio::test]
async fn a_changed_function_runs_anew_and_an_unchanged_one_does_not() {
    let host = host(json!({ "Timeout": 300 })).await;
    let before = host.pid().await;
    host.functions.refresh().await.unwrap();
    assert_eq!(host.pid().await, before);

    let mut waiting = Vec::new();
    for call in host.sleepers(2) {
        waiting.push(pid_of(&call.await.unwrap().unwrap()));
    }
    let before = host.pid().await;
    waiting.retain(|pid| *pid != before);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("go");
    let held = host.held(&file).await;
    host.endpoint.put("f", &[("bootstrap", &format!("{BOOTSTRAP}\n"), 0o755)], json!({ "MemorySize": 256 }));
    host.functions.refresh().await.unwrap();
    let after = host.ask(json!({})).await;
    assert_eq!(after["environment"]["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256");
    assert_ne!(after["pid"], before);
    eventually("the one that waited has ended", || !runs(waiting[0])).await;
    assert!(runs(before) && !held.is_finished(), "its call is still under way");
    std::fs::write(file, "").unwrap();
    assert_eq!(pid_of(&held.await.unwrap().unwrap()), before);
    eventually("the old one has ended", || !runs(before)).await;
    assert_eq!(host.endpoint.known.lock().unwrap().fetched, 2);

    host.endpoint.known.lock().unwrap().functions.clear();
    host.functions.refresh().await.unwrap();
    assert_eq!(host.invoke(json!({})).await, Err(Refusal::NotFound));
}

#[tokio::test]
async fn a_process_whose_credentials_end_soon_is_replaced() {
    let host = host(json!({})).await;
    host.endpoint.known.lock().unwrap().role_seconds = 90;
    let first = host.pid().await;
    assert_ne!(host.pid().await, first);
    eventually("the first one has ended", || !runs(first)).await;
}

#[tokio::test]
async fn code_is_fetched_once_for_all_that_share_the_folder() {
    let host = host(json!({})).await;
    host.pid().await;
    let (second, _events) = functions(&host.endpoint, &host.cache);
    assert!(second.invoke(Call::new("f".to_owned(), "{}".into())).await.is_ok());
    assert_eq!(host.endpoint.known.lock().unwrap().fetched, 1);
    let folders = std::fs::read_dir(host.cache.path()).unwrap().count();
    assert_eq!(folders, 1, "nothing is left beside the code");
}

/// Somebody else, or a function itself, wrote to the unpacked code: another session does not run that.
#[tokio::test]
async fn code_that_was_changed_in_the_cache_does_not_run() {
    let host = host(json!({})).await;
    host.pid().await;
    let folder = std::fs::read_dir(host.cache.path()).unwrap().next().unwrap().unwrap().path();
    let changed = "#!/bin/sh\nexit 1\n";
    std::fs::write(folder.join("code/bootstrap"), changed).unwrap();
    let (second, _events) = functions(&host.endpoint, &host.cache);
    let answer = second.invoke(Call::new("f".to_owned(), "{}".into())).await.unwrap();
    assert_eq!(answer.error, None, "{:?}", answer.payload);
    assert_eq!(host.endpoint.known.lock().unwrap().fetched, 2);
    assert_ne!(std::fs::read_to_string(folder.join("code/bootstrap")).unwrap(), changed);
}

#[tokio::test]
async fn a_warmed_function_has_its_process() {
    let counting = "#!/bin/sh\necho started >>\"$COUNT\"\nexec ./real\n";
    let count = tempfile::NamedTempFile::new().unwrap();
    let with = json!({ "Environment": { "Variables": { "COUNT": count.path() } } });
    let host = host_of(&[("bootstrap", counting, 0o755), ("real", BOOTSTRAP, 0o755)], with).await;
    let starts = || std::fs::read_to_string(count.path()).unwrap().lines().count();
    host.functions.warm("f").await.unwrap();
    assert_eq!(starts(), 1);
    host.functions.warm("f").await.unwrap();
    host.pid().await;
    assert_eq!(starts(), 1);
}

#[tokio::test]
async fn a_process_ends_with_its_supervisor() {
    let host = host(json!({})).await;
    let pid = host.pid().await;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let supervisor = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim();
    let name = std::fs::read_to_string(format!("/proc/{supervisor}/comm")).unwrap();
    assert_eq!(name.trim(), "supervisor", "so that who kills by the owner's name does not hit it");
    assert!(std::process::Command::new("kill").args(["-9", supervisor]).status().unwrap().success());
    eventually("the process has ended", || !runs(pid)).await;
    assert_ne!(host.pid().await, pid);
}

#[tokio::test]
async fn stopping_ends_everything_and_refuses_what_comes_later() {
    let host = host(json!({ "Timeout": 900 })).await;
    let left = host.ask(json!({ "do": "leave" })).await;
    let (parent, child) = (left["pid"].as_u64().unwrap(), left["child"].as_u64().unwrap());
    let event = json!({ "do": "sleep", "seconds": 600 }).to_string();
    let call = tokio::spawn({
        let functions = host.functions.clone();
        async move { functions.invoke(Call::new("f".to_owned(), event.into())).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(runs(parent) && runs(child));
    let began = Instant::now();
    host.functions.stop().await;
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    eventually("both have ended", || !runs(parent) && !runs(child)).await;
    assert!(matches!(call.await.unwrap(), Err(Refusal::Unavailable(_))));
    assert!(matches!(host.invoke(json!({})).await, Err(Refusal::Unavailable(_))));
}

#[tokio::test]
async fn dropping_the_last_handle_ends_everything() {
    let host = host(json!({})).await;
    let pid = host.pid().await;
    drop(host.functions);
    eventually("the process has ended", || !runs(pid)).await;
}
