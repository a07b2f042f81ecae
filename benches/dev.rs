//! The budgets of `pipe dev`: warm start, events from POST to row, the gateway alone, a local invoke, a handler's reload. Prints
//! figures; nothing is asserted, because they are the machine's. `cargo bench -p pipe --bench dev`.

#[path = "dev/changes.rs"]
mod changes;
#[path = "dev/doors.rs"]
mod doors;
#[path = "dev/load.rs"]
mod load;
#[path = "dev/queues.rs"]
mod queues;
#[path = "dev/redrive.rs"]
mod redrive;
#[path = "dev/running.rs"]
mod running;
#[path = "dev/sources.rs"]
mod sources;
#[path = "dev/stub.rs"]
mod stub;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use pipe_local::functions::{self, Functions};
use pipe_local::gateway::{self, Gateway};
use pipe_local::invoke::{Answer, Call, Invoke};
use pipe_local::roles::Roles;
use pipe_local::seen::Lens;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use load::{Load, quantile};
use running::{Running, cpu};

const EVENTS: usize = 5_000;
const REQUESTS: usize = 20_000;
const INVOKES: usize = 2_000;

fn say(what: &str, figures: &str) {
    let line = format!("{what:<28} {figures}\n");
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).expect("standard output takes a line");
}

#[tokio::main]
async fn main() {
    // The first start may install the emulator.
    Running::start().stop();
    warm_start().await;
    let running = Running::start();
    let load = Load::new(&running).await;
    from_post_to_row(&running, &load, "POST to row").await;
    gateway_alone(&running, &load, "gateway against a stub", 3_000).await;
    invoke(&running).await;
    running.stop();
    console().await;
    let running = doors::start();
    for door in doors::DOORS {
        gateway_alone(&running, &door.load(&running), door.name, door.budget).await;
    }
    running.stop();
    queues::through().await;
    changes::to_the_function().await;
    sources::to_the_function();
    redrive::to_the_function().await;
    reload();
}

async fn warm_start() {
    let mut times = Vec::new();
    for _ in 0..3 {
        let start = Instant::now();
        let running = Running::start();
        let load = Load::new(&running).await;
        assert_eq!(load.post("warm", 0).await, 200);
        times.push(start.elapsed());
        running.stop();
    }
    times.sort();
    say("start to first POST", &format!("{:.2} s median of 3 (budget 5 s)", times[1].as_secs_f32()));
}

/// All events are posted by 32 connections; the clock stops when the last one is a row.
async fn from_post_to_row(running: &Running, load: &Load, what: &str) {
    let ministack = running.ministack();
    let (start, cpu_before, ours_before) = (Instant::now(), cpu(ministack), running.cpu());
    load.post_all("row", EVENTS).await;
    let posted = start.elapsed();
    while running.rows().await < EVENTS {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let all = start.elapsed();
    let (theirs, ours) = (cpu(ministack) - cpu_before, running.cpu() - ours_before);
    say(
        what,
        &format!(
            "{:.0} events/s ({EVENTS} in {:.1} s, posted after {:.1} s; budget 200); CPU: MiniStack {:.1} s, pipe dev and its functions {:.1} s",
            EVENTS as f32 / all.as_secs_f32(),
            all.as_secs_f32(),
            posted.as_secs_f32(),
            theirs.as_secs_f32(),
            ours.as_secs_f32(),
        ),
    );
}

/// The same without a console, and with a page of it open; in turns, because the machine has better and worse moments.
async fn console() {
    for _ in 0..2 {
        let running = Running::without_console();
        let load = Load::new(&running).await;
        from_post_to_row(&running, &load, "the same without a console").await;
        running.stop();
        let running = Running::start();
        let load = Load::new(&running).await;
        running.open_page();
        from_post_to_row(&running, &load, "the same with a page open").await;
        running.stop();
    }
}

/// The API as deployed, with a Kinesis and an authorizer that answer at once.
async fn gateway_alone(running: &Running, load: &Load, what: &str, budget: u32) {
    let stub = stub::start(&running.endpoint_url(), running.keys()).await;
    let roles = Roles::new(running.sdk(Some(&stub)));
    let invoke: Invoke = Arc::new(|_| {
        let policy = serde_json::json!({ "principalId": "user", "policyDocument": { "Version": "2012-10-17", "Statement": [
            { "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*" }] } });
        async move {
            Ok(Answer {
                payload: Bytes::from(policy.to_string()),
                error: None,
                request_id: "bench".to_owned(),
                memory: None,
            })
        }
        .boxed()
    });
    let (events, _told) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/prod", listener.local_addr().expect("it has an address"));
    let (api, stage) = (running.api().await, "prod".to_owned());
    let settings =
        gateway::Settings { roles, keys: Arc::new(|_| None), invoke, events, lens: Lens::default(), api, stage };
    let gateway = Gateway::start(listener, settings).await.expect("the gateway starts");
    let load = load.to(&url);
    load.post_all("warm", 500).await;
    let start = Instant::now();
    load.post_all("gateway", REQUESTS).await;
    let rate = REQUESTS as f32 / start.elapsed().as_secs_f32();
    say(what, &format!("{rate:.0} requests/s, load and stub on the same cores (budget {budget})"));
    gateway.stop().await;
}

/// The bundled consumer with an empty batch: what is left is the way to it and back.
async fn invoke(running: &Running) {
    let (events, _told) = mpsc::unbounded_channel();
    let functions = Functions::new(functions::Settings {
        supervisor: vec![env!("CARGO_BIN_EXE_pipe").into(), "supervise".into()],
        cache: running.path().join("code"),
        events,
        lens: Lens::default(),
        roles: Roles::new(running.sdk(None)),
        endpoint_url: running.endpoint_url(),
        region: "eu-central-1".to_owned(),
    });
    let empty = Bytes::from_static(br#"{"Records":[]}"#);
    let mut times = Vec::new();
    for _ in 0..INVOKES {
        let start = Instant::now();
        let answer = functions
            .invoke(Call::new("gateway-events-consumer".to_owned(), empty.clone()))
            .await
            .expect("the function is called");
        assert_eq!(answer.error, None);
        times.push(start.elapsed());
    }
    functions.stop().await;
    times.sort();
    let [half, most] = [0.5, 0.99].map(|part| quantile(&times, part).as_secs_f64() * 1000.0);
    say("local invoke", &format!("{half:.2} ms median, {most:.2} ms p99, an empty batch and all (budget 2 ms)"));
}

/// From a handler's new file to the end of its apply.
fn reload() {
    let running = Running::with_own_handler();
    let mut times = Vec::new();
    for number in 0..5 {
        let start = Instant::now();
        running.write_handler(number);
        running.until("Applied in", number + 1);
        times.push(start.elapsed());
    }
    times.sort();
    say("handler reload", &format!("{:.2} s median of 5 (budget 1 s)", times[2].as_secs_f32()));
    running.stop();
}
