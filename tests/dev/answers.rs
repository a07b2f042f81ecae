//! A handler of one's own that answers requests and reads the stream, and templates of one's own.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::{Client, JSON};
use super::dev::Dev;

const SPEC: &str = "
name: answers
source:
  api:
    throttle: off
    cors: { origins: ['https://app.example'] }
    routes:
      - { any: '/app/{page}', auth: none, to: function, content_types: [application/json, image/png] }
      - { post: /checked, auth: none, body: object, to: function }
      - post: '/hooks/{id}'
        auth: none
        content_types: [application/json, text/plain]
        envelope: [header.X-Signature, header.X-None, path.id, context.httpMethod]
        to: stream
      - post: /orders
        auth: none
        to:
          aws:
            service: sqs
            action: SendMessage
            request: send.vtl
            response: sent.vtl
            statements: [{ actions: ['sqs:SendMessage'], resources: [dlq] }]
      - { post: /rows, auth: none, to: { table: { put: { request: put.vtl, response: made.vtl } } } }
      - { get: '/rows/{id}', auth: none, to: { table: get } }
stream: { kinesis: {} }
consumer: { function: { handler: ./own, timeout_seconds: 20 } }
sink: { table: { partition_key: id } }
dlq: { queue: { name: LambdaDeadLetterQueue } }
";

/// Speaks Lambda's Runtime API: a path says what to answer, and records go into a file.
const BOOTSTRAP: &str = r#"
import base64, http.client, json, os, time

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

def ask(method, path, body=None):
    api.request(method, "/2018-06-01/runtime/invocation/" + path, body)
    answer = api.getresponse()
    return answer.headers["Lambda-Runtime-Aws-Request-Id"], answer.read()

def answer(event):
    if "Records" in event:
        with open(os.path.join(FOLDER, "records"), "a") as file:
            for record in event["Records"]:
                file.write(base64.b64decode(record["kinesis"]["data"]).decode() + "\n")
        return {"batchItemFailures": []}
    page = (event["pathParameters"] or {}).get("page")
    if page == "echo":
        return {"statusCode": 201, "headers": {"X-One": "1"}, "multiValueHeaders": {"X-Two": ["a", "b"]}, "body": json.dumps(event)}
    if page == "bytes":
        headers = {"Content-Type": "image/png"}
        return {"statusCode": 200, "headers": headers, "body": event["body"], "isBase64Encoded": True}
    if page == "broken":
        return {"status": 200}
    return {"statusCode": 204}

while True:
    call, event = ask("GET", "next")
    ask("POST", call + "/response", json.dumps(answer(json.loads(event))))
"#;

fn write(folder: &Path) {
    let own = folder.join("own");
    std::fs::create_dir_all(&own).unwrap();
    let text = format!("#!/usr/bin/env python3\nFOLDER = {:?}\n{BOOTSTRAP}", folder.display().to_string());
    std::fs::write(own.join("bootstrap"), text).unwrap();
    std::fs::set_permissions(own.join("bootstrap"), PermissionsExt::from_mode(0o755)).unwrap();
    let put = "{\"TableName\": \"answers-table\", \"Item\": {\"id\": {\"S\": $input.json('$.name')}, \"n\": {\"N\": \"1\"}}}\n";
    let body = "$util.urlEncode($input.body)";
    let url = "$util.urlEncode(\"https://sqs.eu-central-1.amazonaws.com/$context.accountId/LambdaDeadLetterQueue\")";
    let files = [
        ("put.vtl", put.to_owned()),
        ("made.vtl", "#set($context.responseOverride.status = 201)\n{\"made\": true}\n".to_owned()),
        ("send.vtl", format!("QueueUrl={url}&MessageBody={body}")),
        ("sent.vtl", "{\"sent\": true}\n".to_owned()),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

fn records(dev: &Dev) -> Vec<Value> {
    let text = std::fs::read_to_string(dev.path().join("records")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_function_of_ones_own_answers_and_templates_of_ones_own_call() {
    let mut dev = Dev::start(SPEC, None, write);
    let client = Client::open_to(&dev);

    // The event is API Gateway's, and the answer is the function's.
    let answer =
        client.send("PATCH", "/app/echo?a=1&a=2", &[("Content-Type", "text/plain"), ("X-Mine", "é")], b"plain");
    assert_eq!((answer.status, answer.header("x-one"), answer.header("x-two")), (201, Some("1"), Some("a")));
    assert_eq!(answer.header("access-control-allow-origin"), None, "the function gives its headers itself");
    let event = answer.json();
    let told = ["resource", "path", "httpMethod", "body", "isBase64Encoded", "pathParameters"].map(|name| &event[name]);
    let wanted = json!(["/app/{page}", "/app/echo", "PATCH", "plain", false, { "page": "echo" }]);
    assert_eq!(json!(told), wanted);
    assert_eq!(event["multiValueQueryStringParameters"], json!({ "a": ["1", "2"] }));

    // Bytes come as base64 where the spec names their type, and go out as bytes to one who asks for them.
    let bytes = [0x89, b'P', b'N', b'G', 0xff, 0x00];
    let png = ("Content-Type", "image/png");
    let event = client.send("POST", "/app/echo", &[png], &bytes).json();
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(STANDARD.encode(bytes)), &json!(true)));
    let answer = client.send("POST", "/app/bytes", &[png, ("Accept", "image/png")], b"as they are");
    assert_eq!((answer.status, answer.body.as_str()), (200, "as they are"));
    assert_eq!(client.send("GET", "/app/broken", &[], b"").refusal(), (502, "Internal server error".to_owned()));

    // What the spec says of a body holds for every type of it.
    assert_eq!(client.send("POST", "/checked", &[("Content-Type", "text/plain")], b"[1]").status, 400);
    assert_eq!(client.send("POST", "/checked", &[JSON], b"{}").status, 204);

    // A record with what a signature is checked with.
    let signed = ("x-signature", "sha256='\"\\");
    let answer = client.send("POST", "/hooks/a%20b", &[("Content-Type", "text/plain"), signed], b"a\"b\\c");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(client.send("POST", "/hooks/1", &[("Content-Type", "text/csv")], b"1").status, 415);
    let record = dev.until("the record", |dev| records(dev).pop());
    let wanted = json!({
        "body": STANDARD.encode("a\"b\\c"), "encoding": "base64", "context": { "httpMethod": "POST" },
        "header": { "X-Signature": "sha256='\"\\", "X-None": null }, "path": { "id": "a b" },
    });
    assert_eq!(record, wanted);

    // Templates of one's own.
    let answer = client.send("POST", "/rows", &[JSON], b"{\"name\": \"Ada\"}");
    assert_eq!((answer.status, answer.json()), (201, json!({ "made": true })));
    assert_eq!(client.send("GET", "/rows/Ada", &[], b"").json(), json!({ "id": "Ada", "n": 1 }));
    assert_eq!(client.send("POST", "/rows", &[JSON], b"{\"name\": \"\"}").status, 400);
    let answer = client.send("POST", "/orders", &[JSON], b"{\"a\": \"&=\"}");
    assert_eq!((answer.status, answer.json()), (200, json!({ "sent": true })));
    let letters = dev.letters(&dev.sdk());
    assert_eq!(letters, [json!({ "a": "&=" })]);

    let sent = dev.pipe(&["send", "--route", "/checked"]);
    assert!(sent.contains("204"), "{sent}");
}
