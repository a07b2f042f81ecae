//! What AWS does and MiniStack 1.5.33 does not: [`table`] lists it, and a file for each service has the answers.

mod api_gateway;
mod binary_types;
mod carried;
mod changes;
mod code;
mod consumer_mappings;
mod consumers;
mod domains;
mod endpoint_types;
mod import;
mod listing;
mod logs;
mod mappings;
mod message_ids;
mod queue_batches;
mod queue_mappings;
mod refusals;
mod reshard;
mod shards;
mod streams;
mod table;
mod table_streams;
mod tagging;
mod ttl;
mod usage_plans;
mod user_pools;
mod web_acls;

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use table::find;

use super::call::Call;
use super::upstream::{Caller, Passed, Upstream, read};

/// What the forwarder remembers in MiniStack's place, as long as it runs.
#[derive(Default)]
pub struct Memory {
    /// The start time of mappings, by UUID.
    starts: Mutex<HashMap<String, Value>>,
    modes: streams::Modes,
    /// What records hold at most, where it was set.
    sizes: streams::Modes,
    policies: api_gateway::Policies,
    binary_types: binary_types::BinaryTypes,
    endpoint_types: endpoint_types::Configurations,
    pools: user_pools::Names,
    /// Held while a mapping is made, so that of two at once the second is refused.
    making_mapping: tokio::sync::Mutex<()>,
    codes: code::Codes,
    consumers: consumers::Consumers,
    shards: shards::Streams,
    web_acls: web_acls::Associations,
    pub logs: logs::Logs,
    pub changes: changes::Changes,
    pub ttl: ttl::Settings,
}

impl Memory {
    /// The path at MiniStack of a function's code that is asked for by an address that the forwarder gave out.
    pub fn code(&self, head: &Parts) -> Option<Uri> {
        code::asked(&self.codes, head)
    }
}

/// One call on its way through the forwarder, with its body read.
pub struct Exchange<'a> {
    pub call: &'a Call,
    pub head: &'a Parts,
    pub body: Bytes,
    pub upstream: &'a Upstream,
    pub memory: &'a Memory,
    /// The access key of the account's root, because the caller may be somebody else with fewer rights.
    pub root: Option<&'a str>,
}

impl Exchange<'_> {
    async fn forward(&self) -> Answering {
        read(self.upstream.pass(self.head.clone(), self.body.clone()).await?).await
    }

    /// The same call with another input, which must not be longer. A role's signature is over the length and the hash of the body:
    /// spaces make up the one, and MiniStack takes the other from the header, where there is one.
    async fn forward_as(&self, input: &str) -> Answering {
        let mut head = self.head.clone();
        head.headers.remove(CONTENT_LENGTH);
        let signed = format!("{:x}", Bytes::copy_from_slice(&Sha256::digest(&self.body)));
        head.headers.entry("x-amz-content-sha256").or_insert(HeaderValue::from_str(&signed)?);
        let mut body = input.as_bytes().to_vec();
        body.resize(body.len().max(self.body.len()), b' ');
        read(self.upstream.pass(head, body.into()).await?).await
    }

    /// Makes another call of the called JSON service in the caller's name, who must be the account's root.
    async fn call(&self, target: &str, input: &Value) -> Answering {
        self.upstream.call(&self.caller(&self.call.service), target, "/", input).await
    }

    /// The body as JSON, or null where it is none.
    fn input(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Asks a JSON service in the caller's name.
    async fn ask(&self, service: &str, target: &str, input: &Value) -> Option<Value> {
        self.upstream.ask(&self.caller(service), target, "/", input).await
    }

    /// Reads what the called service has under this path in the caller's name.
    async fn get(&self, path: &str) -> Option<Value> {
        self.upstream.ask(&self.caller(&self.call.service), "", path, &Value::Null).await
    }

    fn caller<'c>(&'c self, service: &'c str) -> Caller<'c> {
        Caller { headers: &self.head.headers, call: self.call, service, root: self.root }
    }

    /// The percent-decoded segments of the path.
    fn segments(&self) -> Vec<String> {
        let segments = self.head.uri.path().split('/').filter(|segment| !segment.is_empty());
        segments.map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect()
    }
}

type Answering = Passed<Response<Bytes>>;

/// Changes an answer that succeeded and is JSON; another one stays as it is.
fn mended(answer: Response<Bytes>, mend: impl FnOnce(&mut Value)) -> Response<Bytes> {
    if !answer.status().is_success() {
        return answer;
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(answer.body()) else { return answer };
    mend(&mut body);
    answer.map(|_| Bytes::from(body.to_string()))
}

/// The described things of an answer: itself, or the members of its list.
fn each<'a>(body: &'a mut Value, lists: &[&str]) -> Vec<&'a mut Value> {
    let list = lists.iter().find(|list| body[**list].is_array());
    match list {
        Some(list) => body[*list].as_array_mut().into_iter().flatten().collect(),
        None => vec![body],
    }
}
