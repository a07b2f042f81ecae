//! What the tests of the pollers of queues share.

mod batches;
mod failures;
mod fifo;
mod filters;
mod large;
mod properties;
mod records;
mod sim;
mod tasks;
mod verdicts;

use std::sync::Arc;

use super::{Mapping, Queued, Redrive};
use crate::poller::mapping::{Properties, Start};
use crate::poller::source::Service;

const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:orders";
/// Visibility of the queues, in milliseconds.
const VISIBILITY: i64 = 30_000;

/// AWS's defaults: a standard queue without a dead-letter queue.
fn properties() -> Properties {
    Properties {
        uuid: "uuid-1".to_owned(),
        function: "consumer".to_owned(),
        function_arn: "arn:aws:lambda:eu-central-1:111122223333:function:consumer".to_owned(),
        role: "arn:aws:iam::111122223333:role/consumer".to_owned(),
        service: Service::Sqs,
        source_arn: QUEUE.to_owned(),
        region: "eu-central-1".to_owned(),
        start: Start::Oldest,
        batch_size: 10,
        window_ms: 0,
        slots: 1,
        retries: None,
        max_age_ms: None,
        retention_ms: 0,
        bisect: false,
        partial: false,
        on_failure: None,
        filters: Vec::new(),
        queued: Some(queued()),
    }
}

fn queued() -> Queued {
    let url = "http://localhost/111122223333/orders".to_owned();
    Queued { url, fifo: false, visibility_ms: VISIBILITY, asks_visibility: false, redrive: None, batches: 16 }
}

/// What moves a message after so many receives.
fn dlq(max_receives: u32) -> Option<Redrive> {
    Some(Redrive { max_receives, queue: "failed".to_owned() })
}

fn with(queued: Queued, properties: Properties) -> Mapping {
    Arc::new(Properties { queued: Some(queued), ..properties })
}
