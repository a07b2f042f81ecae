//! Hands records and events to the consumer's function in the place of its mapping: for letters that are sent again, and for streams
//! that are replayed.
//!
//! The function is called with `RequestResponse`, also for the event of an asynchronous call: only then is it known whether it took the
//! event, before anything is deleted. Lambda's checkpoint, its retries and its destinations are left alone.
//!
//! IAM: lambda:InvokeFunction, GetFunctionConfiguration, ListEventSourceMappings.

mod call;
mod pace;
mod pieces;

use std::sync::Arc;
use std::time::Duration;

use pipe_local::poller::parts::Properties;

use crate::aws::Cx;
use crate::commands::running::APPLY;
use crate::error::{Class, Error, Result};
use crate::kinds::mapping::list;

pub use call::{Answered, Call, calls};
pub use pace::Pace;
pub use pieces::{Pieces, Untaken, passes};

/// A function that takes as long as it may, and then is loaded and answers, still has its answer read.
const BEYOND_TIMEOUT: Duration = Duration::from_secs(60);
/// What Lambda gives a function that says nothing.
const USUAL_TIMEOUT_SECONDS: i32 = 3;

/// The consumer's function, and what feeds it.
#[derive(Clone, Debug)]
pub struct Consumer {
    pub name: String,
    pub arn: String,
    /// How long a call may take.
    pub patience: Duration,
    pub mappings: Vec<Mapping>,
}

/// A mapping of the function.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Its properties; the source's ARN is the one that its events name.
    pub properties: Arc<Properties>,
    /// ARN of the stream or queue: of a registered consumer the stream's.
    pub stream_arn: String,
    /// Whether Lambda polls for it. That of a `pipe dev` is never enabled, because its own pollers read.
    pub enabled: bool,
}

impl Consumer {
    /// Looks up the function of this name.
    ///
    /// # Errors
    /// There is none. Those of Lambda; a filter that it would have refused.
    pub async fn of(cx: &Cx, name: &str) -> Result<Self> {
        let (found, listed) =
            tokio::join!(cx.aws.lambda.get_function_configuration().function_name(name).send(), list(cx, name),);
        let found = found.map_err(|error| absent(error.into(), name))?;
        let (role, arn) = (found.role().unwrap_or_default(), found.function_arn().unwrap_or_default().to_owned());
        let mut mappings = Vec::new();
        for answer in listed? {
            let raw = answer.event_source_arn().unwrap_or_default().to_owned();
            // How long the stream keeps records matters to pollers only.
            let read = Properties::of(&answer, name, role, 0);
            let Some(read) = read.map_err(|error| Error::fatal(error.message().to_owned()))? else { continue };
            let stream_arn = read.source_arn.clone();
            let enabled = !matches!(answer.state(), Some("Disabled" | "Disabling"));
            let properties = Arc::new(Properties { source_arn: raw, ..read });
            mappings.push(Mapping { properties, stream_arn, enabled });
        }
        let seconds = u64::try_from(found.timeout().unwrap_or(USUAL_TIMEOUT_SECONDS)).unwrap_or_default();
        Ok(Self { name: name.to_owned(), arn, patience: Duration::from_secs(seconds) + BEYOND_TIMEOUT, mappings })
    }

    /// The mapping that reads this stream or queue.
    pub fn mapping(&self, stream_arn: &str) -> Option<&Mapping> {
        self.mappings.iter().find(|mapping| mapping.stream_arn == stream_arn)
    }
}

fn absent(error: Error, name: &str) -> Error {
    match error.class() {
        Class::NotFound => {
            Error::new(Class::NotFound, format!("there is no function `{name}` that could take anything")).hint(APPLY)
        }
        _ => error,
    }
}
