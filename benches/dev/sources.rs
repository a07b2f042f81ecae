//! Events of sources that send by themselves, from `pipe send` to the end of the function's call, one call for each event.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::running::{Running, cpu};
use crate::say;

const EVENTS: usize = 3_000;
const WARM: usize = 100;

/// The name of each source, and its section of the spec.
const SOURCES: [(&str, &str); 3] = [
    ("messages of a topic", "topic: {}"),
    ("events of a bus", "events: { bus: shop, match: { source: [shop] } }"),
    ("messages of a device", "iot: { topic: sensors/+/temperature }"),
];

/// Adds a byte to a file for each event: many processes do it at once.
const COUNTING: &str = r#"
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
file = os.open(COUNT, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    call = api.getresponse()
    call.read()
    os.write(file, b".")
    id = call.headers["Lambda-Runtime-Aws-Request-Id"]
    api.request("POST", f"/2018-06-01/runtime/invocation/{id}/response", b"null")
    api.getresponse().read()
"#;

/// The clock begins with the command that sends, and stops when the function has the last event.
pub fn to_the_function() {
    for (name, source) in SOURCES {
        let spec = format!(
            "name: pushes\nsource: {{ {source} }}\nconsumer: {{ function: {{ handler: ./own }} }}\ndlq: {{ queue: {{}} }}\n"
        );
        let running = Running::with(&spec, |folder| {
            std::fs::create_dir(folder.join("own")).expect("a folder for the handler");
            let text = format!("#!/usr/bin/env python3\nCOUNT = {:?}\n{COUNTING}", folder.join("count"));
            crate::running::write_program(&folder.join("own/bootstrap"), &text);
        });
        // The first events have the processes started.
        round(&running, WARM);
        let ministack = running.ministack();
        let (theirs, ours) = (cpu(ministack), running.cpu());
        let all = round(&running, EVENTS).as_secs_f32();
        say(
            name,
            &format!(
                "{:.0} events/s ({EVENTS} in {all:.1} s; budget 200); CPU: MiniStack {:.1} s, pipe dev and its functions {:.1} s",
                EVENTS as f32 / all,
                (cpu(ministack) - theirs).as_secs_f32(),
                (running.cpu() - ours).as_secs_f32(),
            ),
        );
        running.stop();
    }
}

fn round(running: &Running, events: usize) -> Duration {
    let (start, before) = (Instant::now(), counted(running.path()));
    running.ask(&["send", "--count", &events.to_string()]);
    while counted(running.path()) < before + events {
        std::thread::sleep(Duration::from_millis(20));
    }
    start.elapsed()
}

fn counted(folder: &Path) -> usize {
    std::fs::metadata(folder.join("count")).map_or(0, |file| usize::try_from(file.len()).unwrap_or_default())
}
