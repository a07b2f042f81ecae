//! Keeps a search index like a table: posts the table's changes to the `_bulk` call of OpenSearch or Elasticsearch.
//!
//! `examples/changes-to-search.yaml` deploys it. Set in `environment`: `SEARCH_ENDPOINT`, as in
//! `https://search-articles-abc.eu-central-1.es.amazonaws.com`, and `SEARCH_INDEX`. Requests are signed with the function's role for `es`.
//!
//! Each item is one document. A change is done when the index has it, or something newer ([`version`]), so it may come twice, and late.
//! One that the index refuses is named in the answer: it comes again with all after it, as often as the spec says, and then its place
//! in the table's stream goes to the dlq. The other changes of its batch are not held up.

mod bulk;
mod change;
mod search;
#[cfg(test)]
mod tests;
mod version;

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::SharedCredentialsProvider;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use bulk::Outcome;
use search::Search;

/// What is kept of an invocation's time to answer in.
const MARGIN: Duration = Duration::from_secs(2);
/// Refused changes of one batch that have a line each in the log.
const LINES: usize = 20;

/// Lambda's event for a table's changes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>).
#[derive(Deserialize)]
struct Changes {
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let credentials: SharedCredentialsProvider = config.credentials_provider().ok_or("there are no credentials")?;
    let region = config.region().ok_or("there is no region")?.to_string();
    let (endpoint, index) = (std::env::var("SEARCH_ENDPOINT"), std::env::var("SEARCH_INDEX"));
    let endpoint = endpoint.map_err(|_| "set SEARCH_ENDPOINT in `environment`")?;
    let index = index.map_err(|_| "set SEARCH_INDEX in `environment`")?;
    let search = Search::new(&endpoint, &index, &region, credentials)?;
    let handler = |event: LambdaEvent<Changes>| {
        let (search, until) = (search.clone(), stop_at(event.context.deadline));
        async move { handle(&search, event.payload, until).await }
    };
    run(service_fn(handler)).await
}

/// When to stop: some time before Lambda ends the invocation, which is given in milliseconds since 1970.
fn stop_at(deadline: u64) -> Instant {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_millis(deadline).saturating_sub(now);
    Instant::now() + left.saturating_sub(MARGIN.min(left / 4))
}

/// Posts the changes, and names the first that is not done: Lambda sends it again, and all after it.
///
/// # Errors
/// A record without a sequence number, which cannot be named.
async fn handle(search: &Search, changes: Changes, until: Instant) -> Result<Value, Error> {
    let (mut actions, mut failed) = (Vec::new(), Vec::new());
    for (at, record) in changes.records.iter().enumerate() {
        let number = change::number(record).ok_or("a record has no sequence number")?;
        match change::action(record, number) {
            Ok(action) => actions.push((at, number, action)),
            Err(why) => failed.push((at, number, why)),
        }
    }
    let bare: Vec<_> = actions.iter().map(|(_, _, action)| action).collect();
    let outcomes = bulk::post(search, &bare, until).await;
    for ((at, number, _), outcome) in actions.iter().zip(outcomes) {
        match outcome {
            Outcome::Done => {}
            Outcome::Refused(why) | Outcome::Unfinished(why) => failed.push((*at, *number, why)),
        }
    }
    failed.sort();
    for (_, number, why) in failed.iter().take(LINES) {
        println!("{}", json!({ "level": "ERROR", "message": "not in the index", "record": number, "why": why }));
    }
    let first = failed.first().map(|(_, number, _)| json!({ "itemIdentifier": number }));
    Ok(json!({ "batchItemFailures": Vec::from_iter(first) }))
}
