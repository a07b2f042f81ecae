//! What the spec means where a table's changes are the stream: its table, what routes write to, and the defaults of the consumer.

use super::names::held;
use super::{Existing, Indexes, Key, Kinesis, OwnOrExisting, Route, Spec, Stream, TableChanges, Target, To};

/// What a route calls that puts its body on the stream, where that is a table's changes: it writes the item.
static PUT: To = To::PUT;

/// What differs for the consumer by what feeds it.
struct Patience {
    retries: i32,
    max_age_hours: u32,
    xray: bool,
}

impl Spec {
    /// Returns the stream of a table's changes.
    #[must_use]
    pub fn table_changes(&self) -> Option<&TableChanges> {
        match self.stream.as_ref()? {
            Stream::TableChanges(changes) => Some(changes),
            Stream::Kinesis(_) | Stream::Queue(_) => None,
        }
    }

    /// Returns the name of the stream, or of the table whose changes it has; of an existing one its own.
    #[must_use]
    pub fn stream_name(&self) -> String {
        const SUFFIX: &str = "-stream";
        match &self.stream {
            Some(Stream::Kinesis(kinesis)) => {
                held(&self.name, Some(kinesis), |stream: &Kinesis| stream.name.as_deref(), SUFFIX)
            }
            Some(Stream::TableChanges(changes)) => {
                held(&self.name, Some(&changes.place), |own| own.table.0.name.as_deref(), SUFFIX)
            }
            Some(Stream::Queue(_)) => self.fed_queue_name(),
            None => held::<Kinesis>(&self.name, None, |_| None, SUFFIX),
        }
    }

    /// Returns what a route calls: what it says, else the stream. On a table's changes a body is put as an item of the table.
    #[must_use]
    pub fn to<'a>(&'a self, route: &'a Route) -> Option<&'a To> {
        match route.to.as_ref().or_else(|| self.stream.as_ref().map(|_| &To::Stream)) {
            Some(To::Stream) if self.table_changes().is_some() => Some(&PUT),
            to => to,
        }
    }

    /// Returns whether routes call the table whose changes are the stream: there is no sink then.
    #[must_use]
    pub fn calls_changing_table(&self) -> bool {
        self.sink.is_none() && self.table_changes().is_some()
    }

    /// Returns the name of the table that routes call: the sink's, else the one whose changes are the stream.
    #[must_use]
    pub fn called_table_name(&self) -> String {
        if self.calls_changing_table() { self.stream_name() } else { self.table_name() }
    }

    /// Returns the keys of the table that routes call; of an existing one as far as the spec says them.
    #[must_use]
    pub fn keys(&self) -> Option<(&Key, Option<&Key>)> {
        match self.called()? {
            Called::Sink(Target { table: OwnOrExisting::Own(own), .. }) => {
                Some((&own.partition_key, own.sort_key.as_ref()))
            }
            Called::Sink(target) => target.dev.as_ref().map(|keys| (&keys.partition_key, keys.sort_key.as_ref())),
            Called::Changing(changes) => match (changes.own(), &changes.dev) {
                (Some(own), _) => Some((&own.partition_key, own.sort_key.as_ref())),
                (None, dev) => dev.as_ref().map(|keys| (&keys.partition_key, keys.sort_key.as_ref())),
            },
        }
    }

    /// Returns the indexes of the table that routes call; of an existing one as far as the spec says them.
    #[must_use]
    pub fn indexes(&self) -> Option<&Indexes> {
        let (own, dev) = match self.called()? {
            Called::Sink(target) => (target.table.own(), target.dev.as_ref()),
            Called::Changing(changes) => (changes.own(), changes.dev.as_ref()),
        };
        own.map(|table| &table.indexes).or_else(|| dev.map(|keys| &keys.indexes))
    }

    /// Returns the existing table whose changes are the stream.
    #[must_use]
    pub fn existing_changing_table(&self) -> Option<&Existing> {
        self.table_changes()?.place.existing()
    }

    /// Returns how often a failed batch is tried again: what the spec says, else the default under this stream.
    #[must_use]
    pub fn retries(&self) -> i32 {
        self.function().and_then(|function| function.failures.retries).unwrap_or(self.patience().retries)
    }

    /// Returns the hours after which a record is given up: what the spec says, else the default under this stream.
    #[must_use]
    pub fn max_age_hours(&self) -> u32 {
        self.function().and_then(|function| function.failures.max_age_hours).unwrap_or(self.patience().max_age_hours)
    }

    /// Returns whether X-Ray traces the consumer: what the spec says, else the default under this stream.
    #[must_use]
    pub fn traces_consumer(&self) -> bool {
        self.function().and_then(|function| function.xray).unwrap_or(self.patience().xray)
    }

    fn patience(&self) -> Patience {
        match &self.stream {
            // Those of the Solutions Construct aws-dynamodbstreams-lambda.
            Some(Stream::TableChanges(_)) => Patience { retries: 500, max_age_hours: 24, xray: true },
            Some(Stream::Kinesis(_) | Stream::Queue(_)) | None => {
                Patience { retries: 100, max_age_hours: 12, xray: false }
            }
        }
    }

    fn called(&self) -> Option<Called<'_>> {
        match (self.target(), self.table_changes()) {
            (Some(target), _) => Some(Called::Sink(target)),
            (None, changes) => changes.map(Called::Changing),
        }
    }
}

/// The table that routes call.
enum Called<'a> {
    Sink(&'a Target),
    Changing(&'a TableChanges),
}
