//! The messages to open pages, as server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! Nobody waits for a page. One that reads too slowly has missed something, and hears that it must read its lists again.

use std::convert::Infallible;
use std::sync::Arc;

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
    session: String,
}

struct Message {
    text: String,
    /// Nothing comes after it.
    last: bool,
}

impl Hub {
    pub fn new(session: String) -> Self {
        Self { sender: channel(BEHIND).0, session }
    }

    /// Whether anybody listens.
    pub fn is_heard(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// Tells all pages that nothing more comes.
    pub fn end(&self) {
        self.send("gone", &json!({ "session": self.session }), true);
    }

    /// Tells all pages.
    pub fn tell(&self, event: &str, data: &Value) {
        self.send(event, data, false);
    }

    fn send(&self, event: &str, data: &Value, last: bool) {
        // Nobody may listen.
        let _gone = self.sender.send(Arc::new(Message { text: text(event, data), last }));
    }

    /// A page's stream; nothing where too many listen already. It begins with the greeting, which comes again when the page has missed
    /// something.
    pub fn listen<G: Fn() -> Value + Send + Sync + 'static>(
        &self,
        greeting: G,
    ) -> Option<impl Stream<Item = Result<Bytes, Infallible>> + use<G>> {
        if self.sender.receiver_count() >= MOST {
            return None;
        }
        let page = Page { receiver: self.sender.subscribe(), new: true, ended: false };
        Some(unfold((page, greeting), |(mut page, greeting)| async move {
            let text = page.next(&greeting).await?;
            Some((Ok(Bytes::from(text)), (page, greeting)))
        }))
    }
}

/// JSON has no line ends outside of texts, and escapes them there.
fn text(event: &str, data: &Value) -> String {
    format!("event: {event}\ndata: {data}\n\n")
}

/// One page that listens.
struct Page {
    receiver: Receiver<Arc<Message>>,
    /// Whether it has heard nothing yet.
    new: bool,
    ended: bool,
}

impl Page {
    async fn next(&mut self, greeting: &impl Fn() -> Value) -> Option<String> {
        if self.ended {
            return None;
        }
        if std::mem::take(&mut self.new) {
            return Some(text("state", &greeting()));
        }
        match self.receiver.recv().await {
            Ok(message) => {
                self.ended = message.last;
                Some(message.text.clone())
            }
            Err(RecvError::Lagged(lost)) => {
                let mut state = greeting();
                state["lost"] = json!(lost);
                Some(text("state", &state))
            }
            Err(RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::{FutureExt, StreamExt};
    use tokio::task::unconstrained;

    use super::*;

    fn state() -> Value {
        json!({ "revision": 1 })
    }

    async fn texts(stream: impl Stream<Item = Result<Bytes, Infallible>>) -> Vec<String> {
        let (mut stream, mut all) = (pin!(stream), Vec::new());
        // A task that takes much at once is made to wait; here nobody would wake it.
        while let Some(Some(Ok(bytes))) = unconstrained(stream.next()).now_or_never() {
            all.push(String::from_utf8(bytes.to_vec()).unwrap());
        }
        all
    }

    #[tokio::test]
    async fn a_page_hears_where_things_stand_and_then_what_is_new() {
        let hub = Hub::new("s".into());
        hub.tell("event", &json!(0));
        let page = hub.listen(state).unwrap();
        hub.tell("event", &json!({ "a": "line\nend" }));
        let heard = texts(page).await;
        assert_eq!(heard[0], "event: state\ndata: {\"revision\":1}\n\n");
        assert_eq!(heard[1], "event: event\ndata: {\"a\":\"line\\nend\"}\n\n");
        let mut page = Box::pin(hub.listen(state).unwrap());
        hub.end();
        hub.tell("event", &json!(1));
        let mut heard = Vec::new();
        while let Some(Ok(text)) = page.next().await {
            heard.push(text);
        }
        assert_eq!(heard.len(), 2, "a state and the end");
    }

    #[tokio::test]
    async fn a_page_that_reads_too_slowly_loses_and_hears_so_and_others_do_not() {
        let hub = Hub::new("s".into());
        let slow = hub.listen(state).unwrap();
        (0..BEHIND + 10).for_each(|n| hub.tell("event", &json!(n)));
        let heard = texts(slow).await;
        assert!(heard[1].contains("event: state") && heard[1].contains("\"lost\":10"), "{}", heard[1]);
        assert_eq!(heard.len(), BEHIND + 2);
        assert!(!hub.is_heard());
    }

    #[test]
    fn so_many_pages_listen_and_no_more() {
        let hub = Hub::new("s".into());
        let pages: Vec<_> = (0..MOST).map(|_| hub.listen(state).unwrap()).collect();
        assert!(hub.listen(state).is_none());
        drop(pages);
        assert!(hub.listen(state).is_some());
    }
}
