//! A small endpoint: GetFunction with its zip, AssumeRole, and the two calls of CloudWatch Logs.

use std::collections::HashMap;
use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What the endpoint knows, and what was asked of it.
#[derive(Default)]
pub struct Known {
    pub functions: HashMap<String, Value>,
    pub zips: HashMap<String, Vec<u8>>,
    pub fetched: usize,
    /// Text of the log events, with the access key that put them.
    pub logged: Vec<(String, String)>,
    pub refuse_logs: bool,
    pub role_seconds: u64,
}

#[derive(Clone)]
pub struct Endpoint {
    pub known: Arc<Mutex<Known>>,
    pub url: String,
}

impl Endpoint {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let known = Known { role_seconds: 3600, ..Known::default() };
        let endpoint = Self { known: Arc::new(Mutex::new(known)), url };
        let router = Router::new()
            .route("/2015-03-31/functions/{name}", get(function))
            .route("/code/{name}", get(code))
            .route("/", post(call))
            .with_state(endpoint.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        endpoint
    }

    /// Puts a function there, with the files of its zip and their modes; `with` is laid over its configuration.
    pub fn put(&self, name: &str, files: &[(&str, &str, u32)], with: Value) {
        let zip = zip(files);
        let mut configuration = json!({
            "FunctionName": name,
            "FunctionArn": format!("arn:aws:lambda:eu-central-1:123456789012:function:{name}"),
            "CodeSha256": STANDARD.encode(Sha256::digest(&zip)),
            "Handler": "bootstrap", "MemorySize": 128, "Timeout": 20, "Runtime": "provided.al2023",
            "Role": format!("arn:aws:iam::123456789012:role/{name}"),
        });
        let mut concurrency = Value::Null;
        for (key, value) in with.as_object().unwrap() {
            match key.as_str() {
                "Reserved" => concurrency = json!({ "ReservedConcurrentExecutions": value }),
                _ => configuration[key] = value.clone(),
            }
        }
        let mut known = self.known.lock().unwrap();
        known.zips.insert(name.to_owned(), zip);
        let location = format!("{}/code/{name}", self.url);
        let answer =
            json!({ "Configuration": configuration, "Code": { "Location": location }, "Concurrency": concurrency });
        known.functions.insert(name.to_owned(), answer);
    }

    pub fn sdk(&self) -> SdkConfig {
        let credentials = Credentials::new("root", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url(&self.url)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build()
    }

    pub fn logged(&self) -> Vec<(String, String)> {
        self.known.lock().unwrap().logged.clone()
    }
}

pub fn zip(files: &[(&str, &str, u32)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text, mode) in files {
        writer.start_file(*name, SimpleFileOptions::default().unix_permissions(*mode)).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

async fn function(State(endpoint): State<Endpoint>, Path(name): Path<String>) -> Response {
    let known = endpoint.known.lock().unwrap();
    match known.functions.get(&name) {
        Some(answer) => axum_json(StatusCode::OK, answer),
        None => {
            let refused = json!({ "Type": "User", "Message": "Function not found" });
            (StatusCode::NOT_FOUND, [("x-amzn-errortype", "ResourceNotFoundException")], refused.to_string())
                .into_response()
        }
    }
}

async fn code(State(endpoint): State<Endpoint>, Path(name): Path<String>) -> Response {
    let mut known = endpoint.known.lock().unwrap();
    known.fetched += 1;
    known.zips[&name].clone().into_response()
}

async fn call(State(endpoint): State<Endpoint>, headers: HeaderMap, body: String) -> Response {
    let mut known = endpoint.known.lock().unwrap();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    match text("x-amz-target").as_str() {
        "" => assume(&body, known.role_seconds),
        _ if known.refuse_logs => axum_json(StatusCode::BAD_REQUEST, &json!({ "__type": "AccessDeniedException" })),
        "Logs_20140328.PutLogEvents" => {
            let who = text("authorization").split("Credential=").nth(1).unwrap_or_default().to_owned();
            let who = who.split('/').next().unwrap_or_default().to_owned();
            let put: Value = serde_json::from_str(&body).unwrap();
            for event in put["logEvents"].as_array().unwrap() {
                known.logged.push((who.clone(), event["message"].as_str().unwrap().to_owned()));
            }
            axum_json(StatusCode::OK, &json!({}))
        }
        _ => axum_json(StatusCode::OK, &json!({})),
    }
}

/// Keys that tell the role: the access key is `key-of-` and the role's name.
fn assume(body: &str, seconds: u64) -> Response {
    let fields: HashMap<_, _> = form_urlencoded::parse(body.as_bytes()).collect();
    let role = fields["RoleArn"].rsplit('/').next().unwrap().to_owned();
    let end = DateTime::from(SystemTime::now() + Duration::from_secs(seconds)).fmt(Format::DateTime).unwrap();
    format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
         <AccessKeyId>key-of-{role}</AccessKeyId><SecretAccessKey>secret-of-{role}</SecretAccessKey>\
         <SessionToken>token-of-{role}</SessionToken><Expiration>{end}</Expiration>\
         </Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )
    .into_response()
}

fn axum_json(status: StatusCode, value: &Value) -> Response {
    (status, [("content-type", "application/x-amz-json-1.1")], value.to_string()).into_response()
}
