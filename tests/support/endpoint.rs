//! The test endpoint: a layer over the forwarder of `pipe-local` that records every call, knows an account by its 12 digits, has
//! AWS's nature, and makes calls go wrong as a test asks for. The forwarder's table has what the emulators lack; [`quirks`] has
//! what only moto lacks, or what takes a record of the calls.

mod call;
mod faults;
mod message;
mod nature;
mod operations;
mod quirks;
mod server;
mod tags;
mod upstream;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use hyper::Method;
use serde_json::Value;
use tokio::sync::oneshot;

pub use call::{Call, rounds};
pub use faults::{Rule, RuleId};
pub use nature::{Fault, Faults, Latency, Nature, Roles, Spans, States, Unseen};
use server::Shared;
use upstream::{Root, Upstream};

use crate::{Emulator, Kind};

/// A running test endpoint. It ends when it is dropped.
pub struct Endpoint {
    shared: Arc<Shared>,
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Endpoint {
    /// Starts an endpoint on a free port of 127.0.0.1, on a thread of its own.
    pub fn start(emulator: &Emulator) -> Self {
        Self::start_on(0, emulator.kind(), &emulator.url())
    }

    /// Starts an endpoint on `port` in front of whatever answers at `upstream`.
    pub fn start_on(port: u16, kind: Kind, upstream: &str) -> Self {
        let shared = Arc::new(Shared::new(kind, upstream));
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).expect("failed to bind the endpoint's port");
        let port = listener.local_addr().expect("a bound port has an address").port();
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || server::run(listener, serving, stopped));
        Self { shared, port, stop: Some(stop), thread: Some(thread) }
    }

    /// What to give to `--endpoint-url`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// An account that no other test of this process has.
    pub fn account(&self) -> Account {
        static NEXT: AtomicU64 = AtomicU64::new(100_000_000_001);
        self.account_of(&NEXT.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// The account with this id, 12 digits.
    pub fn account_of(&self, id: &str) -> Account {
        Account { id: id.to_owned(), url: self.url(), shared: Arc::clone(&self.shared) }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().map(JoinHandle::join);
    }
}

/// One account on an endpoint: what was called in it, and what shall go wrong in it.
#[derive(Clone)]
pub struct Account {
    id: String,
    url: String,
    shared: Arc<Shared>,
}

impl Account {
    /// The account's id, which is the access key of its root as well.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The environment of a process that works in this account and in `eu-central-1`.
    pub fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ACCESS_KEY_ID", self.id.clone()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ENDPOINT_URL", self.url.clone()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }

    /// What the account answers its root in `eu-central-1`, as AWS spells it: to an operation of a JSON service
    /// (`Kinesis_20131202.ListStreams`), or, where `operation` is empty, to a GET of `path`.
    ///
    /// Panics if it answers an error.
    pub fn ask(&self, service: &str, operation: &str, path: &str, input: &Value) -> Value {
        let endpoint = Upstream::new(Kind::MiniStack, &self.url);
        let root = Root { account: &self.id, region: "eu-central-1", service, operation };
        let method = if operation.is_empty() { Method::GET } else { Method::POST };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let answer = runtime.block_on(endpoint.ask(&root, method, path, input)).expect("the endpoint answers");
        let text = String::from_utf8_lossy(&answer.body);
        assert!(answer.is_success(), "{service} {operation} {path} {input}: {} {text}", answer.status);
        answer.json()
    }

    /// The account's calls, in the order in which they came, but not those that came while it was stopped.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.state().calls.iter().filter(|call| call.account == self.id).cloned().collect()
    }

    /// The calls that change something.
    pub fn writes(&self) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.write).collect()
    }

    /// The calls that change nothing.
    pub fn reads(&self) -> Vec<Call> {
        self.calls().into_iter().filter(|call| !call.write).collect()
    }

    /// Forgets the calls so far. Not while calls are running.
    pub fn clear(&self) {
        self.shared.state().calls.retain(|call| call.account != self.id);
    }

    /// Sets a rule; rules add up.
    pub fn set(&self, rule: Rule) -> RuleId {
        self.shared.state().rules.add(&self.id, rule)
    }

    /// How often a rule has fired, so that a test can tell that its fault did happen.
    pub fn fired(&self, rule: RuleId) -> usize {
        self.shared.state().rules.fired(rule)
    }

    /// Takes all rules back.
    pub fn clear_rules(&self) {
        self.shared.state().rules.clear(&self.id);
    }

    /// Gives the account a nature in place of the one it had: the states and delays of AWS, quotas, bad luck. Whatever
    /// began under the old one goes on. It knows only what is made and changed from now on.
    pub fn set_nature(&self, nature: Nature) {
        self.shared.natures.set(&self.id, nature);
    }

    /// The faults that the nature's chance drew since it was set: the operation, its how-manieth call, and what happened.
    pub fn drawn_faults(&self) -> Vec<(String, u64, Fault)> {
        self.shared.natures.drawn(&self.id)
    }

    /// Whether a rule has stopped the account.
    pub fn is_stopped(&self) -> bool {
        self.shared.state().stopped.contains(&self.id)
    }

    /// Answers the account's calls again after a rule has stopped it.
    pub fn resume(&self) {
        self.shared.state().stopped.remove(&self.id);
    }
}
