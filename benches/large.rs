//! What an API of many routes costs with AWS's latency and quotas: made, edited in one route, and changed in every route. Prints
//! wall time and calls; nothing is asserted, because times are the machine's. `cargo bench --bench large`.
//!
//! The time of PutRestApi is the forwarder's, which makes the document's parts one by one on MiniStack, and not AWS's, which is not
//! published: it is printed apart.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use pipe_test_support::{Call, Emulator, Endpoint, Kind, Nature, Sandbox};

const IMPORT: &str = "PutRestApi";
/// The longest that anything stays unseen after an apply.
const SEEN: Duration = Duration::from_secs(5);

/// So many open routes to a stream, of one resource each.
fn spec(routes: usize) -> String {
    let mut text = "name: large\nstream: { kinesis: {} }\nsource:\n  api:\n    routes:\n".to_owned();
    for number in 0..routes {
        let _ = writeln!(text, "      - {{ post: /r{number}, auth: none, partition_key: body.id }}");
    }
    text
}

fn main() {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    let real = Nature::real();
    let nature = Nature { latency: real.latency, quotas: real.quotas, one_at_a_time: true, ..Nature::default() };
    for routes in [3, 100, 299] {
        let user = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), &spec(routes));
        user.account.set_nature(nature.clone());
        measure(&user, &format!("{routes} routes, made"));
        user.edit("/r1, auth: none, partition_key: body.id", "/r1, auth: none, partition_key: random");
        measure(&user, &format!("{routes} routes, one edited"));
        user.write(&spec(routes).replace("body.id", "body.key"));
        measure(&user, &format!("{routes} routes, all edited"));
    }
}

fn measure(user: &Sandbox, what: &str) {
    // Quotas that were used up are full again.
    std::thread::sleep(SEEN);
    user.account.clear();
    let start = Instant::now();
    user.pipe(&["apply", "--yes", "--allow-data-loss", "all", "--allow-widening"]);
    report(what, start.elapsed(), &user.account.calls());
}

fn report(what: &str, wall: Duration, calls: &[Call]) {
    let calls: Vec<&Call> = calls.iter().filter(|call| call.service == "apigateway").collect();
    let writes = calls.iter().filter(|call| call.write).count();
    let imports = calls.iter().filter(|call| call.operation == IMPORT);
    let import: Duration = imports.filter_map(|call| Some(call.ended? - call.started)).sum();
    let mut operations: BTreeMap<&str, usize> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.write) {
        *operations.entry(&call.operation).or_default() += 1;
    }
    let operations: Vec<String> = operations.into_iter().map(|(name, count)| format!("{count} {name}")).collect();
    let line = format!(
        "{what:<24} wall {:>6.2} s, {:>6.2} s of it PutRestApi   API Gateway: {:>4} reads {writes:>4} writes: {}\n",
        wall.as_secs_f64(),
        import.as_secs_f64(),
        calls.len() - writes,
        operations.join(", "),
    );
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).expect("standard output takes a line");
}
