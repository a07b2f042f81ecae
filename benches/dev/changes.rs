//! Changes of a table on their way to a function.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;

use crate::running::{Running, cpu};
use crate::say;

const CHANGES: usize = 5_000;
/// Callers at once.
const AT_ONCE: usize = 16;
const TABLE: &str = "Changing";

/// The function counts in a file what it got.
const SPEC: &str = "name: changes\nstream: { table_changes: { table: { name: Changing, on_destroy: delete } } }\n\
    consumer: { function: { handler: ./own } }\ndlq: { queue: {} }\n";
const COUNTING: &str = r#"
import http.client, json, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
total = 0
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    call = api.getresponse()
    total += len(json.loads(call.read())["Records"])
    with open(COUNT + ".new", "w") as file:
        file.write(str(total))
    os.rename(COUNT + ".new", COUNT)
    id = call.headers["Lambda-Runtime-Aws-Request-Id"]
    api.request("POST", f"/2018-06-01/runtime/invocation/{id}/response", b"null")
    api.getresponse().read()
"#;

/// All items are put by 16 callers; the clock stops when the function has the last change.
pub async fn to_the_function() {
    let running = Running::with(SPEC, |folder| {
        std::fs::create_dir(folder.join("own")).expect("a folder for the handler");
        let count = folder.join("count");
        let text = format!("#!/usr/bin/env python3\nCOUNT = {count:?}\n{COUNTING}");
        crate::running::write_program(&folder.join("own/bootstrap"), &text);
    });
    let table = aws_sdk_dynamodb::Client::new(&running.sdk(None));
    let ministack = running.ministack();
    let (start, theirs, ours) = (Instant::now(), cpu(ministack), running.cpu());
    let next = Arc::new(AtomicUsize::new(0));
    let callers = (0..AT_ONCE).map(|_| tokio::spawn(put_all(table.clone(), Arc::clone(&next))));
    for caller in callers.collect::<Vec<_>>() {
        caller.await.expect("every item is put");
    }
    let put = start.elapsed();
    while counted(running.path()) < CHANGES {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let all = start.elapsed().as_secs_f32();
    say(
        "changes to the function",
        &format!(
            "{:.0} changes/s ({CHANGES} in {all:.1} s, put after {:.1} s; budget 300); CPU: MiniStack {:.1} s, pipe dev and its functions {:.1} s",
            CHANGES as f32 / all,
            put.as_secs_f32(),
            (cpu(ministack) - theirs).as_secs_f32(),
            (running.cpu() - ours).as_secs_f32(),
        ),
    );
    running.stop();
}

async fn put_all(table: aws_sdk_dynamodb::Client, next: Arc<AtomicUsize>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= CHANGES {
            return;
        }
        let put = table.put_item().table_name(TABLE).item("id", AttributeValue::S(format!("item-{number}")));
        put.send().await.expect("the table takes it");
    }
}

fn counted(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("count")).ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}
