//! What moto alone does otherwise than AWS, and what takes a record of the calls. The rest is in the forwarder's own table
//! (`local/src/endpoint/quirks/table.rs`).

mod api_gateway;
mod consumers;
mod functions;
mod tagging;
mod user_pools;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use hyper::Method;
use serde_json::{Map, Value};

use super::call::Call;
use super::message::{Answer, Request};
use super::tags::Tags;
use super::upstream::{Lost, Root, Upstream};
use crate::Kind;

/// Account, region and name.
type FunctionKey = (String, String, String);

/// What the endpoint remembers in the emulators' place.
#[derive(Default)]
pub struct Memory {
    tags: Mutex<Tags>,
    /// What moto drops of a function.
    functions: Mutex<HashMap<FunctionKey, Map<String, Value>>>,
}

impl Memory {
    pub fn tags(&self) -> MutexGuard<'_, Tags> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a call that succeeded changed.
    pub fn observe(&self, call: &Call, request: &Request, answer: &Answer) {
        if call.write && answer.is_success() {
            self.tags().observe(call, request, answer);
        }
    }
}

/// One call on its way through the endpoint.
pub struct Exchange<'a> {
    pub call: &'a Call,
    pub request: &'a Request,
    pub upstream: &'a Arc<Upstream>,
    pub memory: &'a Memory,
    /// The moment whose tags the tag query shows.
    pub tags_as_of: Instant,
}

type Answering<'a> = Pin<Box<dyn Future<Output = Result<Answer, Lost>> + Send + 'a>>;

impl Exchange<'_> {
    async fn forward(&self) -> Result<Answer, Lost> {
        self.upstream.answer(self.request, &self.call.account).await
    }

    pub fn error(&self, status: u16, code: &str, message: &str) -> Answer {
        Answer::error(self.call.protocol, status, code, message)
    }

    fn root<'r>(&'r self, operation: &'r str) -> Root<'r> {
        Root { account: &self.call.account, region: &self.call.region, service: &self.call.service, operation }
    }

    /// Reads from the caller's account what a REST-JSON service has under this path.
    pub async fn get(&self, path: &str) -> Result<Answer, Lost> {
        self.upstream.ask(&self.root(""), Method::GET, path, &Value::Null).await
    }

    /// Makes a call of a JSON service in the caller's account.
    pub async fn ask(&self, target: &str, input: &Value) -> Result<Answer, Lost> {
        self.upstream.ask(&self.root(target), Method::POST, "/", input).await
    }
}

/// Which emulators a quirk is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    Both,
    Moto,
}

struct Quirk {
    on: On,
    service: &'static str,
    operations: &'static [&'static str],
    answer: for<'a> fn(&'a Exchange<'a>) -> Answering<'a>,
}

const fn quirk(
    on: On,
    service: &'static str,
    operations: &'static [&'static str],
    answer: for<'a> fn(&'a Exchange<'a>) -> Answering<'a>,
) -> Quirk {
    Quirk { on, service, operations, answer }
}

/// The first that fits answers; what fits none is the forwarder's.
static QUIRKS: &[Quirk] = &[
    quirk(On::Both, "tagging", &["GetResources"], tagging::get_resources),
    quirk(On::Moto, "kinesis", &["DescribeStreamConsumer"], consumers::described),
    quirk(On::Moto, "lambda", functions::DESCRIBED_BY, functions::remembered),
    quirk(On::Moto, "lambda", &["DeleteFunction"], functions::forgotten),
    quirk(On::Moto, "cognito-idp", &["DescribeUserPool"], user_pools::tagged),
    quirk(On::Moto, "cognito-idp", &["UpdateUserPool"], user_pools::update),
    quirk(On::Moto, "cognito-idp", &["TagResource", "UntagResource"], user_pools::tagging),
    quirk(On::Moto, "apigateway", api_gateway::DESCRIBED_BY, api_gateway::tagged),
    quirk(On::Moto, "apigateway", &["GetTags", "TagResource", "UntagResource"], api_gateway::tagging),
];

/// Answers a call as AWS would.
pub async fn answer(exchange: &Exchange<'_>) -> Result<Answer, Lost> {
    let (call, kind) = (exchange.call, exchange.upstream.kind());
    let fits = |quirk: &&Quirk| {
        (quirk.on == On::Both || kind == Kind::Moto)
            && quirk.service == call.service
            && quirk.operations.contains(&call.operation.as_str())
    };
    match QUIRKS.iter().find(fits) {
        Some(quirk) => (quirk.answer)(exchange).await,
        None => exchange.forward().await,
    }
}
