//! The record of one call: who asked which service for what, when, and what came of it.

use std::time::Instant;

use super::message::{Protocol, Request};
use super::operations;

/// One signed call that reached the endpoint.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service's name in signatures, such as `kinesis`, `apigateway` or, for the tagging API, `tagging`.
    pub service: String,
    pub operation: String,
    pub account: String,
    pub access_key: String,
    pub region: String,
    /// Whether the operation changes anything.
    pub write: bool,
    pub started: Instant,
    /// When the answer was ready, and its status; absent while it runs and where the connection was reset instead.
    pub ended: Option<Instant>,
    pub status: Option<u16>,
    pub(super) protocol: Protocol,
    /// Tells calls of one moment apart.
    pub(super) id: u64,
}

impl Call {
    /// Reads the call from a request, or nothing if the request is not signed. The account is left for the endpoint.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let (_, credential) = request.header("authorization").split_once("Credential=")?;
        let scope: Vec<&str> = credential.split(',').next()?.split('/').collect();
        let [access_key, _, region, service, _] = scope[..] else {
            return None;
        };
        let (protocol, operation) = operation(service, request);
        Some(Self {
            write: writes(service, &operation),
            service: service.to_owned(),
            operation,
            account: String::new(),
            access_key: access_key.to_owned(),
            region: region.to_owned(),
            started: Instant::now(),
            ended: None,
            status: None,
            protocol,
            id: 0,
        })
    }
}

fn operation(service: &str, request: &Request) -> (Protocol, String) {
    if let Some((_, operation)) = request.header("x-amz-target").rsplit_once('.') {
        return (Protocol::Json, operation.to_owned());
    }
    let action = form_urlencoded::parse(&request.body).find(|(key, _)| key == "Action");
    match action {
        Some((_, action)) => (Protocol::Query, action.into_owned()),
        None => {
            let query = request.target.split_once('?').map_or("", |(_, query)| query);
            (Protocol::RestJson, operations::name(service, &request.method, &request.segments(), query))
        }
    }
}

fn writes(service: &str, operation: &str) -> bool {
    const READS: [&str; 8] = ["Get", "List", "Describe", "BatchGet", "Query", "Scan", "Simulate", "GET "];
    // STS hands out credentials: nothing in the account differs afterwards.
    service != "sts" && !READS.iter().any(|prefix| operation.starts_with(prefix))
}

/// How many of these calls came one after another at most: the longest chain in which each began after the one before
/// had ended. Calls that ran beside each other count once.
pub fn rounds(calls: &[Call]) -> usize {
    let mut spans: Vec<(Instant, Instant)> = calls.iter().filter_map(|c| Some((c.ended?, c.started))).collect();
    // Taking what ends first, again and again, gives the longest chain of spans that do not overlap.
    spans.sort();
    let mut last_end: Option<Instant> = None;
    let mut rounds = 0;
    for (end, start) in spans {
        if last_end.is_none_or(|last| start >= last) {
            rounds += 1;
            last_end = Some(end);
        }
    }
    rounds
}
