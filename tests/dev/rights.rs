//! The rights of roles at a running `pipe dev`: read, taken away, given back.

use aws_config::SdkConfig;
use percent_encoding::percent_decode_str;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::dev::{Dev, wait};

/// A role's inline policy.
pub struct Policy {
    pub role: String,
    name: String,
    document: Value,
}

/// IAM as the account's root.
pub struct Iam(aws_sdk_iam::Client);

impl Iam {
    pub fn new(sdk: &SdkConfig) -> Self {
        Self(aws_sdk_iam::Client::new(sdk))
    }

    /// Every inline policy of every role that `pipe` made.
    pub fn policies(&self) -> Vec<Policy> {
        let roles = wait(self.0.list_roles().path_prefix("/pipe/").send()).unwrap().roles;
        let mut policies = Vec::new();
        for role in roles {
            let role = role.role_name().to_owned();
            let attached = wait(self.0.list_attached_role_policies().role_name(&role).send()).unwrap();
            assert!(attached.attached_policies().is_empty(), "`{role}` has rights that are not looked at here");
            for name in wait(self.0.list_role_policies().role_name(&role).send()).unwrap().policy_names {
                let found = wait(self.0.get_role_policy().role_name(&role).policy_name(&name).send()).unwrap();
                let text = percent_decode_str(found.policy_document()).decode_utf8().unwrap().into_owned();
                policies.push(Policy { role: role.clone(), name, document: serde_json::from_str(&text).unwrap() });
            }
        }
        policies
    }

    /// Gives a role its policy, without these actions.
    pub fn put(&self, policy: &Policy, without: &[&str]) {
        let mut document = policy.document.clone();
        let statements = document["Statement"].as_array_mut().unwrap();
        for statement in statements.iter_mut() {
            let actions = statement["Action"].as_array_mut().unwrap();
            actions.retain(|action| !without.contains(&action.as_str().unwrap()));
        }
        statements.retain(|statement| statement["Action"] != json!([]));
        let put = self.0.put_role_policy().role_name(&policy.role).policy_name(&policy.name);
        match statements.is_empty() {
            // IAM refuses a policy without statements.
            true => drop(
                wait(self.0.delete_role_policy().role_name(&policy.role).policy_name(&policy.name).send()).unwrap(),
            ),
            false => drop(wait(put.policy_document(document.to_string()).send()).unwrap()),
        }
    }

    /// Makes a managed policy that forbids nothing yet, and gives its ARN.
    pub fn boundary(&self, name: &str) -> String {
        let made = self.0.create_policy().policy_name(name).policy_document(all_but(&[]));
        wait(made.send()).unwrap().policy().unwrap().arn().unwrap().to_owned()
    }

    /// Lets a boundary forbid these actions and no others.
    pub fn forbid(&self, boundary: &str, actions: &[&str]) {
        let version = self.0.create_policy_version().policy_arn(boundary).policy_document(all_but(actions));
        wait(version.set_as_default(true).send()).unwrap();
        let listed = wait(self.0.list_policy_versions().policy_arn(boundary).send()).unwrap();
        for old in listed.versions().iter().filter(|version| !version.is_default_version()) {
            let gone = self.0.delete_policy_version().policy_arn(boundary).version_id(old.version_id().unwrap());
            wait(gone.send()).unwrap();
        }
    }
}

fn all_but(actions: &[&str]) -> String {
    let mut statements = vec![json!({ "Effect": "Allow", "Action": "*", "Resource": "*" })];
    if !actions.is_empty() {
        statements.push(json!({ "Effect": "Deny", "Action": actions, "Resource": "*" }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

impl Policy {
    /// The role's id, without pipeline and region.
    pub fn id(&self) -> &str {
        let inner = self.role.strip_prefix("gateway-events-").and_then(|role| role.strip_suffix("-eu-central-1"));
        inner.unwrap_or(&self.role)
    }

    /// Every action, as often as it is allowed.
    pub fn actions(&self) -> Vec<String> {
        let statements = self.document["Statement"].as_array().unwrap().iter();
        let actions = statements.flat_map(|statement| {
            assert_eq!(statement["Effect"], "Allow");
            statement["Action"].as_array().expect("a list of actions")
        });
        actions.map(|action| action.as_str().unwrap().to_owned()).collect()
    }
}

/// The processes of a function at this `pipe dev`, each with the name of its log stream; the supervisors are among them.
fn processes(endpoint: &str, function: &str) -> Vec<(Pid, String)> {
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let found = all.filter_map(|pid: i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
        let environment = String::from_utf8_lossy(&environment).into_owned();
        let value = |name: &str| environment.split('\0').find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let ours = value("AWS_ENDPOINT_URL")? == endpoint && value("AWS_LAMBDA_FUNCTION_NAME")? == function;
        let stream = value("AWS_LAMBDA_LOG_STREAM_NAME")?.to_owned();
        ours.then_some((Pid::from_raw(pid)?, stream))
    });
    found.collect()
}

/// Kills a function's processes, so that the next call finds one that remembers nothing.
pub fn kill(dev: &mut Dev, sdk: &SdkConfig, function: &str) {
    let endpoint = sdk.endpoint_url().unwrap().to_owned();
    for (pid, _) in processes(&endpoint, function) {
        kill_process(pid, Signal::KILL).ok();
    }
    dev.until("its processes to be gone", |_| processes(&endpoint, function).is_empty().then_some(()));
}

/// How many lines the log streams of a function's running processes have.
pub fn logged(sdk: &SdkConfig, function: &str) -> usize {
    let mut streams: Vec<String> =
        processes(sdk.endpoint_url().unwrap(), function).into_iter().map(|(_, stream)| stream).collect();
    streams.sort();
    streams.dedup();
    streams.iter().map(|stream| lines(sdk, &format!("/aws/lambda/{function}"), stream)).sum()
}

/// How many lines a log stream has; none where there is no such stream.
fn lines(sdk: &SdkConfig, group: &str, stream: &str) -> usize {
    let logs = aws_sdk_cloudwatchlogs::Client::new(sdk);
    let events = logs.get_log_events().log_group_name(group).log_stream_name(stream).start_from_head(true);
    wait(events.send()).map_or(0, |answer| answer.events().len())
}

/// The access log: how many lines it has.
pub fn accesses(sdk: &SdkConfig) -> usize {
    access_streams(sdk).iter().map(|stream| lines(sdk, ACCESS_LOG, stream)).sum()
}

/// Deletes the access log's streams, so that the gateway has to make one.
pub fn forget_accesses(sdk: &SdkConfig) {
    let logs = aws_sdk_cloudwatchlogs::Client::new(sdk);
    for stream in access_streams(sdk) {
        wait(logs.delete_log_stream().log_group_name(ACCESS_LOG).log_stream_name(stream).send()).unwrap();
    }
}

const ACCESS_LOG: &str = "/aws/apigateway/gateway-events-api";

fn access_streams(sdk: &SdkConfig) -> Vec<String> {
    let logs = aws_sdk_cloudwatchlogs::Client::new(sdk);
    let streams = wait(logs.describe_log_streams().log_group_name(ACCESS_LOG).send()).unwrap().log_streams;
    streams.unwrap_or_default().into_iter().filter_map(|stream| stream.log_stream_name).collect()
}
