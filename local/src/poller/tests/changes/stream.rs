//! A table's stream behind HTTP, with a role that can be assumed.

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::STREAM;
use crate::poller::access::Access;
use crate::roles::Roles;

const ASSUMED: &str = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
    <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>\
    <Expiration>2199-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";

#[derive(Default)]
pub struct Shard {
    pub parent: Option<&'static str>,
    pub records: Vec<Value>,
    /// How many of the first records are no more.
    pub trimmed: usize,
    pub closed: bool,
}

/// What a test may change while it is read.
#[derive(Default)]
pub struct Stream {
    pub shards: Vec<(&'static str, Shard)>,
    /// The operation that the role may not do.
    pub denied: &'static str,
    /// The stream was forgotten.
    pub gone: bool,
    /// Iterators of an age before this have expired.
    pub age: usize,
    pub calls: Vec<String>,
}

impl Stream {
    fn answer(&mut self, operation: &str, input: &Value) -> Result<Value, &'static str> {
        self.calls.push(operation.to_owned());
        if operation == self.denied {
            return Err("com.amazon.coral.service#AccessDeniedException");
        }
        if self.gone {
            return Err("com.amazonaws.dynamodb.v20120810#ResourceNotFoundException");
        }
        match operation {
            "ListStreams" => Ok(json!({"Streams": []})),
            "DescribeStream" => Ok(self.page(input)),
            "GetShardIterator" => self.iterator(input),
            _ => self.read(input),
        }
    }

    /// One shard in each page.
    fn page(&self, input: &Value) -> Value {
        assert_eq!(input["StreamArn"], STREAM);
        let before = |(id, _): &&(&str, Shard)| input["ExclusiveStartShardId"].as_str().is_some_and(|last| *id <= last);
        let at = self.shards.iter().take_while(before).count();
        let (id, shard) = &self.shards[at];
        let mut shown = json!({"ShardId": id});
        if let Some(parent) = shard.parent {
            shown["ParentShardId"] = parent.into();
        }
        let mut description = json!({"StreamArn": STREAM, "Shards": [shown]});
        if at + 1 < self.shards.len() {
            description["LastEvaluatedShardId"] = json!(id);
        }
        json!({"StreamDescription": description})
    }

    fn shard(&self, id: &Value) -> Result<&Shard, &'static str> {
        let found = self.shards.iter().find(|(shard, _)| *id == *shard);
        found.map(|(_, shard)| shard).ok_or("ResourceNotFoundException")
    }

    fn iterator(&self, input: &Value) -> Result<Value, &'static str> {
        let shard = self.shard(&input["ShardId"])?;
        let place = match input["ShardIteratorType"].as_str().unwrap() {
            "TRIM_HORIZON" => shard.trimmed,
            "LATEST" => shard.records.len(),
            kind => {
                assert_eq!(kind, "AFTER_SEQUENCE_NUMBER");
                let is = |record: &Value| record["dynamodb"]["SequenceNumber"] == input["SequenceNumber"];
                let at = shard.records.iter().position(is).filter(|at| *at >= shard.trimmed);
                at.ok_or("TrimmedDataAccessException")? + 1
            }
        };
        Ok(json!({"ShardIterator": self.at(input["ShardId"].as_str().unwrap(), place)}))
    }

    fn at(&self, shard: &str, place: usize) -> String {
        format!("{shard}/{place}/{}", self.age)
    }

    fn read(&self, input: &Value) -> Result<Value, &'static str> {
        let parts: Vec<&str> = input["ShardIterator"].as_str().unwrap().split('/').collect();
        let (id, place, age) = (parts[0], parts[1].parse::<usize>().unwrap(), parts[2].parse::<usize>().unwrap());
        let shard = self.shard(&json!(id))?;
        if age < self.age {
            return Err("ExpiredIteratorException");
        }
        if place < shard.trimmed {
            return Err("TrimmedDataAccessException");
        }
        let most = usize::try_from(input["Limit"].as_u64().unwrap()).unwrap();
        assert!((1..=1_000).contains(&most));
        let page: Vec<&Value> = shard.records.iter().skip(place).take(most).collect();
        let next = place + page.len();
        let mut answer = json!({"Records": page});
        if !shard.closed || next < shard.records.len() {
            answer["NextShardIterator"] = self.at(id, next).into();
        }
        Ok(answer)
    }
}

/// Serves the stream, and gives access to it under the role of the mapping.
pub async fn serve(stream: &Arc<Mutex<Stream>>) -> Access {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stream = Arc::clone(stream);
    let handler = move |request: Request| {
        let stream = Arc::clone(&stream);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let Some(target) = head.headers.get("x-amz-target") else { return Response::new(Body::from(ASSUMED)) };
            let operation = target.to_str().unwrap().strip_prefix("DynamoDBStreams_20120810.").unwrap();
            let signed = head.headers["authorization"].to_str().unwrap();
            assert!(signed.contains("Credential=ASIAROLE/") && signed.contains("/eu-central-1/dynamodb/aws4_request"));
            let answer = stream.lock().unwrap().answer(operation, &serde_json::from_slice(&body).unwrap());
            let (status, body) = match answer {
                Ok(body) => (200, body),
                Err(kind) => (400, json!({"__type": kind, "message": "why"})),
            };
            Response::builder().status(status).body(Body::from(body.to_string())).unwrap()
        }
    };
    tokio::spawn(async { axum::serve(listener, axum::Router::new().fallback(handler)).await.unwrap() });
    let deployer = Credentials::new("111122223333", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(deployer));
    Access::new(Roles::new(config.build()), &super::of_table().role)
}
