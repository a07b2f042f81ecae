//! The logs of one process: to the listener, and to the function's log group under its role's own credentials.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use uuid::Uuid;

use super::report;
use crate::batches::{OVERHEAD, batches};
use crate::event::{Event, Events, LogLine};
use crate::seen::{Lens, Line, Seen};

/// How often lines are sent at most.
const PAUSE: Duration = Duration::from_millis(500);
/// The most that a line may have, in bytes: an event of 256 KB. A longer one is cut into several.
pub(super) const LINE: usize = 256 * 1024 - OVERHEAD;
/// How many lines may wait. If more come than the service takes, they are dropped, and a call never waits.
const WAITING: usize = 50_000;

/// Where a process's lines go.
pub(super) struct LogStream {
    pub client: Client,
    pub function: String,
    pub role: String,
    pub group: String,
    pub stream: String,
    pub events: Events,
    pub lens: Lens,
    /// Whether the user was warned that lines are lost, since a stream was last made; shared by all processes of the function.
    pub told: Arc<AtomicBool>,
}

/// A way to a process's log. Cheap to clone; the log is sent to its end when the last one is gone.
#[derive(Clone)]
pub(super) struct Log {
    lines: mpsc::Sender<InputLogEvent>,
    log_stream: Arc<LogStream>,
    /// The call that the process has, or had last.
    call: Arc<Mutex<String>>,
}

impl Log {
    /// Opens the log. `alive` is held until everything is sent, so that who stops can wait for it.
    pub(super) fn open(log_stream: LogStream, alive: watch::Receiver<bool>) -> Self {
        let (lines, waiting) = mpsc::channel(WAITING);
        let log_stream = Arc::new(log_stream);
        tokio::spawn(ship(log_stream.clone(), waiting, alive));
        Self { lines, log_stream, call: Arc::default() }
    }

    /// Takes what is written from now on as of this call.
    pub(super) fn serves(&self, call: &str) {
        call.clone_into(&mut self.call.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Writes a line of Lambda's own, which only the log group has.
    pub(super) fn platform(&self, message: String) {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let event =
            InputLogEvent::builder().timestamp(i64::try_from(at.as_millis()).unwrap_or_default()).message(message);
        if event.build().is_ok_and(|event| self.lines.try_send(event).is_err()) {
            self.log_stream.lost("more lines come than the log group takes");
        }
    }

    /// Reads what the function writes, line by line, to its end.
    pub(super) async fn follow(self, stream: impl AsyncRead + Unpin) {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        loop {
            line.clear();
            // A function that writes no line ends cannot fill the memory.
            match (&mut stream).take(LINE as u64).read_until(b'\n', &mut line).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\r', '\n']);
            // The stand-in for a byte that is not text is longer than the byte.
            let text = &text[..text.floor_char_boundary(LINE)];
            if !text.is_empty() {
                self.log_stream.lens.show(|| {
                    let call = self.call.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    Seen::Line(Line { call, line: text.to_owned() })
                });
                let line = LogLine { function: self.log_stream.function.clone(), line: text.to_owned() };
                let _ = self.log_stream.events.send(Event::Log(line));
                self.platform(text.to_owned());
            }
        }
    }
}

impl LogStream {
    /// Says once that lines are lost.
    fn lost(&self, reason: &str) {
        if !self.told.swap(true, Ordering::Relaxed) {
            let message =
                format!("lines of the function `{}` are missing in `{}`: {reason}", self.function, self.group);
            let _ = self.events.send(Event::Warning { message });
        }
    }

    fn refused<E>(&self, action: &str, error: &SdkError<E>)
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let reason = error.code().map_or_else(|| DisplayErrorContext(error).to_string(), str::to_owned);
        self.lost(&format!("the role `{}` was refused `{action}` ({reason})", self.role));
    }

    async fn create(&self) -> bool {
        let stream = self.client.create_log_stream().log_group_name(&self.group).log_stream_name(&self.stream);
        match stream.send().await {
            Ok(_) => {
                // A loss from here on is other news.
                self.told.store(false, Ordering::Relaxed);
                true
            }
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_resource_already_exists_exception()) =>
            {
                true
            }
            Err(error) => {
                self.refused("logs:CreateLogStream", &error);
                false
            }
        }
    }

    async fn put(&self, events: Vec<InputLogEvent>) {
        let put = self.client.put_log_events().log_group_name(&self.group).log_stream_name(&self.stream);
        if let Err(error) = put.set_log_events(Some(events)).send().await {
            self.refused("logs:PutLogEvents", &error);
        }
    }
}

/// Sends lines until there are no more. Those of a refused request are dropped; the next ones are tried again.
async fn ship(log_stream: Arc<LogStream>, mut waiting: mpsc::Receiver<InputLogEvent>, alive: watch::Receiver<bool>) {
    let mut open = false;
    let mut lines = Vec::new();
    while let Some(first) = waiting.recv().await {
        // A stop does not wait for more.
        if !*alive.borrow() {
            sleep(PAUSE).await;
        }
        lines.push(first);
        while let Ok(line) = waiting.try_recv() {
            lines.push(line);
        }
        // The service refuses a batch that is not in order; the clock may have been set back.
        lines.sort_by_key(InputLogEvent::timestamp);
        open = open || log_stream.create().await;
        for batch in batches(std::mem::take(&mut lines)).into_iter().filter(|_| open) {
            log_stream.put(batch).await;
        }
    }
}

/// A log stream's name as Lambda gives it: the day, the version, and something that no other process has.
pub(super) fn stream_name() -> String {
    let day = report::timestamp(SystemTime::now())[..10].replace('-', "/");
    format!("{day}/[$LATEST]{}", Uuid::new_v4().simple())
}
