//! A small endpoint: what is asked about a function, a subscription, a queue and a role, and what is sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};

pub const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:f";
pub const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:orders";
pub const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:dead";

#[derive(Clone)]
pub struct Endpoint {
    url: String,
    /// What becomes of failed events, or null.
    config: Value,
    /// The function's policy, or null.
    policy: Value,
    sent: Arc<Mutex<Vec<Value>>>,
}

impl Endpoint {
    pub async fn start(config: Value, policy: Value) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let endpoint = Self { url, config, policy, sent: Arc::default() };
        let router = Router::new().fallback(answer).with_state(endpoint.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        endpoint
    }

    pub fn sdk(&self) -> SdkConfig {
        let credentials = Credentials::new("root", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(&self.url)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build()
    }

    /// The inputs of SendMessage and PutRecord, with the access key that each was sent by.
    pub fn sent(&self) -> Vec<Value> {
        self.sent.lock().unwrap().clone()
    }

    /// What the queue's policy lets in: the two services, for what this account has.
    fn queue_policy() -> String {
        let services = json!(["sns.amazonaws.com", "events.amazonaws.com"]);
        json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": services }, "Action": "sqs:SendMessage", "Resource": QUEUE,
            "Condition": { "ArnLike": { "aws:SourceArn": "arn:aws:*:eu-west-1:111122223333:*" } } }] })
        .to_string()
    }
}

async fn answer(State(endpoint): State<Endpoint>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = head.uri.path();
    if path.ends_with("/configuration") {
        return json(200, &json!({ "FunctionArn": FUNCTION, "Role": "arn:aws:iam::111122223333:role/consumer" }));
    }
    if path.ends_with("/event-invoke-config") {
        return found(&endpoint.config);
    }
    if path.ends_with("/concurrency") {
        return json(200, &json!({}));
    }
    if path.ends_with("/policy") {
        let policy = endpoint.policy.is_object().then(|| json!({ "Policy": endpoint.policy.to_string() }));
        return found(&policy.unwrap_or_default());
    }
    let input: Value = serde_json::from_slice(&body).unwrap_or_default();
    match header("x-amz-target") {
        "AmazonSQS.GetQueueUrl" => json(200, &json!({ "QueueUrl": format!("{}/111122223333/dead", endpoint.url) })),
        "AmazonSQS.GetQueueAttributes" => json(200, &json!({ "Attributes": { "Policy": Endpoint::queue_policy() } })),
        "AmazonSQS.SendMessage" | "Kinesis_20131202.PutRecord" => {
            let who = header("authorization").split("Credential=").nth(1).unwrap_or_default().split('/').next();
            let mut sent = input;
            sent["as"] = who.unwrap_or_default().into();
            endpoint.sent.lock().unwrap().push(sent);
            json(200, &json!({ "MessageId": "m", "SequenceNumber": "1", "ShardId": "shardId-000000000000" }))
        }
        _ => form(&body),
    }
}

/// The services that answer in XML.
fn form(body: &[u8]) -> Response {
    let fields: HashMap<_, _> = form_urlencoded::parse(body).collect();
    match fields.get("Action").map(AsRef::as_ref) {
        Some("GetSubscriptionAttributes") => format!(
            "<GetSubscriptionAttributesResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><GetSubscriptionAttributesResult>\
             <Attributes><entry><key>RedrivePolicy</key><value>{{\"deadLetterTargetArn\":\"{QUEUE}\"}}</value></entry></Attributes>\
             </GetSubscriptionAttributesResult></GetSubscriptionAttributesResponse>"
        )
        .into_response(),
        Some("AssumeRole") => {
            let role = fields["RoleArn"].rsplit('/').next().unwrap().to_owned();
            format!(
                "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
                 <AccessKeyId>key-of-{role}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>\
                 <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
            )
            .into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn found(value: &Value) -> Response {
    match value {
        Value::Null => {
            let refused = json!({ "Type": "User", "Message": "not there" }).to_string();
            (StatusCode::NOT_FOUND, [("x-amzn-errortype", "ResourceNotFoundException")], refused).into_response()
        }
        value => json(200, value),
    }
}

fn json(status: u16, value: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("content-type", "application/x-amz-json-1.0")], value.to_string()).into_response()
}
