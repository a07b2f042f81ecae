//! The budgets: calls and wall time of cold apply, empty diff, second apply and code-only change, on MiniStack behind the test
//! endpoint. `cargo bench` prints them; nothing is asserted here, because wall times are the machine's.

use std::time::{Duration, Instant};

use pipe_test_support::{Call, Emulator, Endpoint, Kind, Sandbox, rounds};

const MAIN: &str = include_str!("../pipeline.yaml");
const RUNS: usize = 5;

/// One measured command: its wall time, and the calls that it made.
struct Measure {
    wall: Duration,
    calls: Vec<Call>,
}

fn measure(sandbox: &Sandbox, arguments: &[&str]) -> Measure {
    sandbox.account.clear();
    let start = Instant::now();
    sandbox.pipe(arguments);
    Measure { wall: start.elapsed(), calls: sandbox.account.calls() }
}

fn report(what: &str, mut runs: Vec<Measure>) {
    runs.sort_by_key(|run| run.wall);
    let (least, median, most) = (&runs[0], &runs[runs.len() / 2], &runs[runs.len() - 1]);
    let writes = median.calls.iter().filter(|call| call.write).count();
    let line = format!(
        "{what:<24} {:>5} reads {:>4} writes {:>3} after one another   wall ms: {:>6} min {:>6} median {:>6} max\n",
        median.calls.len() - writes,
        writes,
        rounds(&median.calls),
        least.wall.as_millis(),
        median.wall.as_millis(),
        most.wall.as_millis(),
    );
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).expect("standard output takes a line");
}

fn main() {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    let sandboxes: Vec<Sandbox> =
        (0..RUNS).map(|_| Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), MAIN)).collect();
    let each = |arguments: &[&str]| sandboxes.iter().map(|sandbox| measure(sandbox, arguments)).collect::<Vec<_>>();
    report("validate", each(&["validate"]));
    report("cold apply", each(&["apply", "--yes"]));
    report("empty diff", each(&["diff"]));
    report("second apply", each(&["apply", "--yes"]));
    for sandbox in &sandboxes {
        sandbox.edit("memory_mb: 128", "memory_mb: 256");
    }
    report("one property", each(&["apply", "--yes"]));
    for sandbox in &sandboxes {
        std::fs::create_dir(sandbox.path().join("own")).expect("a folder for the user's own handler");
        std::fs::write(sandbox.path().join("own/bootstrap"), "#!/bin/sh\n").expect("the user's own handler");
        sandbox.edit("handler: stream-to-table", "handler: ./own");
    }
    // The role changes too when the user's own handler replaces the bundled one: this is setup, and is not measured.
    each(&["apply", "--yes", "--allow-widening"]);
    for sandbox in &sandboxes {
        std::fs::write(sandbox.path().join("own/bootstrap"), "#!/bin/sh\nexit 1\n").expect("other code");
    }
    report("code only", each(&["apply", "--yes"]));
    report("destroy", each(&["destroy", "--yes", "--allow-data-loss", "all"]));
}
