//! Every example: up, and an empty diff within the budget of reads.

use std::path::Path;

use pipe_test_support::{Emulator, Endpoint, Kind, Sandbox, copy_folder};
use serde_json::json;

/// What an empty diff may cost.
const CALLS: usize = 55;
/// Examples whose empty diff costs more, and how much: one with users, keys and plans.
const MORE: &[(&str, usize)] = &[("api-to-table", 66)];

/// The examples by their names.
fn examples() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".yaml")?.to_owned()))
        .collect();
    names.sort();
    names
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// Puts what belongs to an example beside its spec. A program stands in for a crate, whose build shows nothing here.
fn bring(name: &str, sandbox: &Sandbox) {
    for other in examples().iter().filter(|other| folder().join(other).is_dir()) {
        let (from, to) = (folder().join(other), sandbox.path().join(other));
        if !from.join("Cargo.toml").exists() {
            copy_folder(&from, &to);
        } else if other == name {
            std::fs::create_dir(&to).unwrap();
            std::fs::write(to.join("bootstrap"), "#!/bin/sh\n").unwrap();
            let named = format!("handler: {name}\n");
            sandbox.edit(&named, &format!("{named}    architecture: x86_64\n"));
        }
    }
}

/// Makes what `existing-resources` uses.
fn make_existing(sandbox: &Sandbox) {
    let ask = |service: &str, operation: &str, input| sandbox.account.ask(service, operation, "/", &input);
    let secret = json!({ "Name": "devices/credentials", "SecretString": r#"{"username":"them","password":"secret"}"# });
    ask("secretsmanager", "secretsmanager.CreateSecret", secret);
    let table = json!({
        "TableName": "Telemetry", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "device", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "device", "KeyType": "HASH" }],
    });
    ask("dynamodb", "DynamoDB_20120810.CreateTable", table);
    ask("sqs", "AmazonSQS.CreateQueue", json!({ "QueueName": "telemetry-failures" }));
    let here = format!("eu-central-1:{}:telemetry", sandbox.account.id());
    sandbox.edit("eu-west-1:123456789012:telemetry", &here);
}

/// An example that is up, under this spec.
fn up(endpoint: &Endpoint, name: &str, spec: &str) -> Sandbox {
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), spec);
    bring(name, &sandbox);
    // Names of buckets are global, in MiniStack for all accounts.
    for bucket in
        ["    name: example-uploads", "    name: example-scans"].into_iter().filter(|bucket| spec.contains(bucket))
    {
        sandbox.edit(bucket, &format!("{bucket}-{}", sandbox.account.id()));
    }
    match name {
        "existing-resources" => make_existing(&sandbox),
        "logs" => {
            let input = json!({ "logGroupName": "/aws/lambda/shop" });
            sandbox.account.ask("logs", "Logs_20140328.CreateLogGroup", "/", &input);
        }
        _ => {}
    }
    sandbox.pipe(&["apply", "--yes"]);
    sandbox
}

#[test]
fn an_empty_diff_of_every_example_costs_few_calls() {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    let mut told = String::new();
    let mut over = Vec::new();
    // MiniStack has no subnets: `network.rs` shows the private one on moto.
    for name in examples().into_iter().filter(|name| name != "private") {
        let spec = std::fs::read_to_string(folder().join(format!("{name}.yaml"))).unwrap();
        let sandbox = up(&endpoint, &name, &spec);
        sandbox.account.clear();
        let again = sandbox.run(&["diff", "--exit-code"]);
        assert_eq!(again.code, Some(0), "{name}: {}{}", again.out, again.err);
        let calls = sandbox.account.calls();
        assert!(calls.iter().all(|call| !call.write), "{name}: a diff writes nothing");
        let most = MORE.iter().find(|(other, _)| *other == name).map_or(CALLS, |(_, most)| *most);
        told += &format!("{name}: {} of {most}\n", calls.len());
        if calls.len() > most {
            over.push(name);
        }
    }
    assert!(over.is_empty(), "{over:?} cost more than they may:\n{told}");
    std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
}

/// With a topic of their own, by which they tell a mail address. An empty diff costs a call for the tags of each alarm, because they were
/// written a moment ago.
#[test]
fn alarms_and_dashboard_of_every_example_go_up_are_an_empty_diff_and_go() {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    // MiniStack has no subnets.
    for name in examples().into_iter().filter(|name| name != "private") {
        let spec = std::fs::read_to_string(folder().join(format!("{name}.yaml"))).unwrap();
        let sections = "\nalarms: { email: ops@example.com }\ndashboard: true\n";
        let sandbox = up(&endpoint, &name, &format!("{spec}{sections}"));
        let ask = |operation: &str| {
            let operation = format!("GraniteServiceVersion20100801.{operation}");
            sandbox.account.ask("monitoring", &operation, "/", &json!({ "MaxRecords": 100 }))
        };
        let alarms = ask("DescribeAlarms")["MetricAlarms"].as_array().map_or(0, Vec::len);
        assert!(alarms >= 2, "{name}: {alarms} alarms");
        sandbox.account.clear();
        let again = sandbox.run(&["diff", "--exit-code"]);
        assert_eq!(again.code, Some(0), "{name}: {}{}", again.out, again.err);
        let of_alarms = sandbox.account.calls().iter().filter(|call| call.service == "monitoring").count();
        assert_eq!(
            of_alarms,
            alarms + 2,
            "{name}: one call for all alarms, one for each one's tags, and one for the dashboard"
        );
        // Not by `destroy`: users and a table are protected.
        sandbox.edit(sections, "\n");
        sandbox.pipe(&["apply", "--yes", "--allow-data-loss", "all"]);
        assert_eq!(ask("DescribeAlarms")["MetricAlarms"], json!([]), "{name}");
        assert_eq!(ask("ListDashboards")["DashboardEntries"], json!([]), "{name}");
    }
}
