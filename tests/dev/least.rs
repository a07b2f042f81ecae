//! Least privilege, proven: the main pipeline runs with its generated roles, and without any one of their actions something
//! fails; what this endpoint cannot show is listed with its reason.

use std::collections::BTreeSet;

use aws_config::SdkConfig;

use super::client::Client;
use super::dev::{Dev, MAIN, STREAM, wait};
use super::rights::{Iam, Policy, accesses, forget_accesses, kill, logged};
use super::sender::{body, send};

const API: &str = "api-role";
const AUTHORIZER: &str = "authorizer-role";
const CONSUMER: &str = "consumer-role";
/// The account's, which gateways write access logs with.
const LOGGING: &str = "pipe-apigateway-logs";

/// Where it shows that an action is missing.
#[derive(Clone, Copy, Debug)]
enum Shows {
    /// In the status of a request.
    Answer(u16),
    /// In a warning, once the function has a new process, and in lines that are not in its log group.
    Log,
    /// In a warning, and in a record that is not read.
    Reading,
    /// In records that the function cannot do with: no row, no dead letter.
    Row,
    Letter,
    /// In a warning about the access log, whose stream is gone.
    AccessLog,
    /// In the refusal to run a mapping that is new or changed, as on AWS.
    Mapping,
}

const SHOWN: &[(&str, &str, Shows)] = &[
    // First, because an allowance is believed until the next apply.
    (API, "lambda:InvokeFunction", Shows::Answer(500)),
    // Kinesis's refusal looks like a stream that does not exist.
    (API, "kinesis:PutRecord", Shows::Answer(404)),
    (AUTHORIZER, "secretsmanager:GetSecretValue", Shows::Answer(500)),
    (AUTHORIZER, "logs:CreateLogStream", Shows::Log),
    (AUTHORIZER, "logs:PutLogEvents", Shows::Log),
    (CONSUMER, "logs:CreateLogStream", Shows::Log),
    (CONSUMER, "logs:PutLogEvents", Shows::Log),
    (CONSUMER, "kinesis:GetRecords", Shows::Reading),
    (CONSUMER, "dynamodb:PutItem", Shows::Row),
    (CONSUMER, "sqs:SendMessage", Shows::Letter),
    (LOGGING, "logs:CreateLogStream", Shows::AccessLog),
    (LOGGING, "logs:PutLogEvents", Shows::AccessLog),
    (CONSUMER, "kinesis:DescribeStream", Shows::Mapping),
    (CONSUMER, "kinesis:ListStreams", Shows::Mapping),
    (CONSUMER, "kinesis:ListShards", Shows::Mapping),
    (CONSUMER, "kinesis:GetShardIterator", Shows::Mapping),
];

const NO_XRAY: &str = "there is no X-Ray here";
/// The account's role has what AWS's managed policy AmazonAPIGatewayPushToCloudWatchLogs has.
const AS_AWS: &str = "API Gateway's guide asks for it; the local gateway only creates a log stream and puts events";

/// AWS asks for more than it tries when a mapping is made.
const NOT_TRIED: &str = "Lambda's guide asks for it; the local pollers list shards instead, and nothing tries it";

const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (AUTHORIZER, "xray:PutTelemetryRecords", NO_XRAY),
    (AUTHORIZER, "xray:PutTraceSegments", NO_XRAY),
    (CONSUMER, "kinesis:DescribeStreamSummary", NOT_TRIED),
    (CONSUMER, "xray:PutTelemetryRecords", NO_XRAY),
    (CONSUMER, "xray:PutTraceSegments", NO_XRAY),
    (LOGGING, "logs:CreateLogGroup", AS_AWS),
    (LOGGING, "logs:DescribeLogGroups", AS_AWS),
    (LOGGING, "logs:DescribeLogStreams", AS_AWS),
    (LOGGING, "logs:FilterLogEvents", AS_AWS),
    (LOGGING, "logs:GetLogEvents", AS_AWS),
];

/// The main pipeline with every statement that it can have, and a function that does not take half a minute to give up.
fn spec() -> String {
    let spec = MAIN.replace("    access_log_days: 1", "    access_log_days: 1\n    xray: true");
    spec.replace("    timeout_seconds: 30", "    timeout_seconds: 4\n    xray: true")
}

#[test]
fn every_right_is_needed() {
    let mut world = World::new();
    let policies = world.iam.policies();
    every_action_is_listed_once(&policies);
    world.is_well();
    for (role, action, shows) in SHOWN {
        let policy = policies.iter().find(|policy| policy.id() == *role).unwrap();
        match shows {
            Shows::Mapping => {}
            shows => world.without(policy, action, *shows),
        }
    }
    world.exceptions_do_not_show(&policies);
    let mappings = SHOWN.iter().filter(|(_, _, shows)| matches!(shows, Shows::Mapping));
    world.mapping_is_refused_without(&mappings.map(|(_, action, _)| *action).collect::<Vec<_>>());
}

fn every_action_is_listed_once(policies: &[Policy]) {
    let mut allowed = BTreeSet::new();
    for policy in policies {
        for action in policy.actions() {
            let twice = format!("`{action}` is allowed twice in `{}`: one of them is too many", policy.role);
            assert!(allowed.insert((policy.id().to_owned(), action)), "{twice}");
        }
    }
    let shown = SHOWN.iter().map(|(role, action, _)| (*role, *action));
    let listed: Vec<(&str, &str)> = shown.chain(EXCEPTIONS.iter().map(|(role, action, _)| (*role, *action))).collect();
    let listed: Vec<(String, String)> = listed.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    let unproven: Vec<_> = allowed.iter().filter(|right| !listed.contains(right)).collect();
    assert!(unproven.is_empty(), "nothing shows that these are needed: {unproven:?}");
    let gone: Vec<_> = listed.iter().filter(|right| !allowed.contains(right)).collect();
    assert!(gone.is_empty(), "these are not allowed any more: {gone:?}");
    assert_eq!(listed.len(), allowed.len(), "listed twice");
    assert!(EXCEPTIONS.iter().all(|(_, _, reason)| !reason.is_empty()));
}

struct World {
    dev: Dev,
    sdk: SdkConfig,
    iam: Iam,
    client: Client,
    events: u32,
}

impl World {
    fn new() -> Self {
        let dev = Dev::new(&spec());
        let (sdk, client) = (dev.sdk(), Client::of(&dev));
        Self { iam: Iam::new(&sdk), dev, sdk, client, events: 0 }
    }

    fn event(&mut self) -> String {
        self.events += 1;
        format!("event-{}", self.events)
    }

    /// Takes a right away, looks at what fails, gives it back, and looks whether all is well.
    fn without(&mut self, policy: &Policy, action: &str, shows: Shows) {
        let function = policy.id().strip_suffix("-role").map(|id| format!("gateway-events-{id}")).unwrap_or_default();
        self.forget(action, &function, shows);
        self.iam.put(policy, &[action]);
        let event = self.event();
        match shows {
            Shows::Answer(status) => assert_eq!(send(&self.client, STREAM, &event), status, "without `{action}`"),
            Shows::Log => self.warns(&format!("lines of the function `{function}` are missing"), action, &event),
            Shows::AccessLog => self.warns("failed to write the access log", action, &event),
            Shows::Reading => {
                self.warns("reading shard", action, &event);
                assert!(!self.dev.row(&self.sdk, &event), "without `{action}`");
            }
            Shows::Row => {
                self.fails(&body(&event));
                assert!(!self.dev.row(&self.sdk, &event), "without `{action}`");
            }
            Shows::Letter => {
                self.fails("no JSON");
                assert_eq!(self.dev.letters(&self.sdk), Vec::<serde_json::Value>::new(), "without `{action}`");
            }
            Shows::Mapping => unreachable!("it shows after an edit"),
        }
        self.iam.put(policy, &[]);
        self.recovers(action, &event, &function, shows);
    }

    /// Lets nothing remember that it was allowed, or has what it needs the right for.
    fn forget(&mut self, action: &str, function: &str, shows: Shows) {
        match shows {
            Shows::Log => kill(&mut self.dev, &self.sdk, function),
            Shows::Answer(_) if action == "secretsmanager:GetSecretValue" => {
                kill(&mut self.dev, &self.sdk, function);
            }
            Shows::Answer(_) if action == "lambda:InvokeFunction" => self.apply(),
            Shows::AccessLog => forget_accesses(&self.sdk),
            _ => {}
        }
    }

    /// Sends an event, and waits for a warning about this action: a poller may have reported it before the event, and reports it
    /// once.
    fn warns(&mut self, warning: &str, action: &str, event: &str) {
        let warning = format!("warning: {warning}");
        assert_eq!(send(&self.client, STREAM, event), 200, "without `{action}`");
        self.dev.until(&format!("`{warning}` without `{action}`"), |dev| {
            dev.said().lines().any(|line| line.contains(&warning) && line.contains(action)).then_some(())
        });
    }

    /// Puts a record, and waits until the function has failed with it.
    fn fails(&mut self, data: &str) {
        let before = self.dev.count("named failures");
        self.dev.put(&self.sdk, "key", data.as_bytes());
        self.dev.until("the failure", |dev| (dev.count("named failures") > before).then_some(()));
    }

    /// The calls that failed without the right succeed with it: nothing was lost but lines of logs.
    fn recovers(&mut self, action: &str, event: &str, function: &str, shows: Shows) {
        match shows {
            Shows::Answer(_) if action == "lambda:InvokeFunction" => self.apply(),
            Shows::Reading | Shows::Row | Shows::Log | Shows::AccessLog => self.arrives(event),
            Shows::Letter => {
                let sdk = self.sdk.clone();
                self.dev.until("the dead letter", |dev| (dev.letters(&sdk).len() == 1).then_some(()));
                let queue = aws_sdk_sqs::Client::new(&sdk);
                let url = wait(queue.get_queue_url().queue_name(super::dev::QUEUE).send()).unwrap();
                wait(queue.purge_queue().queue_url(url.queue_url().unwrap()).send()).unwrap();
            }
            _ => {}
        }
        self.is_well();
        if let Shows::Log = shows {
            self.logs(function);
        }
    }

    fn arrives(&mut self, event: &str) {
        let sdk = self.sdk.clone();
        self.dev.until(&format!("the row of `{event}`"), |dev| dev.row(&sdk, event).then_some(()));
    }

    /// An event becomes a row, and has its line in the access log.
    fn is_well(&mut self) {
        let (event, before) = (self.event(), accesses(&self.sdk));
        assert_eq!(send(&self.client, STREAM, &event), 200);
        self.arrives(&event);
        let sdk = self.sdk.clone();
        self.dev.until("the access log", |_| (accesses(&sdk) > before).then_some(()));
    }

    fn logs(&mut self, function: &str) {
        let sdk = self.sdk.clone();
        self.dev.until(&format!("lines of `{function}`"), |_| (logged(&sdk, function) > 0).then_some(()));
    }

    /// Has `pipe dev` apply the spec once more.
    fn apply(&mut self) {
        self.edit("name: ", "name: ");
    }

    /// Without all of the exceptions, from new processes and a new log stream on, all is well: one that is missed can be shown.
    fn exceptions_do_not_show(&mut self, policies: &[Policy]) {
        for policy in policies {
            let without = EXCEPTIONS.iter().filter(|(role, _, _)| *role == policy.id()).map(|(_, action, _)| *action);
            self.iam.put(policy, &without.collect::<Vec<_>>());
        }
        forget_accesses(&self.sdk);
        for function in ["gateway-events-authorizer", "gateway-events-consumer"] {
            kill(&mut self.dev, &self.sdk, function);
        }
        self.is_well();
        self.dev.put(&self.sdk, "key", b"no JSON");
        let sdk = self.sdk.clone();
        self.dev.until("the dead letter", |dev| (dev.letters(&sdk).len() == 1).then_some(()));
        for function in ["gateway-events-authorizer", "gateway-events-consumer"] {
            self.logs(function);
        }
        policies.iter().for_each(|policy| self.iam.put(policy, &[]));
    }

    /// An apply mends a role before anybody asks what it may. So a boundary takes the rights away here: what it says is nothing
    /// of the pipeline's.
    fn mapping_is_refused_without(&mut self, actions: &[&str]) {
        let boundary = self.iam.boundary("limit");
        let bounded = format!("name: gateway-events\npermissions_boundary: {boundary}\n");
        self.edit("name: gateway-events\n", &bounded);
        self.is_well();
        for (number, action) in (0..).zip(actions) {
            let size = |number: usize| format!("batch: {{ size: {}", 10 + number);
            self.iam.forbid(&boundary, &[action]);
            self.dev.edit(&size(number), &size(number + 1));
            // A poller that misses the right warns, too, but refuses nothing.
            let refusal = format!("may not `{action}`");
            self.dev.until(&refusal, |dev| {
                let refused = |line: &str| line.contains("run the mapping of") && line.contains(&refusal);
                dev.said().lines().any(refused).then_some(())
            });
            self.iam.forbid(&boundary, &[]);
            self.apply();
        }
        // The exceptions do not show here either.
        self.iam.forbid(&boundary, &EXCEPTIONS.iter().map(|(_, action, _)| *action).collect::<Vec<_>>());
        self.edit("retries: 100", "retries: 99");
        self.is_well();
    }

    fn edit(&mut self, from: &str, to: &str) {
        let before = self.dev.count("Applied in");
        self.dev.edit(from, to);
        self.dev.until("the edit to be applied", |dev| (dev.count("Applied in") > before).then_some(()));
    }
}
