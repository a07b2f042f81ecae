//! Streams of a table that began and ended between two applies: no mapping reads them.
//!
//! A table lists its streams for 24 hours after their ends, and whoever has the ARN can read them until then
//! (`docs/aws.md#dynamodb-streams`). They are asked for only where the mapping is to read another stream than it does.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Mapping;
use super::succession::table;
use crate::aws::{Cx, Repeat, Service};
use crate::error::{Class, Error, Result};

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html>
pub const STREAMS: Service = Service { name: "streams.dynamodb", target: "DynamoDBStreams_20120810" };

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    #[serde(default)]
    streams: Vec<Stream>,
    last_evaluated_stream_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stream {
    stream_arn: String,
}

/// Says which streams begin after the one that the live mapping reads and are read by none.
pub(super) async fn told(desired: &Mapping, cx: &Cx, live: &Mapping) -> Result<Vec<String>> {
    if !desired.follows_on(live) {
        return Ok(Vec::new());
    }
    let Some(table_arn) = table(&live.source) else { return Ok(Vec::new()) };
    let table_name = table_arn.rsplit('/').next().unwrap_or_default();
    let read: BTreeSet<&String> = live.draining.values().map(|one| &one.source).chain([&desired.source]).collect();
    let all = streams(cx, table_name).await?;
    // Labels are times of one form, so the later one is the greater text.
    let between = all.iter().filter(|arn| table(arn) == Some(table_arn) && **arn > live.source && !read.contains(arn));
    Ok(between.map(|arn| unread(&live.function, arn)).collect())
}

fn unread(function: &str, arn: &str) -> String {
    let label = arn.rsplit('/').next().unwrap_or_default();
    format!(
        "the table had another stream meanwhile, since {label}, which nothing reads: its changes are in no other, and AWS forgets each after \
         24 hours; to have them handled, before that: `aws lambda create-event-source-mapping --function-name {function} \
         --event-source-arn {arn} --starting-position TRIM_HORIZON`"
    )
}

async fn streams(cx: &Cx, table_name: &str) -> Result<Vec<String>> {
    let (mut all, mut input) = (Vec::new(), json!({ "TableName": table_name }));
    loop {
        let answer = cx.aws.operations.call(&STREAMS, "ListStreams", &input, Repeat::AsUsual).await?;
        let unclear = |error| Error::new(Class::Unclear, format!("DynamoDB's list of streams cannot be read: {error}"));
        let page = Listed::deserialize(answer).map_err(unclear)?;
        all.extend(page.streams.into_iter().map(|stream| stream.stream_arn));
        match page.last_evaluated_stream_arn {
            Some(last) => input["ExclusiveStartStreamArn"] = Value::String(last),
            None => return Ok(all),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::mocked;

    fn arn(table: &str, day: u32) -> String {
        format!("arn:aws:dynamodb:eu-central-1:111122223333:table/{table}/stream/2026-01-0{day}T00:00:00.000")
    }

    fn reading(source: String) -> Mapping {
        Mapping { source, ..super::super::tests::desired() }
    }

    fn listing(days: &'static [u32]) -> Cx {
        mocked::cx_answered(move |operation, input| {
            assert_eq!((operation, &input["TableName"]), ("ListStreams", &json!("people")));
            let page =
                |days: &[u32]| days.iter().map(|day| json!({ "StreamArn": arn("people", *day) })).collect::<Vec<_>>();
            // Two pages.
            mocked::success(&match input["ExclusiveStartStreamArn"].is_null() {
                true => json!({ "Streams": page(&days[..1]), "LastEvaluatedStreamArn": arn("people", days[0]) }),
                false => json!({ "Streams": page(&days[1..]) }),
            })
        })
    }

    #[tokio::test]
    async fn a_stream_between_two_applies_is_named() {
        let cx = listing(&[1, 2, 3, 4]);
        let told = told(&reading(arn("people", 4)), &cx, &reading(arn("people", 1))).await.unwrap();
        assert_eq!(told.len(), 2);
        assert!(
            told[0].contains("since 2026-01-02")
                && told[0].contains(&format!("--event-source-arn {}", arn("people", 2)))
        );
        let mut live = reading(arn("people", 2));
        live.draining.insert("uuid".to_owned(), reading(arn("people", 3)));
        assert_eq!(
            super::told(&reading(arn("people", 4)), &cx, &live).await.unwrap(),
            [""; 0],
            "one that drains reads it"
        );
    }

    /// The new one is yet to begin: the one that the table has is read by nobody, either.
    #[tokio::test]
    async fn the_stream_that_the_table_has_is_named_where_it_is_to_end() {
        let begins = reading("\u{fdd0}stream.stream_arn\u{fdd1}".to_owned());
        let told = told(&begins, &listing(&[1, 2]), &reading(arn("people", 1))).await.unwrap();
        assert!(told.len() == 1 && told[0].contains("since 2026-01-02"), "{told:?}");
    }

    #[tokio::test]
    async fn where_the_stream_stays_nobody_is_asked() {
        let cx = mocked::cx_answered(|operation, _| panic!("{operation}"));
        let same = reading(arn("people", 1));
        assert_eq!(told(&Mapping { enabled: false, ..same.clone() }, &cx, &same).await.unwrap(), [""; 0]);
    }
}
