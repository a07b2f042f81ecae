//! One user before an emulator, and AWS's own view of what they did.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::Child;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kinesis::config::Credentials;
use pipe_test_support::{Call, Emulator, Endpoint, Kind, Sandbox};

/// The main file.
pub const MAIN: &str = include_str!("../../pipeline.yaml");

/// What the main file comes to, once.
pub const WHOLE: &str = "apis 1, deployments 1, functions 2, log groups 3, mappings 1, queues 1, roles 4, secrets 1, stages 1, streams 1, tables 1";

/// What a destroy leaves: the account's logging role, and the secret in its recovery window.
pub const LEFT: &str = "apis 0, deployments 0, functions 0, log groups 0, mappings 0, queues 0, roles 1, secrets 1, stages 0, streams 0, tables 0";

/// The folder of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A user in an account of their own on an emulator, and AWS's clients for the same account.
pub struct Site {
    pub user: Sandbox,
    pub sdk: SdkConfig,
    runtime: tokio::runtime::Runtime,
    /// It answers as long as the user is there.
    _endpoint: Endpoint,
}

impl Site {
    /// A user with this spec on MiniStack, and nothing applied.
    pub fn new(spec: &str) -> Self {
        Self::on(Kind::MiniStack, spec)
    }

    /// The same on another emulator.
    pub fn on(kind: Kind, spec: &str) -> Self {
        let endpoint = Endpoint::start(Emulator::shared(kind));
        let account = endpoint.account();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let credentials = Credentials::new(account.id(), "test", None, None, "tests");
        let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("eu-central-1"));
        let loader = loader.endpoint_url(endpoint.url()).credentials_provider(credentials);
        let sdk = runtime.block_on(loader.load());
        let user = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), account, spec);
        Self { user, sdk, runtime, _endpoint: endpoint }
    }

    /// The main file, applied; the calls until then are forgotten.
    pub fn applied() -> Self {
        let site = Self::new(MAIN);
        site.user.pipe(&["apply", "--yes"]);
        site.user.account.clear();
        site
    }

    /// Waits for an answer.
    pub fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    /// How much there is of everything that the main file makes, by AWS's lists.
    pub fn census(&self) -> String {
        let counts = self.wait(census(&self.sdk));
        counts.iter().map(|(what, count)| format!("{what} {count}")).collect::<Vec<_>>().join(", ")
    }

    /// The operations that wrote, in the order in which they came.
    pub fn written(&self) -> Vec<String> {
        self.user.account.writes().into_iter().map(|call| call.operation).collect()
    }

    /// The calls of one operation.
    pub fn calls_of(&self, operation: &str) -> Vec<Call> {
        self.user.account.calls().into_iter().filter(|call| call.operation == operation).collect()
    }
}

async fn census(sdk: &SdkConfig) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    let apigateway = aws_sdk_apigateway::Client::new(sdk);
    let apis = apigateway.get_rest_apis().send().await.unwrap();
    counts.extend([("apis", apis.items().len()), ("stages", 0), ("deployments", 0)]);
    for api in apis.items() {
        let id = api.id().unwrap();
        let stages = apigateway.get_stages().rest_api_id(id).send().await.unwrap();
        let deployments = apigateway.get_deployments().rest_api_id(id).send().await.unwrap();
        *counts.get_mut("stages").unwrap() += stages.item().len();
        *counts.get_mut("deployments").unwrap() += deployments.items().len();
    }
    let lambda = aws_sdk_lambda::Client::new(sdk);
    counts.insert("functions", lambda.list_functions().send().await.unwrap().functions().len());
    let mappings = lambda.list_event_source_mappings().send().await.unwrap();
    counts.insert("mappings", mappings.event_source_mappings().len());
    let roles = aws_sdk_iam::Client::new(sdk).list_roles().path_prefix("/pipe/").send().await.unwrap();
    counts.insert("roles", roles.roles().len());
    let groups = aws_sdk_cloudwatchlogs::Client::new(sdk).describe_log_groups().send().await.unwrap();
    counts.insert("log groups", groups.log_groups().len());
    let streams = aws_sdk_kinesis::Client::new(sdk).list_streams().send().await.unwrap();
    counts.insert("streams", streams.stream_names().len());
    let tables = aws_sdk_dynamodb::Client::new(sdk).list_tables().send().await.unwrap();
    counts.insert("tables", tables.table_names().len());
    let queues = aws_sdk_sqs::Client::new(sdk).list_queues().send().await.unwrap();
    counts.insert("queues", queues.queue_urls().len());
    let secrets = aws_sdk_secretsmanager::Client::new(sdk).list_secrets().include_planned_deletion(true);
    counts.insert("secrets", secrets.send().await.unwrap().secret_list().len());
    counts
}

/// Sends a signal, by its name without `SIG`.
pub fn signal(process: u32, name: &str) {
    let sent = std::process::Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status().unwrap();
    assert!(sent.success(), "no process {process} to send {name} to");
}

/// Reads what a process says until a line holds this text, and gives all that was read.
pub fn heard(from: &mut impl BufRead, text: &str) -> String {
    let mut said = String::new();
    while !said.contains(text) {
        assert!(from.read_line(&mut said).unwrap() > 0, "it ended without `{text}`: {said}");
    }
    said
}

/// Waits until something is so, for at most two minutes.
pub fn until(what: &str, so: impl Fn() -> bool) {
    pipe_test_support::until(what, || so().then_some(()));
}

/// Ends a process that a failed test would leave behind.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
