//! What open pages hear, as server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! Nobody waits for a page. One that reads too slowly, or comes back after too long, has missed something, and hears that it must read its lists again.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// Messages that a page may be behind.
const BEHIND: usize = 4096;
/// Pages that listen at a time.
const MOST: usize = 32;

/// Where all pages listen.
pub struct Hub {
    sender: Sender<Arc<Message>>,
    past: Mutex<Past>,
    /// Told of this session by every id.
    session: String,
}

#[derive(Default)]
struct Past {
    last: u64,
    /// The newest messages, for pages that come back.
    kept: VecDeque<Arc<Message>>,
}

struct Message {
    number: u64,
    text: String,
    /// Nothing comes after it.
    last: bool,
}

impl Hub {
    pub fn new(session: String) -> Self {
        Self { sender: channel(BEHIND).0, past: Mutex::default(), session }
    }

    /// Whether anybody listens.
    pub fn is_heard(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// Tells all pages that nothing more comes.
    pub fn end(&self) {
        self.send("gone", &json!({ "session": self.session }), true);
    }

    /// Tells all pages. Without any, the message only has a number, so that a page that comes back knows that it has missed one.
    pub fn tell(&self, event: &str, data: &Value) {
        self.send(event, data, false);
    }

    fn send(&self, event: &str, data: &Value, last: bool) {
        let mut past = self.lock();
        past.last += 1;
        if !self.is_heard() {
            past.kept.clear();
            return;
        }
        let (number, session) = (past.last, &self.session);
        // JSON has no line ends outside of texts, and escapes them there.
        let text = format!("id: {session}-{number}\nevent: {event}\ndata: {data}\n\n");
        let message = Arc::new(Message { number, text, last });
        past.kept.push_back(Arc::clone(&message));
        if past.kept.len() > BEHIND {
            past.kept.pop_front();
        }
        // Nobody may have stayed meanwhile.
        let _gone = self.sender.send(message);
    }

    /// What a page hears from now on, or from the message on that it heard last; nothing where too many listen already. `greeting` is what a
    /// page hears first that has missed something, or that is new.
    pub fn listen<G: Fn() -> Value + Send + Sync + 'static>(
        &self,
        heard: Option<&str>,
        greeting: G,
    ) -> Option<impl Stream<Item = Result<Bytes, Infallible>> + use<G>> {
        if self.sender.receiver_count() >= MOST {
            return None;
        }
        let past = self.lock();
        let receiver = self.sender.subscribe();
        let heard = heard.and_then(|id| id.strip_prefix(&self.session)?.strip_prefix('-')?.parse::<u64>().ok());
        let has_all =
            |heard: u64| heard == past.last || past.kept.front().is_some_and(|first| first.number <= heard + 1);
        let missed: VecDeque<Arc<Message>> = match heard.filter(|heard| *heard <= past.last && has_all(*heard)) {
            Some(heard) => past.kept.iter().filter(|message| message.number > heard).cloned().collect(),
            None => VecDeque::from([self.again(past.last, &greeting())]),
        };
        let (session, last) = (self.session.clone(), past.last);
        drop(past);
        let page = Page { session, receiver, waiting: missed, last, ended: false };
        Some(unfold((page, greeting), |(mut page, greeting)| async move {
            let text = page.next(&greeting).await?;
            Some((Ok(Bytes::from(text)), (page, greeting)))
        }))
    }

    fn again(&self, number: u64, state: &Value) -> Arc<Message> {
        Arc::new(Message { number, text: state_text(&self.session, number, state), last: false })
    }

    fn lock(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn state_text(session: &str, number: u64, state: &Value) -> String {
    format!("id: {session}-{number}\nevent: state\ndata: {state}\n\n")
}

/// One page that listens.
struct Page {
    session: String,
    receiver: Receiver<Arc<Message>>,
    waiting: VecDeque<Arc<Message>>,
    last: u64,
    ended: bool,
}

impl Page {
    async fn next(&mut self, greeting: &impl Fn() -> Value) -> Option<String> {
        if self.ended {
            return None;
        }
        if let Some(message) = self.waiting.pop_front() {
            return Some(message.text.clone());
        }
        match self.receiver.recv().await {
            Ok(message) => {
                (self.last, self.ended) = (message.number, message.last);
                Some(message.text.clone())
            }
            Err(RecvError::Lagged(lost)) => {
                self.last += lost;
                let mut state = greeting();
                state["lost"] = json!(lost);
                Some(state_text(&self.session, self.last, &state))
            }
            Err(RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::{FutureExt, StreamExt};

    use super::*;

    fn state() -> Value {
        json!({ "revision": 1 })
    }

    async fn texts(stream: impl Stream<Item = Result<Bytes, Infallible>>) -> Vec<String> {
        let (mut stream, mut all) = (pin!(stream), Vec::new());
        while let Some(Some(Ok(bytes))) = stream.next().now_or_never() {
            all.push(String::from_utf8(bytes.to_vec()).unwrap());
        }
        all
    }

    #[tokio::test]
    async fn a_page_hears_where_things_stand_and_then_what_is_new() {
        let hub = Hub::new("s".into());
        hub.tell("event", &json!(0));
        let page = hub.listen(None, state).unwrap();
        hub.tell("event", &json!({ "a": "line\nend" }));
        let heard = texts(page).await;
        assert_eq!(heard[0], "id: s-1\nevent: state\ndata: {\"revision\":1}\n\n");
        assert_eq!(heard[1], "id: s-2\nevent: event\ndata: {\"a\":\"line\\nend\"}\n\n");
        let mut page = Box::pin(hub.listen(None, state).unwrap());
        hub.end();
        hub.tell("event", &json!(1));
        let mut heard = Vec::new();
        while let Some(Ok(text)) = page.next().await {
            heard.push(text);
        }
        assert_eq!(heard.len(), 2, "a state and the end");
    }

    #[tokio::test]
    async fn a_page_that_comes_back_hears_what_it_missed_or_reads_again() {
        let hub = Hub::new("s".into());
        let _other = hub.listen(None, state).unwrap();
        (1..=3).for_each(|n| hub.tell("event", &json!(n)));
        let back = |id: &'static str| texts(hub.listen(Some(id), state).unwrap());
        let heard = back("s-1").await;
        assert_eq!(heard.len(), 2);
        assert!(heard[0].starts_with("id: s-2\nevent: event"), "{heard:?}");
        assert!(back("s-3").await.is_empty());
        for id in ["other-1", "s-99", "", "s-x"] {
            assert!(back(id).await[0].contains("event: state"), "{id}");
        }
    }

    #[tokio::test]
    async fn a_page_that_reads_too_slowly_loses_and_hears_so_and_others_do_not() {
        let hub = Hub::new("s".into());
        let slow = hub.listen(None, state).unwrap();
        (0..BEHIND + 10).for_each(|n| hub.tell("event", &json!(n)));
        let heard = texts(slow).await;
        assert!(heard[1].contains("event: state") && heard[1].contains("\"lost\":10"), "{}", heard[1]);
        assert_eq!(heard.len(), BEHIND + 2);
        assert!(!hub.is_heard());
    }

    #[test]
    fn so_many_pages_listen_and_no_more() {
        let hub = Hub::new("s".into());
        let pages: Vec<_> = (0..MOST).map(|_| hub.listen(None, state).unwrap()).collect();
        assert!(hub.listen(None, state).is_none());
        drop(pages);
        assert!(hub.listen(None, state).is_some());
    }
}
