//! `pipe graph`, offline.

use crate::help::run;

#[test]
fn the_graph_of_existing_resources_needs_no_account() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/existing-resources.yaml");
    let (code, out, err) = run(&["graph", file]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("telemetry-failures"), "{out}");
}

#[test]
fn the_graph_of_the_main_file() {
    let (code, out, _) = run(&["graph"]);
    assert_eq!(code, Some(0));
    assert_eq!(out, MERMAID);
    let (code, out, _) = run(&["graph", "--format", "dot"]);
    assert_eq!(code, Some(0));
    assert_eq!(out, DOT);
}

const MERMAID: &str = r#"flowchart LR
  secret["secretsmanager:Secret<br/>gateway/credentials"]
  authorizer-log["logs:LogGroup<br/>/aws/lambda/gateway-events-authorizer"]
  authorizer-role["iam:Role<br/>gateway-events-authorizer-role-region"]
  authorizer["lambda:Function<br/>gateway-events-authorizer"]
  api-role["iam:Role<br/>gateway-events-api-role-region"]
  api-log["logs:LogGroup<br/>/aws/apigateway/gateway-events-api"]
  api-logging["apigateway:AccountLogging<br/>account"]
  api["apigateway:RestApi<br/>gateway-events-api"]
  stream["kinesis:Stream<br/>GatewayEventsStream"]
  table["dynamodb:Table<br/>EventTable"]
  dlq["sqs:Queue<br/>LambdaDeadLetterQueue"]
  consumer-log["logs:LogGroup<br/>/aws/lambda/gateway-events-consumer"]
  consumer-role["iam:Role<br/>gateway-events-consumer-role-region"]
  consumer["lambda:Function<br/>gateway-events-consumer"]
  mapping["lambda:EventSourceMapping<br/>gateway-events-consumer/GatewayEventsStream"]
  authorizer-role -.-> secret
  authorizer-role -.-> authorizer-log
  authorizer --> authorizer-role
  authorizer --> authorizer-log
  authorizer -.-> secret
  api-role -.-> stream
  api-role -.-> authorizer
  api --> api-role
  api --> api-log
  api --> api-logging
  api -.-> stream
  api -.-> authorizer
  consumer-role -.-> stream
  consumer-role -.-> table
  consumer-role -.-> dlq
  consumer-role -.-> consumer-log
  consumer --> consumer-role
  consumer --> consumer-log
  consumer -.-> stream
  consumer -.-> table
  consumer -.-> dlq
  mapping --> consumer
  mapping --> dlq
  mapping --> stream
"#;

const DOT: &str = r#"digraph "gateway-events" {
  rankdir=LR;
  node [shape=box];
  "secret" [label="secretsmanager:Secret\ngateway/credentials"];
  "authorizer-log" [label="logs:LogGroup\n/aws/lambda/gateway-events-authorizer"];
  "authorizer-role" [label="iam:Role\ngateway-events-authorizer-role-region"];
  "authorizer" [label="lambda:Function\ngateway-events-authorizer"];
  "api-role" [label="iam:Role\ngateway-events-api-role-region"];
  "api-log" [label="logs:LogGroup\n/aws/apigateway/gateway-events-api"];
  "api-logging" [label="apigateway:AccountLogging\naccount"];
  "api" [label="apigateway:RestApi\ngateway-events-api"];
  "stream" [label="kinesis:Stream\nGatewayEventsStream"];
  "table" [label="dynamodb:Table\nEventTable"];
  "dlq" [label="sqs:Queue\nLambdaDeadLetterQueue"];
  "consumer-log" [label="logs:LogGroup\n/aws/lambda/gateway-events-consumer"];
  "consumer-role" [label="iam:Role\ngateway-events-consumer-role-region"];
  "consumer" [label="lambda:Function\ngateway-events-consumer"];
  "mapping" [label="lambda:EventSourceMapping\ngateway-events-consumer/GatewayEventsStream"];
  "authorizer-role" -> "secret" [style=dotted];
  "authorizer-role" -> "authorizer-log" [style=dotted];
  "authorizer" -> "authorizer-role";
  "authorizer" -> "authorizer-log";
  "authorizer" -> "secret" [style=dotted];
  "api-role" -> "stream" [style=dotted];
  "api-role" -> "authorizer" [style=dotted];
  "api" -> "api-role";
  "api" -> "api-log";
  "api" -> "api-logging";
  "api" -> "stream" [style=dotted];
  "api" -> "authorizer" [style=dotted];
  "consumer-role" -> "stream" [style=dotted];
  "consumer-role" -> "table" [style=dotted];
  "consumer-role" -> "dlq" [style=dotted];
  "consumer-role" -> "consumer-log" [style=dotted];
  "consumer" -> "consumer-role";
  "consumer" -> "consumer-log";
  "consumer" -> "stream" [style=dotted];
  "consumer" -> "table" [style=dotted];
  "consumer" -> "dlq" [style=dotted];
  "mapping" -> "consumer";
  "mapping" -> "dlq";
  "mapping" -> "stream";
}
"#;
