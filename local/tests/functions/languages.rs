//! Functions in Python and JavaScript, which run by this machine's own interpreters.

use pipe_local::event::Event;
use pipe_local::invoke::Refusal;
use serde_json::{Value, json};

use crate::host::{Host, failure, host_of};

const PYTHON: &str = r#"
import logging, os, sys
log = logging.getLogger()

def handler(event, context):
    log.info("got %s", event.get("n"))
    if event.get("fail"):
        raise ValueError("bad")
    return {
        "event": event, "id": context.aws_request_id, "name": context.function_name, "memory": context.memory_limit_in_mb,
        "time": context.get_remaining_time_in_millis() > 1000, "arn": context.invoked_function_arn,
        "runtime": os.environ["AWS_EXECUTION_ENV"], "folder": os.getcwd() == os.environ["LAMBDA_TASK_ROOT"] == sys.path[0],
        "pid": os.getpid(),
    }
"#;

const NODE: &str = r#"
export const handler = async (event, context) => {
  console.info("got", event.n);
  if (event.fail) throw new TypeError("bad");
  return {
    event, id: context.awsRequestId, name: context.functionName, memory: context.memoryLimitInMB,
    time: context.getRemainingTimeInMillis() > 1000, arn: context.invokedFunctionArn,
    runtime: process.env.AWS_EXECUTION_ENV, folder: process.cwd() === process.env.LAMBDA_TASK_ROOT, pid: process.pid,
  };
};
export const back = (event, context, callback) => callback(null, event);
"#;

/// Whether Node is here. It may be missing on a user's machine, and then there is nothing to see.
fn no_node() -> bool {
    let missing = std::process::Command::new("node").arg("--version").output().is_err();
    if missing {
        std::io::Write::write_all(&mut std::io::stderr(), b"skipped: there is no `node` on this machine\n").ok();
    }
    missing
}

async fn python(entry: &str, files: &[(&str, &str, u32)]) -> Host {
    host_of(files, json!({ "Runtime": "python3.13", "Handler": entry, "LoggingConfig": { "LogFormat": "JSON" } })).await
}

async fn node(entry: &str, files: &[(&str, &str, u32)]) -> Host {
    host_of(files, json!({ "Runtime": "nodejs22.x", "Handler": entry, "MemorySize": 256 })).await
}

/// What both languages tell of a call; gives the process.
async fn served(host: &Host, runtime: &str, memory: &str) -> u64 {
    let answer = host.invoke(json!({ "n": 1 })).await.unwrap();
    assert_eq!(answer.error, None, "{:?}", answer.payload);
    let mut got: Value = serde_json::from_slice(&answer.payload).unwrap();
    let pid = got.as_object_mut().unwrap().remove("pid").unwrap().as_u64().unwrap();
    assert_eq!(
        got,
        json!({
            "event": { "n": 1 }, "id": answer.request_id, "name": "f", "memory": memory, "time": true,
            "arn": "arn:aws:lambda:eu-central-1:123456789012:function:f", "runtime": runtime, "folder": true,
        })
    );
    pid
}

#[tokio::test]
async fn python_gets_event_and_context_and_serves_again_after_an_error() {
    let mut host = python("src/app.handler", &[("src/app.py", PYTHON, 0o644)]).await;
    let first = served(&host, "AWS_Lambda_python3.13", "128").await;
    let (document, id) = failure(host.invoke(json!({ "fail": true })).await.unwrap());
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!((&document["errorType"], &document["errorMessage"]), (&json!("ValueError"), &json!("bad")));
    assert_eq!(document["requestId"], id);
    assert!(document["stackTrace"][0].as_str().unwrap().contains("app.py\", line 8, in handler"), "{document}");
    assert_eq!(served(&host, "AWS_Lambda_python3.13", "128").await, first);
    host.functions.stop().await;
    let mut lines = Vec::new();
    while let Ok(event) = host.events.try_recv() {
        if let Event::Log(log) = event {
            lines.push(log.line);
        }
    }
    assert!(lines.iter().any(|line| line.contains(r#""message": "got 1""#) && line.contains("requestId")), "{lines:?}");
    // Nothing was written beside the code, so it is what was unpacked.
    let known = host.endpoint.known.lock().unwrap().fetched;
    assert_eq!(known, 1);
}

#[tokio::test]
async fn node_gets_event_and_context_in_modules_of_both_kinds() {
    if no_node() {
        return;
    }
    let host = node("index.handler", &[("index.mjs", NODE, 0o644)]).await;
    let first = served(&host, "AWS_Lambda_nodejs22.x", "256").await;
    let (document, _) = failure(host.invoke(json!({ "fail": true })).await.unwrap());
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!((&document["errorType"], &document["errorMessage"]), (&json!("TypeError"), &json!("bad")));
    assert!(document["trace"][1].as_str().unwrap().contains("index.mjs"), "{document}");
    assert_eq!(served(&host, "AWS_Lambda_nodejs22.x", "256").await, first);
    let host = node("index.back", &[("index.mjs", NODE, 0o644)]).await;
    assert_eq!(host.ask(json!({ "n": 2 })).await, json!({ "n": 2 }), "by the callback");
    let common = "exports.handler = async (event) => ({ common: event.n });";
    let host = node("a/b.handler", &[("a/b.js", common, 0o644)]).await;
    assert_eq!(host.ask(json!({ "n": 3 })).await, json!({ "common": 3 }));
}

#[tokio::test]
async fn a_handler_that_is_not_there_is_an_error_of_the_init_as_on_lambda() {
    let kind = |document: &str| serde_json::from_str::<Value>(document).unwrap()["errorType"].clone();
    for (entry, text, expected) in [
        ("app.handler", "import nothing_of_this_name\n", "Runtime.ImportModuleError"),
        ("app.handler", "def (\n", "Runtime.UserCodeSyntaxError"),
        ("app.other", PYTHON, "Runtime.HandlerNotFound"),
    ] {
        let host = python(entry, &[("app.py", text, 0o644)]).await;
        let (document, _) = failure(host.invoke(json!({})).await.unwrap());
        assert_eq!(kind(&document), expected);
    }
}

#[tokio::test]
async fn a_runtime_that_nothing_here_runs_is_said() {
    let host = host_of(&[("x.class", "", 0o644)], json!({ "Runtime": "java21", "Handler": "x" })).await;
    let Err(Refusal::Unavailable(why)) = host.invoke(json!({})).await else { panic!("it cannot run") };
    assert!(why.contains("`java21`") && why.contains("Python and Node"), "{why}");
}
