//! Routes that a function answers, and templates of one's own: up, unchanged, edited property by property, down, on MiniStack and on
//! moto.

use std::fs;

use pipe_test_support::{Emulator, Endpoint, Kind, Sandbox};

const SPEC: &str = "name: routes
source:
  api:
    throttle: off
    routes:
      - { any: '/app/{page}', auth: none, to: function }
      - { post: '/hooks/{id}', auth: none, to: stream }
      - { post: /orders, auth: none, to: stream }
      - { get: '/items/{id}', auth: none, to: { table: get } }
stream: { kinesis: {} }
consumer: { function: { handler: ./own, timeout_seconds: 20 } }
sink: { table: { partition_key: id } }
dlq: { queue: {} }
";

/// Each on top of those before.
const EDITS: [(&str, &str); 16] = [
    ("to: function }", "to: function, content_types: [application/json, image/png] }"),
    ("image/png] }", "image/jpeg, image/png] }"),
    ("image/jpeg, image/png] }", "application/pdf] }"),
    (", content_types: [application/json, application/pdf] }", " }"),
    ("to: function }", "to: function, body: object }"),
    ("to: function, body: object }", "to: function, body: any }"),
    ("to: stream }\n      - { post: /orders", "to: stream, content_types: [text/plain] }\n      - { post: /orders"),
    ("[text/plain]", "[application/json, application/cloudevents+json]"),
    ("cloudevents+json] }", "cloudevents+json], envelope: [header.X-Signature, path.id] }"),
    ("[header.X-Signature, path.id]", "[query.k, context.identity.sourceIp]"),
    (", envelope: [query.k, context.identity.sourceIp] }", " }"),
    ("to: { table: get }", "to: { table: { get: { response: item.vtl } } }"),
    ("{ response: item.vtl }", "{ request: get.vtl }"),
    (ORDERS, AWS),
    ("action: PutEvents", "action: PutPartnerEvents, content_type: application/json"),
    // The function feeds on nothing but requests.
    (
        FED,
        "      - { get: '/items/{id}', auth: none, to: { table: { get: { request: get.vtl } } } }\nconsumer: { function: { handler: ./own, timeout_seconds: 20 } }\nsink: { table: { partition_key: id } }\n",
    ),
];
const ORDERS: &str = "      - { post: /orders, auth: none, to: stream }\n";
const AWS: &str = "      - post: /orders
        auth: none
        to: { aws: { service: events, action: PutEvents, request: put.vtl, response: item.vtl, statements: [{ actions: ['events:PutEvents'], resources: ['*'] }] } }
";
const FED: &str = "      - { get: '/items/{id}', auth: none, to: { table: { get: { request: get.vtl } } } }
stream: { kinesis: {} }
consumer: { function: { handler: ./own, timeout_seconds: 20 } }
sink: { table: { partition_key: id } }
dlq: { queue: {} }
";
const HOOKS: &str = "      - { post: '/hooks/{id}', auth: none, to: stream, content_types: [application/json, application/cloudevents+json] }\n";

fn up_edited_and_down(kind: Kind) {
    let endpoint = Endpoint::start(Emulator::shared(kind));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), SPEC);
    let own = sandbox.path().join("own");
    fs::create_dir_all(&own).unwrap();
    for (file, text) in [
        ("own/bootstrap", "#!/bin/sh\n"),
        ("item.vtl", "{\"item\": $input.json('$.Item')}\n"),
        ("get.vtl", "{\"TableName\": \"routes-table\", \"Key\": {\"id\": {\"S\": \"$input.params('id')\"}}}\n"),
        ("put.vtl", "{\"Entries\": [{\"Detail\": \"$util.escapeJavaScript($input.body)\"}]}\n"),
    ] {
        fs::write(sandbox.path().join(file), text).unwrap();
    }
    sandbox.converge();
    for (from, to) in EDITS {
        // Routes that need the stream go with it.
        if from == FED {
            sandbox.edit(HOOKS, "");
        }
        sandbox.edit(from, to);
        let diff = sandbox.run(&["diff", "--exit-code"]);
        assert_eq!(diff.code, Some(2), "{from}\n{}{}", diff.out, diff.err);
        sandbox.converge();
    }
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert!(sandbox.pipe(&["list"]).contains("no pipelines"));
}

#[test]
fn every_route_on_ministack() {
    up_edited_and_down(Kind::MiniStack);
}

#[test]
fn every_route_on_moto() {
    up_edited_and_down(Kind::Moto);
}
