//! Where the lines go that functions write, and Lambda's own lines about them.

use std::time::Duration;

use pipe_local::event::Event;
use serde_json::{Value, json};

use crate::host::{Host, eventually, host};

/// The next line that the function has written.
pub async fn line(host: &mut Host) -> String {
    loop {
        let event = tokio::time::timeout(Duration::from_secs(60), host.events.recv()).await;
        if let Event::Log(log) = event.unwrap().unwrap() {
            return log.line;
        }
    }
}

/// What is in the log group once there are so many.
async fn logged(host: &Host, count: usize) -> Vec<(String, String)> {
    eventually("the lines are in the log group", || host.endpoint.logged().len() >= count).await;
    host.endpoint.logged()
}

#[tokio::test]
async fn lines_go_to_who_watches_and_to_the_log_group() {
    let mut host = host(json!({})).await;
    let answer = host.invoke(json!({ "do": "print", "lines": ["one", "", "zwei ✓"] })).await.unwrap();
    assert_eq!([line(&mut host).await, line(&mut host).await], ["one", "zwei ✓"]);
    let logged = logged(&host, 5).await;
    assert!(logged.iter().all(|(who, _)| who == "key-of-f"), "under the function's own role: {logged:?}");
    let lines: Vec<&str> = logged.iter().map(|(_, line)| line.as_str()).collect();
    let id = &answer.request_id;
    assert_eq!(lines[0], format!("START RequestId: {id} Version: $LATEST"));
    assert!(lines.contains(&"one") && lines.contains(&"zwei ✓"), "{lines:?}");
    assert!(lines.contains(&format!("END RequestId: {id}").as_str()), "{lines:?}");
    let report = lines.iter().find(|line| line.starts_with("REPORT ")).unwrap();
    let fields: Vec<&str> = report.trim_end().split('\t').map(|field| field.split(": ").next().unwrap()).collect();
    let expected =
        ["REPORT RequestId", "Duration", "Billed Duration", "Memory Size", "Max Memory Used", "Init Duration"];
    assert_eq!(fields, expected);
    let memory = report.split("Max Memory Used: ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(memory.parse::<u32>().unwrap() > 3, "Python takes more: {report}");
}

#[tokio::test]
async fn json_is_reported_as_json() {
    let host = host(json!({ "Timeout": 1, "LoggingConfig": { "LogFormat": "JSON" } })).await;
    let answer = host.invoke(json!({ "do": "sleep", "seconds": 9 })).await.unwrap();
    let lines = logged(&host, 2).await;
    let lines: Vec<Value> = lines.iter().map(|(_, line)| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["type"], "platform.start");
    assert_eq!(lines[0]["record"], json!({ "requestId": answer.request_id, "version": "$LATEST" }));
    assert_eq!(lines[1]["type"], "platform.report");
    assert_eq!(lines[1]["record"]["status"], "timeout");
    assert_eq!(lines[1]["record"]["metrics"]["memorySizeMB"], 128);
}

#[tokio::test]
async fn a_long_line_is_cut_into_several() {
    let mut host = host(json!({})).await;
    host.ask(json!({ "do": "long", "bytes": 300_000 })).await;
    let (first, second) = (line(&mut host).await, line(&mut host).await);
    assert_eq!((first.len(), first.len() + second.len()), (256 * 1024 - 26, 300_000));
}

#[tokio::test]
async fn a_role_that_may_not_write_logs_is_told_once_and_its_calls_go_on() {
    let mut host = host(json!({})).await;
    host.endpoint.known.lock().unwrap().refuse_logs = true;
    for call in host.sleepers(2) {
        call.await.unwrap().unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    host.pid().await;
    host.functions.stop().await;
    let mut warnings = Vec::new();
    while let Ok(event) = host.events.try_recv() {
        if let Event::Warning { message } = event {
            warnings.push(message);
        }
    }
    assert_eq!(
        warnings,
        [
            "lines of the function `f` are missing in `/aws/lambda/f`: the role `arn:aws:iam::123456789012:role/f` was refused \
          `logs:CreateLogStream` (AccessDeniedException)"
        ]
    );
}

#[tokio::test]
async fn what_was_written_before_the_stop_is_sent() {
    // Lines that do not get through in 2 s are lost, which may happen once or twice on a slow machine.
    for _ in 0..5 {
        let host = host(json!({})).await;
        host.ask(json!({ "do": "print", "lines": ["the last"] })).await;
        host.functions.stop().await;
        if host.endpoint.logged().iter().any(|(_, line)| line == "the last") {
            return;
        }
    }
    panic!("a stop sends nothing");
}
