//! How far a cold apply and an empty diff are from what AWS's own times allow: a cold apply beside the longest chain of needs, each
//! node with the latency, states and quotas of the account's nature; an empty diff beside the calls that came one after another
//! and took longest together, as the endpoint saw them. `cargo bench --bench critical` prints it; nothing is asserted, because
//! wall times are the machine's. The budget is a ratio of 1.2.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pipe::aws::Place;
use pipe::bundle::Codes;
use pipe::graph::{Graph, Node};
use pipe::lower::lower;
use pipe_test_support::{Call, Emulator, Endpoint, Kind, Nature, Sandbox, copy_folder};

/// A spec, the folder from which it names its files, and an edit of one property.
struct Of {
    name: &'static str,
    folder: &'static str,
    edit: Option<(&'static str, &'static str)>,
}

const MAIN: Of = Of { name: "pipeline", folder: "", edit: Some(("memory_mb: 128", "memory_mb: 256")) };
const API: Of = example("api-to-table", Some(("burst: 10,", "burst: 11,")));
/// The examples of sources. A private one needs subnets, which MiniStack does not have.
const SOURCES: [Of; 9] = [
    example("topic", None),
    example("bucket", None),
    example("schedule", None),
    example("events", None),
    example("logs", None),
    example("iot", None),
    example("alexa", None),
    example("bucket-to-queue", None),
    example("events-to-stream", None),
];

const fn example(name: &'static str, edit: Option<(&'static str, &'static str)>) -> Of {
    Of { name, folder: "examples", edit }
}

/// Reads of a plan that come one after another: the caller, a list, what it leads to.
const READS_OF_A_PLAN: u32 = 3;
/// The longest that anything stays unseen after an apply; then a diff finds all of it.
const SEEN: Duration = Duration::from_secs(5);

fn main() {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    let real = Nature::real();
    let latency = Nature { latency: real.latency.clone(), ..Nature::default() };
    for of in [MAIN, API].into_iter().chain(SOURCES) {
        for (name, nature) in [("latency only", latency.clone()), ("as on AWS", real.clone())] {
            of.measure(&endpoint, nature, &format!("{}, {name}", of.name));
        }
    }
}

impl Of {
    fn measure(&self, endpoint: &Endpoint, nature: Nature, name: &str) {
        let user = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), "");
        let text = self.text(user.account.id());
        user.write(&text);
        let files = self.base().join(self.name);
        if files.is_dir() {
            copy_folder(&files, &user.path().join(self.name));
        }
        if self.name == "logs" {
            let group = serde_json::json!({ "logGroupName": "/aws/lambda/shop" });
            user.account.ask("logs", "Logs_20140328.CreateLogGroup", "/", &group);
        }
        user.account.set_nature(nature.clone());
        let apply = measure(&user, &["apply", "--yes"]);
        let api_writes = api_writes(&user);
        std::thread::sleep(SEEN);
        let diff = measure(&user, &["diff", "--exit-code"]);
        let model = Model { nature: &nature, graph: self.graph(user.account.id(), &text), api_writes };
        let (path, chain) = model.cold_apply();
        report(&format!("cold apply, {name}"), apply, path, &chain);
        let (path, chain) = slowest(&user.account.calls());
        report(&format!("empty diff, {name}"), diff, path, &chain);
        let Some((from, to)) = self.edit else { return };
        user.edit(from, to);
        let edit = measure(&user, &["apply", "--yes"]);
        let (path, chain) = slowest(&user.account.calls());
        report(&format!("edit of one property, {name}"), edit, path, &chain);
    }

    /// The spec. Names of buckets are everybody's: these have the account in them.
    fn text(&self, account: &str) -> String {
        let text = std::fs::read_to_string(self.base().join(format!("{}.yaml", self.name))).expect("the spec is there");
        text.replace("example-", &format!("example-{account}-"))
    }

    fn base(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(self.folder)
    }

    fn graph(&self, account: &str, text: &str) -> Graph {
        let place = Place { partition: "aws".into(), account: account.into(), region: "eu-central-1".into() };
        let loaded = pipe::spec::parse(self.name, text.as_bytes(), &self.base()).expect("the spec is good");
        lower(&loaded, &place, &Codes::unbuilt()).expect("the spec lowers")
    }
}

fn measure(user: &Sandbox, arguments: &[&str]) -> Duration {
    user.account.clear();
    let start = Instant::now();
    user.pipe(arguments);
    start.elapsed()
}

/// The writes of the REST API itself, which AWS takes one after another.
fn api_writes(user: &Sandbox) -> u32 {
    let writes = user.account.writes();
    let writes = writes.iter().filter(|call| call.service == "apigateway" && call.operation != "UpdateAccount");
    u32::try_from(writes.count()).unwrap_or(u32::MAX)
}

/// The calls that took longest together of those that came one after another: each began when the one before had ended.
fn slowest(calls: &[Call]) -> (Duration, String) {
    let mut calls: Vec<(Instant, Instant, &Call)> =
        calls.iter().filter_map(|call| Some((call.ended?, call.started, call))).collect();
    calls.sort_by_key(|(ended, ..)| *ended);
    let mut chains: Vec<(Duration, String)> = Vec::new();
    for (ended, started, call) in &calls {
        let before = chains.iter().zip(&calls).filter(|(_, (ended, ..))| ended <= started).map(|(chain, _)| chain);
        let (time, names) = before.max_by_key(|(time, _)| *time).cloned().unwrap_or_default();
        chains.push((time + (*ended - *started), format!("{names} {}", call.operation)));
    }
    chains.into_iter().max().unwrap_or_default()
}

fn report(what: &str, wall: Duration, path: Duration, chain: &str) {
    let (wall, path) = (wall.as_secs_f64(), path.as_secs_f64());
    let ratio = wall / path;
    let line = format!("{what:<36} wall {wall:>6.2} s   critical path {path:>6.2} s   ratio {ratio:>5.2}   {chain}\n");
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).expect("standard output takes a line");
}

/// What AWS needs for each resource, by its nature.
struct Model<'a> {
    nature: &'a Nature,
    graph: Graph,
    api_writes: u32,
}

/// When a resource is done, when its role can be used where it is one, and the ids on the way there.
#[derive(Clone, Default)]
struct Done {
    at: Duration,
    /// When those that follow it may begin, where that is sooner.
    there: Option<Duration>,
    assumable: Duration,
    permitted: Duration,
    chain: Vec<String>,
}

impl Model<'_> {
    /// So many calls one after another, at their mean latency.
    fn calls(&self, reads: u32, writes: u32) -> Duration {
        let latency = &self.nature.latency;
        let half = latency.jitter / 2;
        (latency.read + half) * reads + (latency.write + half) * writes
    }

    /// A plan, the lease, the longest chain, and the lease given back.
    fn cold_apply(&self) -> (Duration, String) {
        let start = self.calls(READS_OF_A_PLAN, 1);
        let mut known = BTreeMap::new();
        let all: Vec<Done> = self.graph.nodes().iter().map(|node| self.done(node, start, &mut known)).collect();
        let last = all.into_iter().max_by_key(|done| done.at).unwrap_or_default();
        (last.at + self.calls(1, 1), last.chain.join(" → "))
    }

    fn done(&self, node: &Node, start: Duration, known: &mut BTreeMap<String, Done>) -> Done {
        if let Some(done) = known.get(node.id.as_str()) {
            return done.clone();
        }
        let needs = node.needs.iter().filter_map(|need| Some((need.follow, self.graph.node(need.of.as_str())?)));
        let needs: Vec<Done> = needs
            .map(|(follow, need)| {
                let done = self.done(need, start, known);
                Done { at: done.there.filter(|_| follow).unwrap_or(done.at), ..done }
            })
            .collect();
        let latest = needs.iter().max_by_key(|done| done.at).cloned().unwrap_or_default();
        let begun = latest.at.max(start);
        let most = |of: fn(&Done) -> Duration| needs.iter().map(of).max().unwrap_or_default();
        let mut done = self.own(node, begun, most(|need| need.assumable), most(|need| need.permitted));
        done.chain = latest.chain.into_iter().chain([node.id.to_string()]).collect();
        known.insert(node.id.to_string(), done.clone());
        done
    }

    /// One resource: its reads and writes, and what AWS takes for it.
    fn own(&self, node: &Node, begun: Duration, assumable: Duration, permitted: Duration) -> Done {
        let states = &self.nature.states;
        let (roles, read, write) = (&self.nature.roles, self.calls(1, 0), self.calls(0, 1));
        let looked = begun + read;
        let at = match node.kind.name {
            "iam:Role" => {
                let made = looked + write;
                let at = made + write;
                let (assumable, permitted) = (made + roles.assumable, at + roles.permitted);
                return Done { at, assumable, permitted, ..Done::default() };
            }
            // A role of its own, and then one attempt at the account.
            "apigateway:AccountLogging" => {
                let made = looked + write;
                (made + roles.assumable).max(made + write + roles.permitted) + read + write
            }
            "lambda:Function" => {
                let at = looked.max(assumable) + write + states.functions.creating + read;
                return Done { at, permitted, ..Done::default() };
            }
            "lambda:EventSourceMapping" => looked.max(permitted) + write + states.mappings.creating + read,
            "kinesis:Stream" => {
                // CreateStream knows no encryption: that is a change of its own.
                let encrypting = write + states.streams.updating + read;
                let encrypted = node.desired["encryption"] != "none";
                let there = looked + write + states.streams.creating + read;
                let at = there + if encrypted { encrypting } else { Duration::ZERO };
                return Done { at, there: Some(there), ..Done::default() };
            }
            "dynamodb:Table" => looked + write * 2 + states.tables.creating + states.backups + read,
            "apigateway:RestApi" => looked + write * self.api_writes,
            "secretsmanager:Secret" => looked + read + write,
            "sqs:Queue" => looked + write + read,
            _ => looked + write * 2,
        };
        Done { at, ..Done::default() }
    }
}
