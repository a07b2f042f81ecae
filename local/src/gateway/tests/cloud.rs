//! A stand-in for the endpoint: STS, Kinesis, Lambda's `DryRun`, CloudWatch Logs, and API Gateway's reads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::roles::Roles;

/// A call that came in.
#[derive(Clone, Debug)]
pub struct Called {
    pub target: String,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

/// How the stand-in behaves, and what it saw.
pub struct Told {
    pub calls: Vec<Called>,
    /// Status, body and delay of Kinesis.
    pub kinesis: (u16, String, Duration),
    pub may_invoke: bool,
    pub dry_runs: usize,
    pub may_assume: bool,
    /// What IAM says of `execute-api:Invoke`.
    pub decision: &'static str,
    /// What API Gateway answers, by path.
    pub api: BTreeMap<String, Value>,
}

#[derive(Clone)]
pub struct Cloud {
    pub url: String,
    told: Arc<Mutex<Told>>,
}

pub const TAKEN: &str = r#"{"SequenceNumber":"4960","ShardId":"shardId-000000000000"}"#;

/// As the status of Kinesis: the connection breaks.
pub const BROKEN: u16 = 0;

const ASSUMED: &str = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
    <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>\
    <Expiration>2199-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
const IDENTITY: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
    <GetCallerIdentityResult><Arn>ARN</Arn><UserId>ID</UserId><Account>111122223333</Account></GetCallerIdentityResult>\
    </GetCallerIdentityResponse>";

/// The deployer, who may do everything.
pub fn deployer() -> Credentials {
    Credentials::new("111122223333", "secret", None, None, "test")
}

/// A session of a role, with a key that the endpoint has given out.
pub fn given() -> Credentials {
    Credentials::new("ASIAGIVEN", "given/secret", Some("to/ken==".to_owned()), None, "test")
}

impl Cloud {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kinesis = (200, TAKEN.to_owned(), Duration::ZERO);
        let told = Told {
            calls: Vec::new(),
            kinesis,
            may_invoke: true,
            dry_runs: 0,
            may_assume: true,
            decision: "allowed",
            api: BTreeMap::new(),
        };
        let cloud = Self { url, told: Arc::new(Mutex::new(told)) };
        let app = axum::Router::new().fallback(answer).with_state(cloud.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        cloud
    }

    pub fn set(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told.lock().unwrap());
    }

    pub fn get<T>(&self, look: impl FnOnce(&Told) -> T) -> T {
        look(&self.told.lock().unwrap())
    }

    pub fn calls_of(&self, target: &str) -> Vec<Called> {
        self.get(|told| told.calls.iter().filter(|call| call.target == target).cloned().collect())
    }

    pub fn roles(&self) -> Roles {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url(&self.url)
            .credentials_provider(SharedCredentialsProvider::new(deployer()));
        Roles::new(config.build())
    }
}

async fn answer(State(cloud): State<Cloud>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&body).into_owned();
    let headers: BTreeMap<String, String> =
        parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let target = headers.get("x-amz-target").cloned().unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let call = Called { target: target.clone(), headers, body: serde_json::from_str(&text).unwrap_or_default() };
    cloud.set(|told| told.calls.push(call));
    if target.starts_with("Kinesis_") {
        let (status, body, delay) = cloud.get(|told| told.kinesis.clone());
        tokio::time::sleep(delay).await;
        return if status == BROKEN { broken() } else { reply(status, body) };
    }
    if target.starts_with("Logs_") {
        return logs(&cloud, &target);
    }
    if path.ends_with("/invocations") {
        cloud.set(|told| told.dry_runs += 1);
        let allowed = cloud.get(|told| told.may_invoke);
        let mut refused = reply(403, json!({ "Message": "no" }).to_string());
        refused.headers_mut().insert("x-amzn-errortype", "AccessDeniedException".parse().unwrap());
        return if allowed { reply(204, String::new()) } else { refused };
    }
    if let Some(found) = cloud.get(|told| told.api.get(&path).cloned()) {
        return reply(200, found.to_string());
    }
    let is_given =
        parts.headers.get("authorization").is_some_and(|value| value.to_str().unwrap().contains("ASIAGIVEN"));
    sts(&cloud, &text, is_given)
}

/// The stream is there only once it was made.
fn logs(cloud: &Cloud, target: &str) -> Response<Body> {
    let made = !cloud.calls_of("Logs_20140328.CreateLogStream").is_empty();
    if target.ends_with("PutLogEvents") && !made {
        return reply(400, json!({ "__type": "ResourceNotFoundException", "message": "no stream" }).to_string());
    }
    reply(200, "{}".to_owned())
}

fn sts(cloud: &Cloud, text: &str, is_given: bool) -> Response<Body> {
    let (arn, id) = match is_given {
        true => ("arn:aws:sts::111122223333:assumed-role/caller/tests", "AROAGIVEN:tests"),
        false => ("arn:aws:iam::111122223333:root", "111122223333"),
    };
    match text {
        _ if text.contains("Action=GetCallerIdentity") => reply(200, IDENTITY.replace("ARN", arn).replace("ID", id)),
        _ if text.contains("Action=SimulatePrincipalPolicy") => {
            assert!(
                !is_given && text.contains("PolicySourceArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fcaller&"),
                "{text}"
            );
            let decision = cloud.get(|told| told.decision);
            reply(200, format!("<EvaluationResults><EvalDecision>{decision}</EvalDecision></EvaluationResults>"))
        }
        _ if text.contains("Action=AssumeRole") && cloud.get(|told| told.may_assume) => reply(200, ASSUMED.to_owned()),
        _ => reply(403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>".to_owned()),
    }
}

/// An answer that ends before it is whole.
fn broken() -> Response<Body> {
    let parts = futures_util::stream::iter([Err::<String, _>(std::io::Error::other("gone"))]);
    Response::new(Body::from_stream(parts))
}

fn reply(status: u16, body: String) -> Response<Body> {
    let response = Response::builder().status(status).header("x-amzn-requestid", "k-1");
    response.body(Body::from(body)).unwrap()
}
