//! What became of the requests: how many were answered how, and what to do about refusals.

use std::collections::BTreeMap;
use std::time::Duration;

use super::latency::Latency;
use super::to::Answer;
use crate::error::Error;
use crate::event::{Event, milliseconds, sending};
use crate::spec::{Body, Route, To};
use crate::tame::tame;
use crate::term::position;

/// Answers by their status, and how long they took. Its size does not depend on their number.
#[derive(Debug, Default)]
pub struct Tally {
    latency: Latency,
    /// How many events began later than they were due, and how late the latest was.
    late: u32,
    latest: Duration,
    statuses: BTreeMap<u16, u32>,
    /// What the API said first with each status.
    messages: BTreeMap<u16, String>,
}

impl Tally {
    /// Counts an event that began so late.
    pub fn began_late(&mut self, by: Duration) {
        self.late += 1;
        self.latest = self.latest.max(by);
    }

    /// Counts an answer with what the API said, and how long it took.
    pub fn add(&mut self, status: u16, message: Option<&str>, took: Duration) {
        self.latency.add(took);
        *self.statuses.entry(status).or_default() += 1;
        if let Some(message) = message {
            self.messages.entry(status).or_insert_with(|| message.to_owned());
        }
    }

    /// How many were answered at all.
    pub fn answered(&self) -> u32 {
        self.statuses.values().sum()
    }

    /// How many were taken, as the API says.
    pub fn accepted(&self) -> u32 {
        self.answered() - self.refused()
    }

    /// How many were not taken.
    pub fn refused(&self) -> u32 {
        self.statuses.iter().filter(|(status, _)| !(200..300).contains(*status)).map(|(_, count)| count).sum()
    }

    /// How far the sending is.
    pub fn progress(&self, count: Option<u32>) -> String {
        let of = count.map(|count| format!(" of {count}")).unwrap_or_default();
        format!("{}{of} answered, {} of them refused", self.answered(), self.refused())
    }

    /// The result, for people.
    pub fn text(&self, url: &str, took: Duration) -> String {
        let (answered, rate) = (self.answered(), self.rate(took));
        let mut text = format!("{answered} answered by {url} in {:.1} s ({rate} events/s)\n", took.as_secs_f64());
        for (status, count) in &self.statuses {
            text += &format!("  {status}: {count}\n");
        }
        if let Some(latency) = self.latency.event().filter(|_| answered > 1) {
            let sending::Latency { p50, p90, p99, max } = latency;
            text += &format!("  latency: p50 {p50} ms, p90 {p90} ms, p99 {p99} ms, max {max} ms\n");
        }
        if self.late > 0 {
            text += &format!(
                "  the pace was not kept: {} events began late, the latest by {:.1} s\n",
                self.late,
                self.latest.as_secs_f64()
            );
        }
        text
    }

    /// The result, for machines.
    pub fn event(&self, count: Option<u32>, took: Duration) -> Event {
        Event::SentAll(sending::SentAll {
            count: count.unwrap_or_else(|| self.answered()),
            answered: self.answered(),
            refused: self.refused(),
            statuses: self.statuses.clone(),
            milliseconds: milliseconds(took),
            events_per_second: self.rate(took),
            latency: self.latency.event(),
            late: self.late,
        })
    }

    fn rate(&self, took: Duration) -> u64 {
        u64::from(self.answered()) * 1000 / milliseconds(took).max(1)
    }

    /// Why some were refused, for the first status that was; `hint` says what to do about it.
    pub fn refusal(&self, hint: impl Fn(u16) -> Option<String>) -> Option<Error> {
        let (status, count) = self.statuses.iter().find(|(status, _)| !(200..300).contains(*status))?;
        let said = self.messages.get(status).map(|message| format!(": \"{}\"", tame(message))).unwrap_or_default();
        let error = Error::fatal(format!("{count} of {} events were refused with {status}{said}", self.answered()));
        Some(match hint(*status) {
            Some(hint) => error.hint(hint),
            None => error,
        })
    }
}

/// Whether the next event would be refused as this one was.
pub fn is_hopeless(status: u16) -> bool {
    matches!(status, 401 | 403 | 404)
}

/// What to do about requests of a route that were refused with this status.
pub fn hint(status: u16, route: &Route) -> Option<String> {
    let body = match route.body() {
        Body::Object => "the body must be a JSON object with every member that the route takes its key from".to_owned(),
        Body::Any => "the partition key is missing or longer than 256 characters".to_owned(),
        Body::Schema(file) => format!("the body must fit `{}`: give one with --data", file.display()),
    };
    let (table, function) = (matches!(route.to, Some(To::Table(_))), matches!(route.to, Some(To::Function)));
    let text = match status {
        400 if function && route.body() == &Body::Any => "the function answers so: its log may say why",
        404 | 409 | 413 | 429 if function => "the function answers so, or API Gateway: the API's log says which",
        500..=599 if function => {
            "the function failed, took too long, or gave an answer of another form than API Gateway's: its log says more"
        }
        400 => body.as_str(),
        404 if table => "no item has this key: an example names one that nobody made",
        409 if table => "an item with this key is there, and `if_absent` keeps it",
        429 if table => "the table or the API is throttled: send fewer, or give them more",
        500..=599 if table => "the table did not take the call, or the authorizer failed: the API's log says more",
        401 => {
            "the authorizer refused the secret's credentials: if the secret has just changed, wait a minute and then \
             `auth.basic.cache_seconds`"
        }
        403 => {
            "API Gateway answers this for a path that is not deployed: `pipe diff` shows whether the API is as the spec says; \
             and to signed callers whose own policies do not allow `execute-api:Invoke` on the route"
        }
        404 => {
            "the API may not write to the stream: `pipe diff` shows whether its role and the stream are as the spec says"
        }
        413 => {
            "a record of the stream holds at most 1 MiB, unless `max_record_kb` allows more, including its partition key"
        }
        429 => {
            "the stream takes 1000 records and 1 MB a second in each shard: add shards, or send fewer; or the API is throttled"
        }
        500..=599 => {
            "the stream did not take it, or the authorizer failed: the logs of the API and of the authorizer say more"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// One answer, for people.
pub fn line(answer: &Answer) -> String {
    let at = answer.taken.as_ref().map(|taken| position(&taken.location, &taken.record));
    let said = answer.message.as_deref().map(|message| format!(": {}", tame(message))).unwrap_or_default();
    // A table or a function takes a request without saying where.
    let nowhere = if (200..300).contains(&answer.status) { "answered" } else { "not taken" };
    let became = at.unwrap_or_else(|| format!("{nowhere}{said}"));
    format!("{} event {} → {became}\n", answer.status, answer.event.n)
}

/// One answer, for machines.
pub fn event(answer: &Answer) -> Event {
    let taken = answer.taken.as_ref();
    Event::Sent(sending::Sent {
        n: answer.event.n,
        status: answer.status,
        location: taken.map(|taken| taken.location.clone()),
        record: taken.map(|taken| taken.record.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(body: Body) -> Route {
        Route { body: Some(body), ..serde_json::from_str(r#"{"post": "/a"}"#).unwrap() }
    }

    fn tally(statuses: &[u16]) -> Tally {
        let mut tally = Tally::default();
        statuses.iter().for_each(|status| {
            tally.add(*status, (*status == 400).then_some("no \x1b[2Jkey"), Duration::from_millis(3));
        });
        tally
    }

    #[test]
    fn answers_are_counted_by_status() {
        let tally = tally(&[200, 429, 200, 200]);
        let text = tally.text("https://x/prod/a", Duration::from_millis(500));
        assert_eq!(
            text,
            "4 answered by https://x/prod/a in 0.5 s (8 events/s)\n  200: 3\n  429: 1\n  \
             latency: p50 3 ms, p90 3 ms, p99 3 ms, max 3 ms\n"
        );
        let line = tally.event(Some(5), Duration::from_millis(500)).to_line().unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&line["refused"], &line["statuses"]["429"], &line["count"]), (&1.into(), &1.into(), &5.into()));
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        assert_eq!(tally(&[200]).refusal(|status| hint(status, &route(Body::Object))), None);
        let error = tally(&[200, 400]).refusal(|status| hint(status, &route(Body::Object))).unwrap();
        assert_eq!(error.message(), "1 of 2 events were refused with 400: \"no \\u{1b}[2Jkey\"");
        assert_eq!(
            error.hint_text(),
            Some("the body must be a JSON object with every member that the route takes its key from")
        );
        for status in [401, 403, 404, 413, 429, 502] {
            let error = tally(&[status]).refusal(|status| hint(status, &route(Body::Any))).unwrap();
            assert!(error.hint_text().is_some(), "{status}");
            assert_eq!(is_hopeless(status), [401, 403, 404].contains(&status), "{status}");
        }
    }
}
