//! What AWS does and MiniStack 1.5.33 does not, as far as a session of `pipe dev` meets it: one table.

mod api_gateway;
mod carried;
mod code;
mod listing;
mod logs;
mod reshard;
mod shards;
mod streams;
mod tagging;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, Uri};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::call::Call;
use super::upstream::{Caller, Passed, Upstream, read};

/// What the forwarder remembers in MiniStack's place, as long as it runs.
#[derive(Default)]
pub struct Memory {
    /// The start time of mappings, by UUID.
    starts: Mutex<HashMap<String, Value>>,
    modes: streams::Modes,
    codes: code::Codes,
    shards: shards::Streams,
    pub logs: logs::Logs,
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
        let caller = Caller { headers: &self.head.headers, call: self.call, service: &self.call.service };
        self.upstream.call(&caller, target, "/", input).await
    }

    /// The body as JSON, or null where it is none.
    fn input(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Asks a JSON service in the caller's name.
    async fn ask(&self, service: &str, target: &str, input: &Value) -> Option<Value> {
        let caller = Caller { headers: &self.head.headers, call: self.call, service };
        self.upstream.ask(&caller, target, "/", input).await
    }

    /// Reads what the called service has under this path in the caller's name.
    async fn get(&self, path: &str) -> Option<Value> {
        let caller = Caller { headers: &self.head.headers, call: self.call, service: &self.call.service };
        self.upstream.ask(&caller, "", path, &Value::Null).await
    }
}

type Answering = Passed<Response<Bytes>>;
type Answer = for<'a> fn(&'a Exchange<'a>) -> BoxFuture<'a, Answering>;

/// How a call is told from others.
enum Operation {
    /// By `x-amz-target`.
    Target(&'static str),
    /// By service, method and path, in which `*` is any one segment.
    Path(&'static str, &'static str, &'static str),
}

use Operation::{Path, Target};

/// One thing that MiniStack does otherwise.
pub struct Quirk {
    reason: &'static str,
    operations: &'static [Operation],
    answer: Answer,
}

/// The first that fits answers; what fits none goes to the endpoint as it is.
static QUIRKS: &[Quirk] = &[
    Quirk {
        reason: "an authorizer's patched TTL is kept as text, which the SDKs cannot read",
        operations: &[
            Path("apigateway", "GET", "restapis/*/authorizers"),
            Path("apigateway", "GET", "restapis/*/authorizers/*"),
            Path("apigateway", "PATCH", "restapis/*/authorizers/*"),
        ],
        answer: api_gateway::numeric_ttl,
    },
    Quirk {
        reason: "a REST API shows the tags of its creation for ever",
        operations: &[Path("apigateway", "GET", "restapis"), Path("apigateway", "GET", "restapis/*")],
        answer: api_gateway::current_tags,
    },
    Quirk {
        reason: "a mapping's StartingPositionTimestamp is dropped",
        operations: &[
            Path("lambda", "POST", "2015-03-31/event-source-mappings"),
            Path("lambda", "GET", "2015-03-31/event-source-mappings"),
            Path("lambda", "GET", "2015-03-31/event-source-mappings/*"),
            Path("lambda", "PUT", "2015-03-31/event-source-mappings/*"),
        ],
        answer: start_time,
    },
    Quirk {
        reason: "the code of a function is at an address that can be guessed",
        operations: &[Path("lambda", "GET", "2015-03-31/functions/*")],
        answer: code::location,
    },
    Quirk {
        reason: "UpdateStreamMode is unknown",
        operations: &[Target("Kinesis_20131202.UpdateStreamMode")],
        answer: streams::update_mode,
    },
    Quirk {
        reason: "and so the mode that it set is not shown",
        operations: &[
            Target("Kinesis_20131202.DescribeStream"),
            Target("Kinesis_20131202.DescribeStreamSummary"),
            Target("Kinesis_20131202.ListStreams"),
        ],
        answer: streams::current_mode,
    },
    Quirk {
        reason: "the refusal of an empty partition key does not name it, and nobody tells the pollers of records",
        operations: &[Target("Kinesis_20131202.PutRecord"), Target("Kinesis_20131202.PutRecords")],
        answer: streams::put_record,
    },
    Quirk {
        reason: "UpdateShardCount makes new, empty shards under the ids of the old ones",
        operations: &[Target("Kinesis_20131202.UpdateShardCount")],
        answer: reshard::update_count,
    },
    Quirk {
        reason: "and so closed shards are not listed",
        operations: &[Target("Kinesis_20131202.ListShards")],
        answer: listing::list,
    },
    Quirk {
        reason: "nor can one be read",
        operations: &[Target("Kinesis_20131202.GetShardIterator")],
        answer: shards::iterate,
    },
    Quirk {
        reason: "and an iterator from before goes on in another shard",
        operations: &[Target("Kinesis_20131202.GetRecords")],
        answer: shards::read,
    },
    Quirk {
        reason: "what the forwarder keeps of a stream ends with it",
        operations: &[Target("Kinesis_20131202.CreateStream"), Target("Kinesis_20131202.DeleteStream")],
        answer: shards::forget,
    },
    Quirk {
        reason: "logs stay in memory for ever",
        operations: &[Target("Logs_20140328.PutLogEvents")],
        answer: logs::put,
    },
    Quirk {
        reason: "the tagging API knows no streams, secrets and log groups",
        operations: &[Target("ResourceGroupsTaggingAPI_20170126.GetResources")],
        answer: tagging::get_resources,
    },
];

impl Quirk {
    /// Answers a call as AWS would.
    ///
    /// # Errors
    /// The endpoint gave no answer.
    pub async fn answer(&self, exchange: &Exchange<'_>) -> Answering {
        tracing::trace!(reason = self.reason, "the endpoint's answer is put right");
        (self.answer)(exchange).await
    }
}

/// The quirk that answers this call, if one does.
pub fn find(call: &Call, head: &Parts) -> Option<&'static Quirk> {
    let fits = |operation: &Operation| match operation {
        Target(target) => *target == call.target,
        Path(service, method, pattern) => {
            *service == call.service && *method == head.method && matches(pattern, head.uri.path())
        }
    };
    QUIRKS.iter().find(|quirk| quirk.operations.iter().any(fits))
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.trim_matches('/').split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(want), Some(have)) if want == "*" || want == have => {}
            _ => return false,
        }
    }
}

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

fn start_time<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    const START: &str = "StartingPositionTimestamp";
    Box::pin(async move {
        let answer = exchange.forward().await?;
        let given = exchange.input().get_mut(START).map(Value::take).unwrap_or_default();
        Ok(mended(answer, |body| {
            let mut starts = exchange.memory.starts.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(uuid) = body["UUID"].as_str().filter(|_| exchange.head.method == "POST" && !given.is_null()) {
                starts.insert(uuid.to_owned(), given);
            }
            for mapping in each(body, &["EventSourceMappings"]) {
                let start = mapping["UUID"].as_str().and_then(|uuid| starts.get(uuid)).cloned();
                if let Some(start) = start.filter(|_| mapping[START].is_null()) {
                    mapping[START] = start;
                }
            }
        }))
    })
}
