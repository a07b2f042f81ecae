//! What the spec means where a table's changes are the stream: its table, what routes write to, and the defaults of the consumer.

use super::names::held;
use super::{Existing, Indexes, Key, Keys, Kinesis, Route, Spec, Stream, Table, TableChanges, To};

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
            Stream::TableChanges(changes) => Some(changes.as_ref()),
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

    /// Returns whether a route puts its body into the table whose changes are the stream, without saying so.
    #[must_use]
    pub fn puts_item(&self, route: &Route) -> bool {
        self.table_changes().is_some() && matches!(route.to, None | Some(To::Stream))
    }

    /// Returns whether `to: { table: ... }` is the table whose changes are the stream: there is no sink then.
    #[must_use]
    pub fn calls_changing_table(&self) -> bool {
        self.sink.is_none() && self.table_changes().is_some()
    }

    /// Returns whether this route calls the table whose changes are the stream, and not the sink's.
    #[must_use]
    pub fn is_on_changing_table(&self, route: &Route) -> bool {
        self.puts_item(route) || self.calls_changing_table()
    }

    /// Returns the name of the table that a route calls.
    #[must_use]
    pub fn called_table_name(&self, route: &Route) -> String {
        if self.is_on_changing_table(route) { self.stream_name() } else { self.table_name() }
    }

    /// Returns the keys of the table of `to: { table: ... }`; of an existing one as far as the spec says them.
    #[must_use]
    pub fn keys(&self) -> Option<(&Key, Option<&Key>)> {
        self.called(self.calls_changing_table())?.keys()
    }

    /// Returns the keys of the table that a route calls; of an existing one as far as the spec says them.
    #[must_use]
    pub fn keys_of(&self, route: &Route) -> Option<(&Key, Option<&Key>)> {
        self.called(self.is_on_changing_table(route))?.keys()
    }

    /// Returns the indexes of the table of `to: { table: ... }`; of an existing one as far as the spec says them.
    #[must_use]
    pub fn indexes(&self) -> Option<&Indexes> {
        self.called(self.calls_changing_table())?.indexes()
    }

    /// Returns the indexes of the table that a route calls; of an existing one as far as the spec says them.
    #[must_use]
    pub fn indexes_of(&self, route: &Route) -> Option<&Indexes> {
        self.called(self.is_on_changing_table(route))?.indexes()
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

    /// The table whose changes are the stream, or the sink's.
    fn called(&self, changing: bool) -> Option<Called<'_>> {
        Some(match changing {
            true => {
                let changes = self.table_changes()?;
                Called { own: changes.own(), dev: changes.dev.as_ref() }
            }
            false => {
                let target = self.target()?;
                Called { own: target.table.own(), dev: target.dev.as_ref() }
            }
        })
    }
}

/// A table that routes call: the pipeline's own, or what the spec says of an existing one.
struct Called<'a> {
    own: Option<&'a Table>,
    dev: Option<&'a Keys>,
}

impl<'a> Called<'a> {
    fn keys(&self) -> Option<(&'a Key, Option<&'a Key>)> {
        let own = self.own.map(|own| (&own.partition_key, own.sort_key.as_ref()));
        own.or_else(|| self.dev.map(|keys| (&keys.partition_key, keys.sort_key.as_ref())))
    }

    fn indexes(&self) -> Option<&'a Indexes> {
        self.own.map(|own| &own.indexes).or_else(|| self.dev.map(|keys| &keys.indexes))
    }
}
