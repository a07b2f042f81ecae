//! What streams and queues take, whoever sends it: told as [`Event::Put`], because nobody else sees what comes past the gateway.

use std::borrow::Cow;

use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::call::text;
use crate::event::{Event, Location, Put};

/// The members of an input that say where records go, and how many they are. The records themselves are passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input<'a> {
    #[serde(borrow, default)]
    stream_name: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "StreamARN")]
    stream_arn: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    queue_url: Option<Cow<'a, str>>,
    #[serde(default)]
    records: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    entries: Option<Vec<IgnoredAny>>,
}

/// The records of a call that succeeded; nothing where it put none into a stream or a queue.
pub fn put(head: &Parts, body: &[u8]) -> Option<Event> {
    let target = text(&head.headers, "x-amz-target");
    let (service, name, records) = match target.split_once('.').map_or(("", ""), |(of, name)| (of, name)) {
        ("Kinesis_20131202", "PutRecord" | "PutRecords") => {
            let input: Input<'_> = serde_json::from_slice(body).ok()?;
            ("kinesis", last(&input.stream_name.or(input.stream_arn)?), input.records)
        }
        ("AmazonSQS", "SendMessage" | "SendMessageBatch") => {
            let input: Input<'_> = serde_json::from_slice(body).ok()?;
            ("sqs", last(&input.queue_url?), input.entries)
        }
        ("", _) => return form(head, body),
        _ => return None,
    };
    Some(told(service, name, records.map_or(1, |all| all.len())))
}

/// SQS's older protocol, which integrations of API Gateway speak: a form in the body or in the query.
fn form(head: &Parts, body: &[u8]) -> Option<Event> {
    let is_form = text(&head.headers, CONTENT_TYPE.as_str()).starts_with("application/x-www-form-urlencoded");
    let form = if is_form { body } else { head.uri.query()?.as_bytes() };
    let value = |wanted: &str| form_urlencoded::parse(form).find(|(name, _)| name == wanted).map(|(_, value)| value);
    if value("Action")? != "SendMessage" {
        return None;
    }
    let queue = value("QueueUrl").unwrap_or_else(|| head.uri.path().into());
    Some(told("sqs", last(&queue), 1))
}

fn told(service: &str, name: String, records: usize) -> Event {
    let location = Location { service: service.to_owned(), name: Some(name), part: None };
    Event::Put(Put { location, records })
}

fn last(name: &str) -> String {
    name.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn told_of(headers: &[(&str, &str)], uri: &str, body: &str) -> Option<(String, String, usize)> {
        let mut request = Request::post(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let Event::Put(Put { location, records }) = put(&request.body(()).unwrap().into_parts().0, body.as_bytes())?
        else {
            panic!("another event")
        };
        Some((location.service, location.name.unwrap_or_default(), records))
    }

    #[test]
    fn records_are_counted_in_each_protocol_and_nothing_else_is() {
        let call = |target: &str, body: &str| told_of(&[("x-amz-target", target)], "/", body);
        let of = |service: &str, name: &str, records| Some((service.to_owned(), name.to_owned(), records));
        let one = r#"{"StreamName":"s","Data":"eA==","PartitionKey":"k"}"#;
        assert_eq!(call("Kinesis_20131202.PutRecord", one), of("kinesis", "s", 1));
        let many = r#"{"Records":[{"Data":"eA=="},{"Data":""}],"StreamARN":"arn:aws:kinesis:r:a:stream/s"}"#;
        assert_eq!(call("Kinesis_20131202.PutRecords", many), of("kinesis", "s", 2));
        let url = "http://sqs.eu-west-1.amazonaws.com/111122223333/q";
        assert_eq!(call("AmazonSQS.SendMessage", &format!(r#"{{"QueueUrl":"{url}"}}"#)), of("sqs", "q", 1));
        let batch = format!(r#"{{"Entries":[{{}},{{}},{{}}],"QueueUrl":"{url}"}}"#);
        assert_eq!(call("AmazonSQS.SendMessageBatch", &batch), of("sqs", "q", 3));
        for other in ["Kinesis_20131202.GetRecords", "DynamoDB_20120810.PutItem"] {
            assert_eq!(call(other, one), None);
        }
        let form = [("content-type", "application/x-www-form-urlencoded")];
        assert_eq!(told_of(&form, "/111122223333/q", "Action=SendMessage&MessageBody=x"), of("sqs", "q", 1));
        assert_eq!(told_of(&[], "/111122223333/q?Action=SendMessage&MessageBody=x", ""), of("sqs", "q", 1));
        assert_eq!(told_of(&form, "/", "Action=GetQueueUrl&QueueName=q"), None);
        assert_eq!(call("Kinesis_20131202.PutRecord", "no JSON"), None);
    }
}
