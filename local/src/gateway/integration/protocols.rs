//! How the services are spoken to that an integration may call: a table, and the request that a row makes of a call.
//!
//! An integration's URI names the service and either an action of it or a path:
//! `arn:aws:apigateway:REGION:SERVICE:action/NAME&KEY=VALUE` or `arn:aws:apigateway:REGION:SERVICE:path/PATH`
//! (<https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html>). A path with `{}` in it is not served here yet.

use serde_json::Value;

use crate::event::Location;

/// A service that integrations call.
#[derive(Debug, PartialEq, Eq)]
pub struct Protocol {
    /// As in URIs, and as requests to it are signed.
    pub service: &'static str,
    /// How a request names the action.
    actions: Actions,
    /// How its answer says where it put a record, if it takes records.
    receipt: Option<Receipt>,
}

#[derive(Debug, PartialEq, Eq)]
enum Actions {
    /// In the header `X-Amz-Target`, behind this prefix; parameters are the JSON body.
    Target(&'static str),
    /// As `Action` of the query, with this `Version`; parameters are in the query, too.
    Query(&'static str),
}

/// The members, of the request's JSON and of the answer's, that say where a record is.
#[derive(Debug, PartialEq, Eq)]
struct Receipt {
    /// Of the request: the name of what takes it, and the ARN that may stand there instead.
    name: &'static str,
    arn: &'static str,
    /// Of the answer; a queue has no parts.
    part: Option<&'static str>,
    record: &'static str,
}

const PROTOCOLS: [Protocol; 6] = [
    Protocol { service: "dynamodb", actions: Actions::Target("DynamoDB_20120810"), receipt: None },
    Protocol {
        service: "kinesis",
        actions: Actions::Target("Kinesis_20131202"),
        receipt: Some(Receipt {
            name: "StreamName",
            arn: "StreamARN",
            part: Some("ShardId"),
            record: "SequenceNumber",
        }),
    },
    Protocol { service: "events", actions: Actions::Target("AWSEvents"), receipt: None },
    Protocol { service: "states", actions: Actions::Target("AWSStepFunctions"), receipt: None },
    Protocol { service: "sns", actions: Actions::Query("2010-03-31"), receipt: None },
    Protocol {
        service: "sqs",
        actions: Actions::Query("2012-11-05"),
        receipt: Some(Receipt { name: "QueueUrl", arn: "QueueArn", part: None, record: "MessageId" }),
    },
];

/// A call of a service, parsed once.
#[derive(Debug, PartialEq, Eq)]
pub struct ServiceCall {
    pub protocol: &'static Protocol,
    pub region: String,
    pub method: String,
    /// Without the first `/`.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(&'static str, String)>,
}

impl ServiceCall {
    /// Reads an integration's URI and method; nothing where no row of the table serves it.
    pub fn parse(uri: &str, method: &str) -> Option<Self> {
        let (arn, call) = uri.split_once(":action/").or_else(|| uri.split_once(":path/"))?;
        let mut parts = arn.rsplit(':');
        let (service, region) = (parts.next()?, parts.next()?.to_owned());
        let protocol = PROTOCOLS.iter().find(|known| known.service == service)?;
        let method = if method.is_empty() { "POST" } else { method };
        let mut found = Self {
            protocol,
            region,
            method: method.to_owned(),
            path: String::new(),
            query: Vec::new(),
            headers: Vec::new(),
        };
        if uri.contains(":action/") {
            found.act(call);
        } else {
            found.path = Some(call).filter(|path| !path.contains('{'))?.trim_start_matches('/').to_owned();
        }
        Some(found)
    }

    /// Makes it a call of an action, `NAME` or `NAME&KEY=VALUE`.
    fn act(&mut self, call: &str) {
        let (action, parameters) = call.split_once('&').unwrap_or((call, ""));
        match self.protocol.actions {
            Actions::Target(prefix) => {
                // These services know no other method.
                self.method = "POST".to_owned();
                self.headers.push(("x-amz-target", format!("{prefix}.{action}")));
            }
            Actions::Query(version) => {
                let fixed = [("Action", action), ("Version", version)];
                self.query.extend(fixed.map(|(name, value)| (name.to_owned(), value.to_owned())));
            }
        }
        self.query.extend(form_urlencoded::parse(parameters.as_bytes()).into_owned());
    }

    /// Where the service took a record to, and the record's id there, by the JSON of the request and of the answer.
    pub fn taken(&self, sent: &[u8], answer: &Value) -> Option<(Location, String)> {
        let receipt = self.protocol.receipt.as_ref()?;
        let record = answer[receipt.record].as_str()?.to_owned();
        let part = receipt.part.and_then(|part| answer[part].as_str()).map(str::to_owned);
        let sent: Value = serde_json::from_slice(sent).unwrap_or_default();
        // Of a URL the last part is the name.
        let named = sent[receipt.name].as_str().map(|name| name.rsplit('/').next().unwrap_or(name).to_owned());
        let name = named.or_else(|| Location::of(sent[receipt.arn].as_str()?, None).name);
        Some((Location { service: self.protocol.service.to_owned(), name, part }, record))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Service, request line and headers of a call.
    fn call(uri: &str, method: &str) -> Option<String> {
        let ServiceCall { protocol, method, path, query, headers, .. } =
            ServiceCall::parse(&format!("arn:aws:apigateway:eu-west-1:{uri}"), method)?;
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let headers: String = headers.iter().map(|(name, value)| format!(" {name}: {value}")).collect();
        Some(format!("{} {method} /{path}?{query}{headers}", protocol.service))
    }

    #[test]
    fn each_protocol_makes_its_own_request() {
        let rows = [
            ("kinesis:action/PutRecord", "POST", Some("kinesis POST /? x-amz-target: Kinesis_20131202.PutRecord")),
            ("dynamodb:action/GetItem", "GET", Some("dynamodb POST /? x-amz-target: DynamoDB_20120810.GetItem")),
            ("sqs:action/SendMessage", "GET", Some("sqs GET /?Action=SendMessage&Version=2012-11-05")),
            ("sns:action/Publish&Subject=a%20b", "", Some("sns POST /?Action=Publish&Version=2010-03-31&Subject=a+b")),
            ("sqs:path/111122223333/orders", "POST", Some("sqs POST /111122223333/orders?")),
            ("sqs:path/111122223333/{queue}", "POST", None),
            ("s3:path/bucket/key", "PUT", None),
            ("kinesis:other/PutRecord", "POST", None),
        ];
        for (uri, method, expected) in rows {
            assert_eq!(call(uri, method).as_deref(), expected, "{uri}");
        }
    }

    #[test]
    fn a_taken_record_is_located_by_request_and_answer() {
        let kinesis = ServiceCall::parse("arn:aws:apigateway:r:kinesis:action/PutRecord", "POST").unwrap();
        let answer = json!({ "ShardId": "shardId-1", "SequenceNumber": "49" });
        let at = |name: Option<&str>| {
            let (name, part) = (name.map(str::to_owned), Some("shardId-1".to_owned()));
            Some((Location { service: "kinesis".to_owned(), name, part }, "49".to_owned()))
        };
        assert_eq!(kinesis.taken(br#"{"StreamName": "a"}"#, &answer), at(Some("a")));
        assert_eq!(kinesis.taken(br#"{"StreamARN": "arn:aws:kinesis:r:1:stream/b"}"#, &answer), at(Some("b")));
        assert_eq!(kinesis.taken(b"not JSON", &answer), at(None));
        assert_eq!(kinesis.taken(b"{}", &json!({ "__type": "ValidationException" })), None);
        let queue = ServiceCall::parse("arn:aws:apigateway:r:sqs:path/1/jobs", "POST").unwrap();
        let sent = br#"{"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/1/jobs", "MessageBody": "b"}"#;
        let place = Location { service: "sqs".to_owned(), name: Some("jobs".to_owned()), part: None };
        let answer = json!({ "MessageId": "m", "SequenceNumber": "18888001" });
        assert_eq!(queue.taken(sent, &answer), Some((place, "m".to_owned())), "also of a FIFO queue");
        let table = ServiceCall::parse("arn:aws:apigateway:r:dynamodb:action/PutItem", "POST").unwrap();
        assert_eq!(table.taken(b"{}", &answer), None);
    }
}
