//! Events: one, or one after another without pause.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::client::Client;

/// Between two events that are sent without pause: 50 a second.
const EVERY: Duration = Duration::from_millis(20);

/// Sends an event to a stream by the main pipeline's route, and gives the status.
pub fn send(client: &Client, stream: &str, event: &str) -> u16 {
    client.post(&path(stream, event), &body(event)).status
}

/// The same without credentials.
pub fn send_openly(client: &Client, stream: &str, event: &str) -> u16 {
    client.open(&path(stream, event), &[], &body(event)).status
}

fn path(stream: &str, event: &str) -> String {
    format!("/submit/{stream}/{event}")
}

/// An event as the table takes it.
pub fn body(event: &str) -> String {
    format!(r#"{{"eventId": "{event}"}}"#)
}

/// Sends events all the time, each with an id of its own.
pub struct Sender {
    stop: Arc<AtomicBool>,
    answers: Arc<Mutex<Vec<(String, u16)>>>,
    thread: Option<JoinHandle<()>>,
}

impl Sender {
    /// Starts with `<name>-0`.
    pub fn start(client: Client, stream: &str, name: &str) -> Self {
        let (stop, answers) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<(String, u16)>>>::default());
        let (end, told) = (Arc::clone(&stop), Arc::clone(&answers));
        let (stream, name) = (stream.to_owned(), name.to_owned());
        let work = move || {
            let start = Instant::now();
            for number in 0_u32.. {
                if end.load(Ordering::Relaxed) {
                    return;
                }
                let event = format!("{name}-{number}");
                let status = send(&client, &stream, &event);
                told.lock().unwrap().push((event, status));
                std::thread::sleep((start + EVERY * (number + 1)).saturating_duration_since(Instant::now()));
            }
        };
        Self { stop, answers, thread: Some(std::thread::spawn(work)) }
    }

    /// How many events were answered.
    pub fn count(&self) -> usize {
        self.answers.lock().unwrap().len()
    }

    /// Ends, and gives the events that were taken. Panics if one was not, or if hardly any was sent.
    pub fn stop(mut self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
        let answers = std::mem::take(&mut *self.answers.lock().unwrap());
        let refused: Vec<&(String, u16)> = answers.iter().filter(|(_, status)| *status != 200).collect();
        assert!(refused.is_empty(), "not taken: {refused:?}");
        assert!(answers.len() >= 50, "only {} events were sent", answers.len());
        answers.into_iter().map(|(event, _)| event).collect()
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
