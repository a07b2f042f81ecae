//! The access log: one line for each request, written by a task of its own under the account's logging role.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::exchange::Exchange;
use super::variables::{Format, escaped};
use crate::batches::batches;
use crate::event::{Event, Events};
use crate::roles::Roles;

/// How often lines are written.
const EVERY: Duration = Duration::from_millis(500);
/// How many lines wait at most; beyond, lines are lost rather than answers late.
const MOST_WAITING: usize = 20_000;

/// Where a line goes and how it looks.
#[derive(Debug)]
pub struct LogFormat {
    pub group: String,
    pub role: String,
    pub format: Format,
}

/// Where lines are handed in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Log {
    sender: mpsc::Sender<Message>,
}

enum Message {
    Line(Line),
    /// Answered when everything handed in before is written or lost.
    Flush(oneshot::Sender<()>),
}

struct Line {
    group: String,
    role: String,
    /// Milliseconds since 1970.
    at: i64,
    text: String,
}

impl Log {
    /// Starts the task that writes; it ends with the last handle.
    pub fn start(roles: Roles, events: Events) -> (Self, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let writer = Writer { roles, events, stream: Uuid::new_v4().simple().to_string(), complained: false };
        (Self { sender }, tokio::spawn(writer.run(receiver)))
    }

    /// Hands in the line of a request. Never waits.
    pub fn write(&self, log: &LogFormat, exchange: &Exchange) {
        let text = line(log, exchange);
        let since = exchange.at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let at = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let line = Line { group: log.group.clone(), role: log.role.clone(), at, text };
        // A line that finds no room is lost: the log must not hold up answers.
        let _ = self.sender.try_send(Message::Line(line));
    }

    /// Waits until all that was handed in is written or lost.
    pub async fn flush(&self) {
        let (done, all_done) = oneshot::channel();
        if self.sender.send(Message::Flush(done)).await.is_ok() {
            let _ = all_done.await;
        }
    }
}

/// The line of a request: `-` where a variable has no value, and no value can break out of a JSON text or off the line.
pub fn line(log: &LogFormat, exchange: &Exchange) -> String {
    log.format.fill(|name| match exchange.variable(name) {
        None => "-".to_owned(),
        // Is a JSON text already.
        Some(quoted) if name == "error.messageString" => quoted,
        Some(value) => escaped(&value),
    })
}

struct Writer {
    roles: Roles,
    events: Events,
    /// Name of the log stream; one for each start of the gateway.
    stream: String,
    /// Whether the last failure was reported, so that it is not reported twice a second.
    complained: bool,
}

impl Writer {
    async fn run(mut self, mut receiver: mpsc::Receiver<Message>) {
        let mut lines = Vec::new();
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = receiver.recv() => match message {
                    Some(Message::Line(line)) => lines.push(line),
                    Some(Message::Flush(done)) => {
                        self.put_all(std::mem::take(&mut lines)).await;
                        let _ = done.send(());
                    }
                    None => return self.put_all(lines).await,
                },
                _ = ticks.tick(), if !lines.is_empty() => self.put_all(std::mem::take(&mut lines)).await,
            }
        }
    }

    async fn put_all(&mut self, lines: Vec<Line>) {
        let mut by_place: BTreeMap<(String, String), Vec<InputLogEvent>> = BTreeMap::new();
        for line in lines {
            let event = InputLogEvent::builder().timestamp(line.at).message(line.text).build();
            by_place.entry((line.group, line.role)).or_default().extend(event);
        }
        for ((group, role), mut lines) in by_place {
            lines.sort_by_key(InputLogEvent::timestamp);
            for batch in batches(lines) {
                match self.put(&group, &role, batch).await {
                    Ok(()) => self.complained = false,
                    Err(reason) => self.complain(&group, &reason),
                }
            }
        }
    }

    async fn put(&self, group: &str, role: &str, lines: Vec<InputLogEvent>) -> Result<(), String> {
        let config = self.roles.config(role).await.map_err(|error| error.to_string())?;
        let client = Client::new(&config);
        let put = || {
            let call = client.put_log_events().log_group_name(group).log_stream_name(&self.stream);
            call.set_log_events(Some(lines.clone())).send()
        };
        match put().await {
            Ok(_) => return Ok(()),
            Err(error) if error.code() == Some("ResourceNotFoundException") => {}
            Err(error) => return Err(DisplayErrorContext(&error).to_string()),
        }
        let made = client.create_log_stream().log_group_name(group).log_stream_name(&self.stream).send().await;
        if let Err(error) = made
            && error.code() != Some("ResourceAlreadyExistsException")
        {
            return Err(DisplayErrorContext(&error).to_string());
        }
        put().await.map(|_| ()).map_err(|error| DisplayErrorContext(&error).to_string())
    }

    fn complain(&mut self, group: &str, reason: &str) {
        if !self.complained {
            let message = format!("failed to write the access log `{group}`: {reason}");
            let _ = self.events.send(Event::Warning { message });
        }
        self.complained = true;
    }
}

/// The name of the log group in `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`, with or without `:*`.
pub fn group_of(arn: &str) -> Option<&str> {
    let (_, name) = arn.split_once(":log-group:")?;
    Some(name.strip_suffix(":*").unwrap_or(name))
}
