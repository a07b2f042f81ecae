//! What a large pipeline costs: a spec with up to 299 routes, and a graph of up to 1,000 resources of a fake kind. Prints CPU time
//! and the peak of the resident size; nothing is asserted, because times are the machine's.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use pipe::aws::{Cx, Place};
use pipe::bundle::Codes;
use pipe::error::Result;
use pipe::graph::{Graph, Node};
use pipe::live::Found;
use pipe::lower::lower;
use pipe::plan::{plan, steps};
use pipe::resource::{Grant, Handle, Kind, Live, Made, Name, Outputs, Resource, Scope, State, Tags};
use pipe::term::{View, render_plan};
use serde::{Deserialize, Serialize};

/// A resource with a few properties, as most have.
#[derive(Serialize, Deserialize)]
struct Fake {
    value: usize,
    texts: Vec<String>,
}

static KINDS: &[Kind] = &[Kind::of::<Fake>()];

impl Resource for Fake {
    const KIND: &'static str = "fake:Thing";

    fn grants(_: &Scope, _: &Name) -> Vec<Grant> {
        Vec::new()
    }

    async fn read(_cx: &Cx, _name: &Name) -> Result<Vec<Live<Self>>> {
        Ok(Vec::new())
    }

    async fn reconcile(&self, _cx: &Cx, _name: &Name, _live: Option<&Live<Self>>) -> Result<Made> {
        Ok(Made { outputs: Outputs::new(), identity: String::new() })
    }

    async fn delete(_cx: &Cx, _name: &Name, _handle: &Handle) -> Result<()> {
        Ok(())
    }
}

/// CPU time of this process so far, in milliseconds (`/proc/self/stat`: user and system, in hundredths of a second).
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    after.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
}

/// Peak of the resident size, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
}

fn report(what: &str, times: u64, work: impl Fn() -> usize) {
    let start = cpu();
    let result = (0..times).map(|_| work()).last().unwrap_or_default();
    let each = (cpu() - start) / times;
    let line = format!("{what:<44} {each:>6} ms CPU {:>5} MiB peak   ({result})\n", peak());
    std::io::stdout().write_all(line.as_bytes()).expect("standard output takes a line");
}

/// The main file with so many routes of one segment.
fn spec(routes: usize) -> String {
    let main = include_str!("../pipeline.yaml");
    let mut many = String::new();
    for number in 0..routes {
        let _ = write!(many, "      - post: /route{number}\n        partition_key: body.eventId\n");
    }
    main.replace("      - post: /submit/{streamName}/{eventId}\n        partition_key: path.eventId\n", &many)
}

/// A graph in which each resource needs the two before it, and what is live: all of it, with another value.
fn graph(size: usize) -> (Graph, Found) {
    let mut found = Found::default();
    let nodes = (0..size).map(|number| {
        let texts = (0..10).map(|text| format!("arn:aws:fake:eu-central-1:111122223333:{text}/{number}")).collect();
        let fake = Fake { value: number, texts };
        let (id, name) = (format!("node-{number}"), format!("bench-{number}"));
        let tags = [("pipe:pipeline", "bench"), ("pipe:resource", id.as_str())];
        let live = Live {
            handle: Handle::new(&name),
            props: serde_json::json!({ "value": number + 1, "texts": fake.texts }),
            outputs: Outputs::new(),
            tags: tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            identity: String::new(),
            state: State::Live,
        };
        found.lives.insert((Fake::KIND, Name::new(&name)), vec![live]);
        let before = (1..=2).filter_map(|back| Some(format!("node-{}", number.checked_sub(back)?)));
        let node = Node::new(&id, name, &fake).expect("the properties are JSON");
        node.needs(before.collect::<Vec<_>>().iter().map(String::as_str))
    });
    let nodes = nodes.collect();
    (Graph::new("bench", Tags::new(), nodes).expect("no cycle"), found)
}

fn main() {
    let place = Place { partition: "aws".into(), account: "111122223333".into(), region: "eu-central-1".into() };
    let view = View::new(&place, false);
    for routes in [100, 299] {
        let text = spec(routes);
        report(&format!("{routes} routes: parse, check, lower, plan, show"), 3, || {
            let loaded = pipe::spec::parse("pipeline.yaml", text.as_bytes(), Path::new(".")).expect("a good spec");
            let graph = lower(&loaded, &place, &Codes::unbuilt()).expect("it lowers");
            render_plan(&plan(&graph, &Found::default(), pipe::kinds::KINDS, false), &view).len()
        });
    }
    for size in [100, 300, 1000] {
        let (graph, found) = graph(size);
        report(&format!("{size} resources that differ: plan, steps, show"), 3, || {
            let plan = plan(&graph, &found, KINDS, false);
            steps(&plan, KINDS).len() + render_plan(&plan, &view).len()
        });
    }
}
