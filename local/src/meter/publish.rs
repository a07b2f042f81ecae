//! Puts what was counted into the endpoint, every few seconds.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName::{ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Meter;
use super::tally::{Counted, Metric, SECONDS, Value as Counting};
use crate::by_hand::{Caller, Service};
use crate::roles::Roles;

const CLOUDWATCH: Service = Service { name: "monitoring", target: "GraniteServiceVersion20100801" };
const EVERY: Duration = Duration::from_secs(5);

/// What a call takes: metrics, and values of each
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>).
const METRICS: usize = 1000;
const VALUES: usize = 150;

/// Publishes until it is ended. What an endpoint does not take is dropped: metrics are worth no warning, and no second try.
pub async fn run(meter: Meter, roles: Roles) {
    let root = roles.root();
    let region = root.region().map(ToString::to_string).unwrap_or_default();
    let caller = Caller::new(CLOUDWATCH, root.endpoint_url().unwrap_or_default(), &region);
    let mut queues = Queues { client: Client::new(root), letters: BTreeMap::new() };
    loop {
        sleep(EVERY).await;
        let mut counted = meter.with(super::Tally::take);
        queues.ages(meter.with(super::Tally::take_letters), &mut counted).await;
        for call in calls(counted, now()) {
            let Some(who) = credentials(&roles).await else { break };
            let _dropped = caller.ask("PutMetricData", &call, who).await;
        }
    }
}

async fn credentials(roles: &Roles) -> Option<Credentials> {
    roles.root().credentials_provider()?.provide_credentials().await.ok()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The inputs of the calls that publish all of this, as of a time in seconds since 1970.
pub fn calls(counted: Counted, now: u64) -> Vec<Value> {
    let mut namespaces: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (metric, values) in counted {
        let Metric { namespace, name, dimensions, unit } = metric;
        let dimensions: Vec<Value> =
            dimensions.into_iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
        let values: Vec<(Counting, u64)> = values.into_iter().collect();
        for some in values.chunks(VALUES) {
            let (values, counts): (Vec<u64>, Vec<u64>) =
                some.iter().map(|(value, times)| (value.get(), *times)).unzip();
            namespaces.entry(namespace.clone()).or_default().push(json!({
                "MetricName": name, "Dimensions": dimensions, "Unit": unit, "Timestamp": now,
                "Values": values, "Counts": counts,
            }));
        }
    }
    let each = |(namespace, data): (String, Vec<Value>)| {
        let call = |some: &[Value]| json!({ "Namespace": namespace, "MetricData": some });
        data.chunks(METRICS).map(call).collect::<Vec<_>>()
    };
    namespaces.into_iter().flat_map(each).collect()
}

/// When the letters came that are in dead-letter queues: MiniStack does not say how old its messages are.
struct Queues {
    client: Client,
    letters: BTreeMap<String, Vec<Instant>>,
}

impl Queues {
    /// Adds the age of each queue's oldest letter. The oldest are taken for those that have left it.
    async fn ages(&mut self, came: BTreeMap<String, u64>, counted: &mut Counted) {
        let now = Instant::now();
        for (queue, letters) in came {
            self.letters.entry(queue).or_default().extend((0..letters).map(|_| now));
        }
        for (queue, letters) in &mut self.letters {
            let there = depth(&self.client, queue).await.unwrap_or(letters.len());
            letters.drain(..letters.len().saturating_sub(there));
            if let Some(oldest) = letters.first() {
                let metric = Metric::of("AWS/SQS", "ApproximateAgeOfOldestMessage", &[("QueueName", queue)], SECONDS);
                counted.entry(metric).or_default().insert(Counting::new((now - *oldest).as_secs()), 1);
            }
        }
        self.letters.retain(|_, letters| !letters.is_empty());
    }
}

/// How many messages a queue has; `None` where it cannot be asked.
async fn depth(client: &Client, queue: &str) -> Option<usize> {
    let url = client.get_queue_url().queue_name(queue).send().await.ok()?.queue_url?;
    let asked = client.get_queue_attributes().queue_url(url);
    let counts = [ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible];
    let answer = asked.set_attribute_names(Some(counts.to_vec())).send().await.ok()?.attributes?;
    let count = |name| answer.get(name).and_then(|text: &String| text.parse::<usize>().ok()).unwrap_or_default();
    Some(counts.iter().map(count).sum())
}
