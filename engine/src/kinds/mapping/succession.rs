//! Mappings of one function and one table: a table whose stream is enabled anew has another stream, and the one before can be read for 24 hours.
//!
//! So a new mapping reads the new stream from its `start` on, and the one before goes on with its checkpoint until nothing can be left in the
//! old stream: 24 hours after the new one began, which the new one's ARN says
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>). Nothing is read twice, and nothing is skipped.

use std::time::SystemTime;

use aws_sdk_lambda::types::EventSourceMappingConfiguration;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::{Mapping, draining, read};
use crate::aws::Cx;
use crate::error::Result;
use crate::resource::{Live, Name, OUTPUT, Resource, State};

/// Seconds for which a stream that ended can be read.
const READABLE: i64 = 24 * 60 * 60;

impl Mapping {
    /// Whether the live one reads another stream of the same table, and is to go on beside this one.
    pub(super) fn follows_on(&self, live: &Self) -> bool {
        // A mark stands for the ARN of a stream that is yet to begin; the names say that the tables are one.
        let other = self.source.contains(OUTPUT) || table(&self.source) == table(&live.source);
        self.function == live.function && table(&live.source).is_some() && other && self.source != live.source
    }

    /// The one that a run has made before in its place, and did not hear of.
    pub(super) async fn made_before(&self, cx: &Cx, name: &Name) -> Result<Option<Live<Self>>> {
        let ours = |one: &Live<Self>| cx.tags.iter().all(|(key, value)| one.tags.get(key) == Some(value));
        let mut all = Self::read(cx, name).await?;
        all.retain(|one| one.props.source == self.source && one.state == State::Live && ours(one));
        Ok(all.pop())
    }

    /// What the change comes to.
    pub(super) fn told_of_succession(&self, live: &Self) -> Option<String> {
        let start = match self.start.as_str() {
            "newest" => "records that reach it before the mapping polls are skipped",
            _ => "it is read from its oldest record",
        };
        self.follows_on(live).then(|| {
            format!(
                "the table's new stream gets a mapping of its own, and {start}; the one of the old stream goes on beside it with what is left there, \
                 24 hours at most, and an apply after that deletes it: until then changes of one item may be handled out of order"
            )
        })
    }
}

/// The states of mappings of one name, of which the one with the newest stream is in the place of the others.
pub fn states(all: &[EventSourceMappingConfiguration]) -> Vec<State> {
    let source = |one: &EventSourceMappingConfiguration| one.event_source_arn().unwrap_or_default().to_owned();
    let leaving = |one: &EventSourceMappingConfiguration| one.state() == Some("Deleting");
    // Labels are times of one form, so the later one is the greater text.
    let newest = all.iter().filter(|one| !leaving(one)).map(source).filter(|arn| table(arn).is_some()).max();
    let drained = newest.as_deref().is_some_and(|arn| seconds_since(arn).is_some_and(|age| age > READABLE));
    let state = |one: &EventSourceMappingConfiguration| match newest.as_deref() {
        _ if leaving(one) => State::Leaving,
        Some(newest) if table(&source(one)).is_some() && source(one) != newest => match drained {
            true => State::Drained,
            false => State::Draining,
        },
        _ => State::Live,
    };
    all.iter().map(state).collect()
}

/// The table whose stream this is; nothing for any other ARN.
pub fn table(source: &str) -> Option<&str> {
    source.split_once(":dynamodb:").and(source.split_once("/stream/")).map(|(table, _)| table)
}

/// Seconds since the stream began; nothing where its label is no time.
fn seconds_since(source: &str) -> Option<i64> {
    let label = source.rsplit('/').next()?;
    let began = DateTime::from_str(&format!("{label}Z"), Format::DateTime).ok()?;
    Some(DateTime::from(SystemTime::now()).secs() - began.secs())
}

/// The mappings of this name with their states.
pub async fn lives(cx: &Cx, all: &[EventSourceMappingConfiguration]) -> Result<Vec<Live<Mapping>>> {
    let mut lives = Vec::new();
    for (found, state) in all.iter().zip(states(all)) {
        lives.extend(read::live(cx, found).await?.map(|live| Live { state, ..live }));
    }
    Ok(draining::handed(lives))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/people/stream/2024-01-01T00:00:00.000";

    fn labelled(hours_ago: i64) -> String {
        let began = DateTime::from_secs(DateTime::from(SystemTime::now()).secs() - hours_ago * 3600);
        let time = began.fmt(Format::DateTime).unwrap();
        format!("arn:aws:dynamodb:eu-central-1:111122223333:table/people/stream/{}.000", time.trim_end_matches('Z'))
    }

    fn of(source: &str, state: &str) -> EventSourceMappingConfiguration {
        EventSourceMappingConfiguration::builder().event_source_arn(source).state(state).build()
    }

    fn reading(source: &str) -> Mapping {
        Mapping { source: source.into(), ..super::super::tests::desired() }
    }

    #[test]
    fn the_one_before_drains_for_a_day() {
        let told = |hours: i64| states(&[of(&labelled(hours), "Enabled"), of(OLD, "Enabled")]);
        assert_eq!(told(1), [State::Live, State::Draining]);
        assert_eq!(told(25), [State::Live, State::Drained]);
        assert_eq!(states(&[of(OLD, "Enabled")]), [State::Live], "nothing is in its place");
        assert_eq!(states(&[of(OLD, "Enabled"), of(&labelled(1), "Deleting")]), [State::Live, State::Leaving]);
        let odd = OLD.replace("2024-01-01T00:00:00.000", "later");
        assert_eq!(
            states(&[of(OLD, "Enabled"), of(&odd, "Enabled")]),
            [State::Draining, State::Live],
            "no time, no end"
        );
        let kinesis = "arn:aws:kinesis:eu-central-1:111122223333:stream/people";
        assert_eq!(states(&[of(kinesis, "Enabled"), of(OLD, "Enabled")]), [State::Live, State::Live]);
    }

    #[test]
    fn only_another_stream_of_the_same_table_is_followed_on() {
        let live = reading(OLD);
        assert!(reading(&labelled(0)).follows_on(&live));
        assert!(reading("\u{fdd0}stream.stream_arn\u{fdd1}").follows_on(&live), "one that is yet to begin");
        assert!(!reading(OLD).follows_on(&live));
        assert!(!reading(&labelled(0).replace("people", "others")).follows_on(&live));
        let kinesis = "arn:aws:kinesis:eu-central-1:111122223333:stream/people";
        assert!(!reading(&labelled(0)).follows_on(&reading(kinesis)) && !reading(kinesis).follows_on(&live));
        let elsewhere = Mapping { function: "other".into(), ..reading(&labelled(0)) };
        assert!(!elsewhere.follows_on(&live), "another function reads from its own start");
        assert!(reading(&labelled(0)).told_of_succession(&live).unwrap().contains("from its oldest record"));
        assert_eq!(reading(OLD).told_of_succession(&live), None);
    }
}
