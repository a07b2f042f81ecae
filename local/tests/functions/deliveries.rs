//! What MiniStack itself delivers: topics, rules, buckets, schedules and Invoke, up to the function, which the test makes up.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, Target};
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::RequestId;
use aws_sdk_lambda::types::{FunctionCode, InvocationType, Runtime};
use aws_sdk_scheduler::types::{FlexibleTimeWindow, FlexibleTimeWindowMode, Target as Called};
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use pipe_local::endpoint::{Behind, Emulator, Forwarder, MINISTACK, RootKey, environment};
use pipe_local::event::{Event, GivenUp};
use pipe_local::invoke::{Answer, Call, Invoke};
use pipe_local::push::{Inbox, Push, Settings};
use pipe_local::roles::Roles;
use pipe_local::seen::Lens;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:000000000000:function:f";

struct Cloud {
    sdk: SdkConfig,
    url: String,
    key: Credentials,
    push: Push,
    calls: UnboundedReceiver<Value>,
    /// Ids of the calls.
    ids: UnboundedReceiver<String>,
    events: UnboundedReceiver<Event>,
    lambda: aws_sdk_lambda::Client,
    _running: (Emulator, Forwarder, TempDir),
}

/// A function that is always done, what it is called with, and the ids of the calls.
fn function() -> (Invoke, UnboundedReceiver<Value>, UnboundedReceiver<String>) {
    let (called, calls) = unbounded_channel();
    let (known, ids) = unbounded_channel();
    let invoke: Invoke = Arc::new(move |Call { payload, id, .. }| {
        called.send(serde_json::from_slice(&payload).unwrap()).unwrap();
        known.send(id.unwrap_or_default()).unwrap();
        let payload = Bytes::from_static(b"\"done\"");
        let answer = Answer { payload, error: None, request_id: "r".to_owned(), memory: None };
        Box::pin(async move { Ok(answer) })
    });
    (invoke, calls, ids)
}

impl Cloud {
    async fn start() -> Self {
        let supervisor = [env!("CARGO_BIN_EXE_pipe-supervise").into()];
        let target = Path::new(env!("CARGO_BIN_EXE_pipe-supervise")).ancestors().nth(2).unwrap();
        let cache = target.join("pipe-test-cache/ministack");
        let venv = environment(&cache, MINISTACK, &supervisor, &mut |_| {}).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (folder, inbox, front) =
            (tempfile::tempdir().unwrap(), Inbox::open().await.unwrap(), listener.local_addr());
        let log = folder.path().join("ministack.log");
        let emulator = Emulator::start(&venv, &supervisor, &log, front.unwrap(), Some(inbox.url())).await.unwrap();
        let (root, (events, told)) = (RootKey::random(), unbounded_channel());
        let behind = Behind::Own(&emulator.socket(), root.clone());
        let forwarder = Forwarder::start(listener, behind, events.clone(), Lens::default()).await.unwrap();
        let (url, key) = (forwarder.url(), Credentials::new(root.id, root.secret, None, None, "test"));
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(&url)
            .credentials_provider(SharedCredentialsProvider::new(key.clone()))
            .build();
        let (invoke, calls, ids) = function();
        let push =
            Push::start(Settings { roles: Roles::new(sdk.clone()), invoke, events, lens: Lens::default(), inbox });
        let lambda = aws_sdk_lambda::Client::new(&sdk);
        let cloud =
            Self { sdk, url, key, push, calls, ids, events: told, lambda, _running: (emulator, forwarder, folder) };
        cloud.with_function().await;
        cloud
    }

    async fn with_function(&self) {
        let zip = crate::endpoint::zip(&[("x.py", "", 0o644)]);
        let create = self.lambda.create_function().function_name("f").runtime(Runtime::Python313).handler("x.y");
        let code = FunctionCode::builder().zip_file(zip.into()).build();
        self.with_role("r").await;
        create.role("arn:aws:iam::000000000000:role/r").code(code).send().await.unwrap();
    }

    /// Lets a service in for one of its resources.
    async fn let_in(&self, principal: &str, source_arn: &str) {
        let id = principal.split('.').next().unwrap();
        let add = self.lambda.add_permission().function_name("f").statement_id(id).action("lambda:InvokeFunction");
        let add = add.principal(principal).source_arn(source_arn).source_account("000000000000");
        add.send().await.unwrap();
    }

    async fn called(&mut self) -> Value {
        timeout(Duration::from_secs(30), self.calls.recv()).await.expect("nothing reaches the function").unwrap()
    }

    /// The first event that is given up.
    async fn given_up(&mut self) -> GivenUp {
        let given_up = async {
            loop {
                if let Event::GivenUp(given_up) = self.events.recv().await.unwrap() {
                    return given_up;
                }
            }
        };
        timeout(Duration::from_secs(30), given_up).await.expect("nothing is given up")
    }

    async fn s3(&self, method: &str, path: &str, body: &str) {
        self.call("s3", method, path, body).await;
    }

    /// Makes a role that may call the function.
    async fn with_role(&self, name: &str) {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com"] } }] });
        let may = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "lambda:InvokeFunction",
            "Resource": FUNCTION }] });
        for fields in [
            [
                ("Action", "CreateRole"),
                ("AssumeRolePolicyDocument", &trust.to_string()),
                ("RoleName", name),
                ("Path", "/"),
            ],
            [
                ("Action", "PutRolePolicy"),
                ("PolicyDocument", &may.to_string()),
                ("RoleName", name),
                ("PolicyName", "may"),
            ],
        ] {
            let form = form_urlencoded::Serializer::new("Version=2010-05-08".to_owned()).extend_pairs(fields).finish();
            self.call("iam", "POST", "/", &form).await;
        }
    }

    /// Calls a service for which there is no crate here.
    async fn call(&self, service: &str, method: &str, path: &str, body: &str) {
        let uri = format!("{}{path}", self.url);
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let identity = self.key.clone().into();
        let params =
            v4::SigningParams::builder().identity(&identity).region("eu-west-1").name(service).settings(settings);
        let params = params.time(SystemTime::now()).build().unwrap().into();
        let mut request =
            Request::builder().method(method).uri(&uri).body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let host = request.uri().authority().unwrap().to_string();
        request.headers_mut().insert("host", host.parse().unwrap());
        if service == "iam" {
            let form = "application/x-www-form-urlencoded".parse().unwrap();
            request.headers_mut().insert("content-type", form);
        }
        let headers = [("host", host.as_str())].into_iter();
        let signable = SignableRequest::new(method, &uri, headers, SignableBody::Bytes(body.as_bytes())).unwrap();
        sign(signable, &params).unwrap().into_parts().0.apply_to_request_http1x(&mut request);
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let answer = client.request(request).await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ministack_delivers_reaches_the_function_in_awss_form() {
    let mut cloud = Cloud::start().await;
    from_a_topic(&mut cloud).await;
    from_a_rule(&mut cloud).await;
    from_a_bucket(&mut cloud).await;
    from_a_caller(&mut cloud).await;
}

async fn from_a_topic(cloud: &mut Cloud) {
    let sns = aws_sdk_sns::Client::new(&cloud.sdk);
    let topic = sns.create_topic().name("orders").send().await.unwrap().topic_arn.unwrap();
    sns.subscribe().topic_arn(&topic).protocol("lambda").endpoint(FUNCTION).send().await.unwrap();
    sns.publish().topic_arn(&topic).message("early").send().await.unwrap();
    let lost = cloud.given_up().await;
    assert!(lost.to.is_none() && lost.reason.contains("sns.amazonaws.com"), "{lost:?}");
    cloud.let_in("sns.amazonaws.com", &topic).await;
    cloud.push.sync().await.unwrap();
    sns.publish().topic_arn(&topic).message("hi").send().await.unwrap();
    let message = cloud.called().await["Records"][0]["Sns"].take();
    assert_eq!((&message["Message"], &message["Subject"]), (&"hi".into(), &Value::Null));
    assert!(message["SigningCertUrl"].is_string() && message["MessageAttributes"] == json!({}), "{message}");
}

async fn from_a_rule(cloud: &mut Cloud) {
    let events = aws_sdk_eventbridge::Client::new(&cloud.sdk);
    let rule = events.put_rule().name("big").event_pattern(r#"{"source":["shop"]}"#).send().await.unwrap();
    cloud.let_in("events.amazonaws.com", rule.rule_arn().unwrap()).await;
    cloud.push.sync().await.unwrap();
    let target = Target::builder().id("pipe").arn(FUNCTION).build().unwrap();
    events.put_targets().rule("big").targets(target).send().await.unwrap();
    let entry = PutEventsRequestEntry::builder().source("shop").detail_type("Order").detail(r#"{"price":1.5}"#);
    events.put_events().entries(entry.build()).send().await.unwrap();
    let event = cloud.called().await;
    assert_eq!((&event["detail-type"], &event["detail"]), (&"Order".into(), &json!({ "price": 1.5 })));
}

async fn from_a_bucket(cloud: &mut Cloud) {
    cloud.let_in("s3.amazonaws.com", "arn:aws:s3:::uploads").await;
    cloud.push.sync().await.unwrap();
    let place = "<LocationConstraint>eu-west-1</LocationConstraint>";
    cloud.s3("PUT", "/uploads", &format!("<CreateBucketConfiguration>{place}</CreateBucketConfiguration>")).await;
    let entry = format!(
        "<CloudFunctionConfiguration><Id>pipe</Id><CloudFunction>{FUNCTION}</CloudFunction>\
         <Event>s3:ObjectCreated:*</Event></CloudFunctionConfiguration>"
    );
    let notification = format!("<NotificationConfiguration>{entry}</NotificationConfiguration>");
    cloud.s3("PUT", "/uploads?notification=", &notification).await;
    cloud.s3("PUT", "/uploads/a", "x").await;
    let record = cloud.called().await["Records"][0].take();
    assert_eq!((&record["eventVersion"], &record["eventName"]), (&"2.1".into(), &"ObjectCreated:Put".into()));
}

async fn from_a_caller(cloud: &mut Cloud) {
    let invoke = cloud.lambda.invoke().function_name("f").payload(br#"{"direct":1}"#.to_vec().into());
    let answer = invoke.send().await.unwrap();
    assert_eq!((answer.status_code, answer.payload.unwrap().into_inner()), (200, b"\"done\"".to_vec()));
    assert_eq!(cloud.called().await, json!({ "direct": 1 }));
    let refused = cloud.lambda.invoke().function_name("f").payload(b"bad".to_vec().into()).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidRequestContentException"));
    // What is sent is known by the id that the function has.
    while cloud.ids.try_recv().is_ok() {}
    let event = cloud.lambda.invoke().function_name("f").invocation_type(InvocationType::Event);
    let answer = event.payload(br#"{"later":1}"#.to_vec().into()).send().await.unwrap();
    assert_eq!(cloud.called().await, json!({ "later": 1 }));
    assert_eq!(cloud.ids.recv().await.as_deref(), answer.request_id());
    let groups = aws_sdk_cloudwatchlogs::Client::new(&cloud.sdk).describe_log_groups().send().await.unwrap();
    assert!(groups.log_groups().is_empty(), "MiniStack writes no lines about calls that pipe makes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_calls_under_its_role_and_can_be_fired_at_once() {
    let mut cloud = Cloud::start().await;
    let scheduler = aws_sdk_scheduler::Client::new(&cloud.sdk);
    scheduler.create_schedule_group().name("nightly").send().await.unwrap();
    let input = r#"{"time":"<aws.scheduler.scheduled-time>","attempt":<aws.scheduler.attempt-number>}"#;
    let target = Called::builder().arn(FUNCTION).role_arn("arn:aws:iam::000000000000:role/none").input(input).build();
    let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().unwrap();
    let create =
        scheduler.create_schedule().group_name("nightly").name("nightly").schedule_expression("cron(0 3 * * ? *)");
    create.target(target.unwrap()).flexible_time_window(window).send().await.unwrap();
    cloud.push.sync().await.unwrap();
    assert_eq!(cloud.push.schedules(), ["nightly"]);
    let error = cloud.push.fire("daily").await.unwrap_err();
    assert!(error.message().contains("`daily`"), "{error}");
    // It may be tried again for a day.
    let _given_up = timeout(Duration::from_secs(2), cloud.push.fire("nightly")).await;
    assert!(cloud.calls.try_recv().is_err(), "its role is not there");

    cloud.with_role("clock").await;
    let target = Called::builder().arn(FUNCTION).role_arn("arn:aws:iam::000000000000:role/clock").input(input).build();
    let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().unwrap();
    let update =
        scheduler.update_schedule().group_name("nightly").name("nightly").schedule_expression("cron(0 3 * * ? *)");
    update.target(target.unwrap()).flexible_time_window(window).send().await.unwrap();
    cloud.push.sync().await.unwrap();
    cloud.push.fire("nightly").await.unwrap();
    let event = cloud.called().await;
    assert!(event["time"].as_str().unwrap().ends_with('Z') && event["attempt"] == 1, "{event}");
}
