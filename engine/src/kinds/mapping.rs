//! `lambda:EventSourceMapping`: what polls a stream or a queue for a function.
//!
//! Source and start are immutable; its identity for AWS is (source, function), and another one for the same pair is refused with
//! the UUID of the first. It has no name of its own: here it is `<function>/<source>`, and its UUID is the
//! handle. It is created without the SDK's retries. While it is Creating, Updating or Deleting AWS refuses changes.
//! For a queue, what only streams know keeps AWS's defaults: `start` empty, 1, -1, -1, false and no destination (4.3).
//!
//! IAM: lambda:CreateEventSourceMapping, ListEventSourceMappings (no resource level), GetEventSourceMapping,
//! UpdateEventSourceMapping, DeleteEventSourceMapping, ListTags, TagResource, UntagResource.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_lambda::config::retry::RetryConfig;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::aws::{Cx, Place, nothing_if_absent, patiently, patiently_for, poll};
use crate::error::{Class, Error, Result};
use crate::kinds::function::{self, Function};
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, OUTPUT, Outputs, Resource, Scope, State};

mod draining;
mod means;
mod parts;
mod read;
mod start;
mod succession;
mod unread;

use read::{gone, state, unknown};
pub use read::{list, name_in, pattern};
pub use start::at;
use start::position;
pub use unread::STREAMS;

/// Mostly seconds, at times minutes.
const SETTLED_WITHIN: Duration = Duration::from_secs(10 * 60);
/// How long a source, a destination or a function that exists may be unknown to Lambda: a few seconds.
const KNOWN_WITHIN: Duration = Duration::from_secs(60);

/// An event source mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// Name of the function.
    pub function: String,
    /// ARN of the stream or queue.
    pub source: String,
    /// Whether it polls.
    pub enabled: bool,
    /// Records handed over at once, 1 to 10000.
    pub batch_size: u32,
    /// Seconds to gather a batch, 0 to 300.
    pub window_seconds: u32,
    /// Batches of a shard that are handled at the same time, 1 to 10.
    pub parallelization: u32,
    /// `oldest`, `newest` or `at <RFC 3339 in UTC, whole seconds>`, see [`at`].
    pub start: String,
    /// How often a failed batch is tried again, 0 to 10000; -1 until it expires.
    pub retries: i32,
    /// Seconds after which a record is given up, 60 to 604800; -1 never before it expires.
    pub max_age_seconds: i32,
    /// A failed batch is split in two.
    pub bisect: bool,
    /// The function says which records failed.
    pub partial: bool,
    /// ARN of the queue, topic or bucket that gets the documents of records that are given up; empty for none.
    pub on_failure: String,
    /// Calls at the same time for a queue, 2 to 1000; none where nothing bounds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
    /// Patterns of records to read, as compact JSON, sorted; with none all are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<String>,
    /// By UUID, the ones that go on beside it with what is left in streams that the table had before; empty in what a spec says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub draining: BTreeMap<String, Self>,
}

impl Resource for Mapping {
    const KIND: &'static str = "lambda:EventSourceMapping";
    const REPLACE_ON: &'static [&'static str] = &["source", "start"];

    fn succeeds(&self, live: &Self) -> bool {
        self.follows_on(live)
    }

    fn keeping(&self, live: &Self) -> Option<Self> {
        self.with_draining(live)
    }

    async fn finds(&self, cx: &Cx, live: &Self) -> Result<Vec<String>> {
        unread::told(self, cx, live).await
    }

    fn more_grants(&self, _scope: &Scope, _name: &Name) -> Vec<Grant> {
        // It has no resource to be restricted to.
        let of_table = self.source.contains(OUTPUT) || succession::table(&self.source).is_some();
        of_table.then(|| Grant::new(&["dynamodb:ListStreams"], "*")).into_iter().collect()
    }

    fn moves(&self, live: &Self) -> Vec<&'static str> {
        if self.follows_on(live) { vec!["arn", "uuid"] } else { Vec::new() }
    }

    fn advice(of: &Changed<'_, Self>) -> Advice {
        means::advice(of)
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        // To create, get, update and delete one: a managed policy has no room for all names.
        const OF_THE_FUNCTION: &[&str] = &["lambda:*EventSourceMapping"];
        const TAGS: &[&str] = &["lambda:*Resource", "lambda:ListTags"];
        // AWS draws a mapping's id, so no ARN can name this one; its function is a condition key of all but the tags and the list
        // (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html).
        let function = function::arn(scope.place, &Name::new(function_in(name)));
        vec![
            Grant::new(OF_THE_FUNCTION, "*").when("lambda:FunctionArn", function),
            Grant::new(TAGS, scope.place.arn("lambda", "event-source-mapping:*")),
            Grant::new(&["lambda:ListEventSourceMappings"], "*"),
        ]
    }

    async fn children(cx: &Cx, kind: &str, parent: &Name) -> Result<Vec<Name>> {
        if kind != Function::KIND || !function::exists(cx, parent).await? {
            return Ok(Vec::new());
        }
        Ok(read::listed(cx, parent.as_str()).await?.iter().map(name_in).collect())
    }

    async fn leads(cx: &Cx, kind: &str, from: &Name, _props: &serde_json::Value) -> Result<Vec<Name>> {
        read::from(cx, kind, from).await
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        succession::lives(cx, &read::settled(cx, name).await?).await
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        // Before the tags say that all is as the spec has it.
        self.sync_draining(cx, name, live).await?;
        // One that reads the table's stream before goes on: this is another one.
        let before = match live.filter(|live| self.follows_on(&live.props)) {
            Some(_) => Some(self.made_before(cx, name).await?),
            None => None,
        };
        let live = before.as_ref().map_or(live, Option::as_ref);
        let uuid = match live {
            // sync
            Some(live) if live.state == State::Live => {
                let uuid = live.handle.as_str();
                if self.differs(&live.props) {
                    self.update(cx, name, uuid).await?;
                    self.settled(cx, name, uuid).await?;
                }
                let what = format!("mapping {uuid} to accept its tags");
                function::sync_tags(cx, &arn(&cx.aws.place, uuid), &what, &live.tags).await?;
                uuid.to_owned()
            }
            // ensure
            absent => {
                if let Some(leaving) = absent {
                    gone(cx, name, &leaving.handle).await?;
                }
                let uuid = self.create(cx, name).await?;
                // Nothing is reported as done that does not poll.
                self.settled(cx, name, &uuid).await?;
                uuid
            }
        };
        Ok(Made { outputs: outputs(cx, &uuid), identity: String::new() })
    }

    async fn delete(cx: &Cx, name: &Name, handle: &Handle) -> Result<()> {
        let delete = || async {
            let sent = cx.aws.lambda.delete_event_source_mapping().uuid(handle.as_str()).send().await;
            nothing_if_absent(sent).map(drop)
        };
        patiently(cx, &format!("mapping `{name}` to accept its deletion"), delete).await?;
        // Its function, role and source follow, and none of them may go first.
        gone(cx, name, handle).await
    }
}

impl Mapping {
    /// Creates the mapping and gives its UUID.
    ///
    /// # Errors
    /// `Class::Unclear` where there is one already, or where nobody knows whether there is: look again.
    async fn create(&self, cx: &Cx, name: &Name) -> Result<String> {
        let start = Instant::now();
        let create = || async {
            self.create_once(cx).await.map_err(|error| match error.class() {
                // The SDK does not repeat this call, so a throttle is repeated here; it surely had no effect.
                Class::Throttled => error.class_as(Class::Busy),
                _ if unknown(&error) && start.elapsed() < KNOWN_WITHIN => error.class_as(Class::Propagating),
                _ => error,
            })
        };
        match patiently_for(cx, read::waits_for, create).await {
            Err(error) if error.code() == "ResourceConflictException" => Err(read::taken(cx, name, error).await),
            Err(error) => Err(read::told(cx, &self.function, error).await),
            created => created,
        }
    }

    async fn create_once(&self, cx: &Cx) -> Result<String> {
        let stream = self.of_stream();
        let (position, time) = position(&self.start)?;
        let once = aws_sdk_lambda::config::Builder::new().retry_config(RetryConfig::disabled());
        let request = cx.aws.lambda.create_event_source_mapping();
        let request = request.function_name(&self.function).event_source_arn(&self.source).enabled(self.enabled);
        let request = request.batch_size(self.batch_size.cast_signed());
        let request = request.maximum_batching_window_in_seconds(self.window_seconds.cast_signed());
        let request = request.set_function_response_types(Some(self.response_types()));
        let request = request.set_starting_position(stream.then_some(position)).set_starting_position_timestamp(time);
        let request = request.set_parallelization_factor(stream.then_some(self.parallelization.cast_signed()));
        let request = request.set_maximum_retry_attempts(stream.then_some(self.retries));
        let request = request.set_maximum_record_age_in_seconds(stream.then_some(self.max_age_seconds));
        let request = request.set_bisect_batch_on_function_error(stream.then_some(self.bisect));
        let request = request.set_destination_config((!self.on_failure.is_empty()).then(|| self.destination()));
        let request = request.set_filter_criteria((!self.filters.is_empty()).then(|| self.criteria()));
        let request = request.set_scaling_config(self.max_concurrency.map(|_| self.scaling()));
        let tags = cx.tags.clone().into_iter().collect();
        let made = request.set_tags(Some(tags)).customize().config_override(once).send().await?;
        made.uuid.ok_or_else(|| Error::new(Class::Unclear, "Lambda made a mapping and gave no UUID"))
    }

    /// Sets all that can change, in one call: what is absent would stay as it is.
    async fn update(&self, cx: &Cx, name: &Name, uuid: &str) -> Result<()> {
        let stream = self.of_stream();
        let request = cx.aws.lambda.update_event_source_mapping().uuid(uuid).enabled(self.enabled);
        let request = request.batch_size(self.batch_size.cast_signed());
        let request = request.maximum_batching_window_in_seconds(self.window_seconds.cast_signed());
        let request = request.set_function_response_types(Some(self.response_types()));
        let request = request.set_parallelization_factor(stream.then_some(self.parallelization.cast_signed()));
        let request = request.set_maximum_retry_attempts(stream.then_some(self.retries));
        let request = request.set_maximum_record_age_in_seconds(stream.then_some(self.max_age_seconds));
        let request = request.set_bisect_batch_on_function_error(stream.then_some(self.bisect));
        let request = request.set_destination_config(stream.then(|| self.destination()));
        let request = request.set_scaling_config((!stream).then(|| self.scaling()));
        let request = request.filter_criteria(self.criteria());
        let start = Instant::now();
        let call = || async {
            let sent = request.clone().send().await.map(drop).map_err(Error::from);
            sent.map_err(|error| read::spreading(error, start.elapsed() < KNOWN_WITHIN))
        };
        match patiently(cx, &format!("mapping `{name}` to accept the change"), call).await {
            Err(error) => Err(read::told(cx, &self.function, error).await),
            updated => updated,
        }
    }

    /// Waits until the mapping polls, or does not, as it should.
    async fn settled(&self, cx: &Cx, name: &Name, uuid: &str) -> Result<()> {
        let wanted = if self.enabled { "Enabled" } else { "Disabled" };
        let ask = || async { Ok(state(cx, uuid).await?.filter(|state| state == wanted).map(drop)) };
        poll(cx, &format!("mapping `{name}` to be {}", wanted.to_lowercase()), SETTLED_WITHIN, ask).await
    }

    fn of_stream(&self) -> bool {
        self.source.split(':').nth(2) != Some("sqs")
    }
}

/// The name of the mapping between a function and a source: `<function>/<name of the source>`.
pub fn name(function: &str, source_arn: &str) -> Name {
    let resource = source_arn.splitn(6, ':').nth(5).unwrap_or(source_arn);
    Name::new(format!("{function}/{}", resource.split('/').nth(1).unwrap_or(resource)))
}

fn function_in(name: &Name) -> &str {
    name.as_str().split('/').next().unwrap_or_default()
}

fn arn(place: &Place, uuid: &str) -> String {
    place.arn("lambda", &format!("event-source-mapping:{uuid}"))
}

fn outputs(cx: &Cx, uuid: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn(&cx.aws.place, uuid)), ("uuid".to_owned(), uuid.to_owned())])
}

#[cfg(test)]
mod tests;
