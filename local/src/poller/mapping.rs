//! A mapping's properties, read from the API's answer, and the orders to its task.

use std::sync::Arc;

use aws_sdk_lambda::types::{EventSourceMappingConfiguration, EventSourcePosition, FunctionResponseType};
use tokio::sync::watch;

use super::checkpoints::Position;
use super::filter::Filter;
use super::queue::Queued;
use super::source::Service;
use crate::error::{Error, Result};
use crate::event::Location;

/// A mapping of a stream to a function. The defaults of what is absent are AWS's.
#[derive(Clone, Debug, PartialEq)]
pub struct Properties {
    pub uuid: String,
    /// Name of the function.
    pub function: String,
    pub function_arn: String,
    /// ARN of the function's role, under which all is read and sent.
    pub role: String,
    pub service: Service,
    pub source_arn: String,
    pub region: String,
    pub start: Start,
    /// 1 to 10,000.
    pub batch_size: usize,
    /// 0 to 300,000.
    pub window_ms: i64,
    /// Batches of a shard that run at the same time, 1 to 10.
    pub slots: usize,
    /// Tries after the first; none is without end.
    pub retries: Option<u32>,
    pub max_age_ms: Option<i64>,
    /// How long the stream keeps records.
    pub retention_ms: i64,
    pub bisect: bool,
    /// `ReportBatchItemFailures`.
    pub partial: bool,
    /// ARN of the queue that gets a document about what is given up.
    pub on_failure: Option<String>,
    /// A record passes when one of them matches, or there are none.
    pub filters: Vec<Filter>,
    /// What is known of the queue, where it reads one.
    pub queued: Option<Queued>,
}

/// What a mapping's task is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    Run(Arc<Properties>),
    /// The mapping is disabled.
    Rest,
    /// The mapping is deleted, or all stops.
    End,
}

/// The orders of a mapping's task, one after the other.
pub struct Ordered {
    /// What was given out is seen here: a clone changes with the next order.
    pub orders: watch::Receiver<Order>,
    begun: bool,
}

impl Ordered {
    pub fn new(orders: watch::Receiver<Order>) -> Self {
        Self { orders, begun: false }
    }

    /// Waits for the next mapping to run. Returns `None` after the last order.
    pub async fn next(&mut self) -> Option<Arc<Properties>> {
        loop {
            if self.begun {
                self.orders.changed().await.ok()?;
            }
            self.begun = true;
            match self.orders.borrow_and_update().clone() {
                Order::Run(mapping) => return Some(mapping),
                Order::Rest => {}
                Order::End => return None,
            }
        }
    }
}

/// Where the shards that are there when the mapping starts are read from. Shards that come later are read from their oldest record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Oldest,
    Newest,
    At { time_ms: i64 },
}

impl Start {
    /// The position in a shard. The newest is the moment of starting, so that nothing is missed between listing shards and reading
    /// them, or by a restart before the first record.
    pub fn position(self, now: i64) -> Position {
        match self {
            Self::Oldest => Position::Oldest,
            Self::Newest => Position::Since(now),
            Self::At { time_ms } => Position::Since(time_ms),
        }
    }
}

impl Properties {
    /// Whether a record goes to the function, by what filters look at.
    pub fn lets_pass(&self, facts: &serde_json::Value) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| filter.matches(facts))
    }

    /// Reads the answer for a mapping of this function, which has this role, to run it.
    ///
    /// `None` if its source is not a stream that is polled here.
    ///
    /// # Errors
    /// It asks for what the local pollers do not do, or for what AWS refuses.
    pub fn read(
        answer: &EventSourceMappingConfiguration,
        function: &str,
        role: &str,
        retention_hours: i32,
    ) -> Result<Option<Self>> {
        if source(answer).is_some() {
            refuse(answer, function)?;
        }
        Self::of(answer, function, role, retention_hours)
    }

    /// The same where nobody runs it here.
    ///
    /// # Errors
    /// It has a filter that AWS refuses.
    pub fn of(
        answer: &EventSourceMappingConfiguration,
        function: &str,
        role: &str,
        retention_hours: i32,
    ) -> Result<Option<Self>> {
        let Some((service, source_arn)) = source(answer) else { return Ok(None) };
        let destination = answer.destination_config().and_then(|config| config.on_failure()?.destination());
        let filters = answer.filter_criteria().map(|criteria| criteria.filters()).unwrap_or_default();
        let filters = filters
            .iter()
            .filter_map(|filter| filter.pattern())
            .map(|pattern| Filter::parse(pattern, service.payload()));
        Ok(Some(Self {
            uuid: answer.uuid().unwrap_or_default().to_owned(),
            function: function.to_owned(),
            function_arn: answer.function_arn().unwrap_or(function).to_owned(),
            role: role.to_owned(),
            service,
            source_arn: source_arn.to_owned(),
            region: source_arn.split(':').nth(3).unwrap_or_default().to_owned(),
            start: start(answer),
            batch_size: usize::try_from(answer.batch_size().unwrap_or(100)).unwrap_or(1).max(1),
            window_ms: i64::from(answer.maximum_batching_window_in_seconds().unwrap_or(0)) * 1000,
            slots: usize::try_from(answer.parallelization_factor().unwrap_or(1)).unwrap_or(1).max(1),
            retries: answer.maximum_retry_attempts().and_then(|retries| u32::try_from(retries).ok()),
            max_age_ms: answer.maximum_record_age_in_seconds().filter(|age| *age >= 0).map(|age| i64::from(age) * 1000),
            retention_ms: i64::from(retention_hours) * 3_600_000,
            bisect: answer.bisect_batch_on_function_error().unwrap_or(false),
            partial: answer.function_response_types().contains(&FunctionResponseType::ReportBatchItemFailures),
            on_failure: destination.map(str::to_owned),
            filters: filters.collect::<Result<_>>()?,
            queued: None,
        }))
    }

    /// The age, in milliseconds, at which a record is given up: the mapping's, or that at which the stream forgets it.
    pub fn age_limit_ms(&self) -> i64 {
        self.max_age_ms.map_or(self.retention_ms, |age| age.min(self.retention_ms))
    }

    /// Where the records of a shard are.
    pub fn location(&self, shard: &str) -> Location {
        Location::of(&self.source_arn, Some(shard))
    }

    /// Name of the queue that gets a document about what is given up.
    pub fn queue(&self) -> Option<&str> {
        self.on_failure.as_deref().and_then(|arn| arn.rsplit(':').next())
    }
}

/// The stream that a mapping reads, if it is one that is polled here: its service and its ARN.
pub fn source(answer: &EventSourceMappingConfiguration) -> Option<(Service, &str)> {
    let arn = answer.event_source_arn()?;
    // A consumer with a throughput of its own gets the same records, and nothing here bounds what a stream gives.
    let arn = arn.split_once("/consumer/").map_or(arn, |(stream, _)| stream);
    Some((Service::of(arn)?, arn))
}

fn start(answer: &EventSourceMappingConfiguration) -> Start {
    match (answer.starting_position(), answer.starting_position_timestamp()) {
        (Some(EventSourcePosition::Latest), _) => Start::Newest,
        (Some(EventSourcePosition::AtTimestamp), Some(time)) => {
            Start::At { time_ms: time.to_millis().unwrap_or_default() }
        }
        _ => Start::Oldest,
    }
}

/// What no spec can ask for, but a mapping made by hand can.
fn refuse(answer: &EventSourceMappingConfiguration, function: &str) -> Result<()> {
    let cannot = |what: &str| Err(Error::new(format!("run the mapping of `{function}` locally: {what}")));
    if answer.tumbling_window_in_seconds().unwrap_or(0) > 0 {
        return cannot("it has a tumbling window");
    }
    let destination = answer.destination_config().and_then(|config| config.on_failure()?.destination());
    match destination {
        Some(arn) if arn.split(':').nth(2) != Some("sqs") => {
            cannot(&format!("its on-failure destination `{arn}` is not a queue"))
        }
        _ => Ok(()),
    }
}
