//! What `pipe init` understands.

use clap::{Args, ValueEnum};

use super::FileArgs;

#[derive(Debug, Args)]
pub struct InitArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// Kind of pipeline to begin with; asked for if not given
    #[arg(long, value_enum)]
    pub pattern: Option<Pattern>,
}

/// A pipeline to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Pattern {
    /// An API with basic authentication, a stream, a table, a queue for what fails
    Main,
    /// The same with a stream on demand, and credentials, table and queue that exist already
    ExistingResources,
    /// An API that everyone may call
    OpenApi,
    /// A handler of your own, whose crate is written beside the file
    OwnHandler,
    /// A handler of your own in Python, whose code is written beside the file
    PythonHandler,
    /// An API straight to a table with three doors: members' tokens, API keys, a sign-in; the schema beside the file
    ApiToTable,
    /// An API straight to a table: put, get, query, scan, update, delete, with the schemas beside the file
    EveryTableAction,
    /// A stream that something else writes to, and a table
    StreamToTable,
    /// An API with a queue for its stream, and a table
    Queue,
    /// A stream that something else writes to, and a function in a VPC without a way to the internet
    Private,
    /// A table whose changes are written to another table
    TableChanges,
    /// A table whose changes a handler of your own posts to a search index; its crate is written beside the file
    ChangesToSearch,
    /// A topic that calls the function with its messages
    Topic,
    /// A bucket whose files a handler of your own reads; its code, in Python, is written beside the file
    Bucket,
    /// A bucket with a queue for its stream, and a handler of your own in Python
    BucketToQueue,
    /// A schedule: a row at every working day's morning
    Schedule,
    /// Events of a bus that match a pattern
    Events,
    /// The same with a stream that keeps them
    EventsToStream,
    /// The lines of a log that match a filter, and a handler of your own in Python
    Logs,
    /// What devices publish to a topic of AWS IoT
    Iot,
    /// A skill of Alexa's, and a handler of your own in Python that answers it
    Alexa,
}
