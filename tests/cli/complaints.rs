//! What users of other deployers complained of.

use pipe_test_support::Rule;
use serde_json::json;

use crate::site::{MAIN, Site, WHOLE};

/// AWS spells policies its own way, and so may people: the same meaning is not a difference.
#[test]
fn a_policy_spelled_otherwise_is_no_difference() {
    let site = Site::applied();
    let role = "gateway-events-consumer-role-eu-central-1";
    let iam = aws_sdk_iam::Client::new(&site.sdk);
    let inline = site.wait(iam.get_role_policy().role_name(role).policy_name("pipe").send()).unwrap();
    let document = percent_encoding::percent_decode_str(inline.policy_document()).decode_utf8().unwrap().into_owned();
    let put = iam.put_role_policy().role_name(role).policy_name("pipe").policy_document(respelled(&document));
    site.wait(put.send()).unwrap();
    let trust = r#"{"Version":"2012-10-17","Statement":{"Action":["sts:AssumeRole"],"Principal":{"Service":["lambda.amazonaws.com"]},"Effect":"Allow"}}"#;
    site.wait(iam.update_assume_role_policy().role_name(role).policy_document(trust).send()).unwrap();
    let sqs = aws_sdk_sqs::Client::new(&site.sdk);
    let url = site.wait(sqs.get_queue_url().queue_name("LambdaDeadLetterQueue").send()).unwrap().queue_url.unwrap();
    let arn = format!("arn:aws:sqs:eu-central-1:{}:LambdaDeadLetterQueue", site.user.account.id());
    let policy = json!({ "Version": "2012-10-17", "Statement": {
        "Condition": { "Bool": { "aws:SecureTransport": [false] } }, "Resource": [arn], "Action": ["sqs:*"],
        "Principal": { "AWS": "*" }, "Effect": "Deny", "Sid": "TlsOnly",
    } });
    let name = aws_sdk_sqs::types::QueueAttributeName::Policy;
    site.wait(sqs.set_queue_attributes().queue_url(url).attributes(name, format!("{policy:#}")).send()).unwrap();
    site.user.account.clear();
    let run = site.user.run(&["diff", "--exit-code"]);
    assert_eq!(run.code, Some(0), "{}", run.out);
    site.user.pipe(&["apply"]);
    assert_eq!(site.written(), Vec::<String>::new());
}

/// The same policy with its statements, actions and resources the other way round, and one value for a list of one.
fn respelled(document: &str) -> String {
    let mut policy: serde_json::Value = serde_json::from_str(document).unwrap();
    let statements = policy["Statement"].as_array_mut().unwrap();
    assert!(statements.len() > 1, "{document}");
    statements.reverse();
    for member in statements.iter_mut().flat_map(|statement| statement.as_object_mut().unwrap().values_mut()) {
        if let Some(list) = member.as_array_mut() {
            list.reverse();
            *member = if let [one] = list.as_slice() { one.clone() } else { member.clone() };
        }
    }
    assert_ne!(policy, serde_json::from_str::<serde_json::Value>(document).unwrap());
    format!("{policy:#}")
}

/// The answer is lost, and for a while no list shows the mapping: AWS refuses the second, and the first is found to be ours.
#[test]
fn a_mapping_that_is_there_already_is_found() {
    let site = Site::new(MAIN);
    let account = &site.user.account;
    let lost = account.set(Rule::on("lambda", "CreateEventSourceMapping").nth(1).reset_after());
    site.user.pipe(&["apply", "--yes"]);
    assert_eq!((account.fired(lost), site.census().as_str()), (1, WHOLE));
    let hidden = Rule::on("lambda", "ListEventSourceMappings").containing("gateway-events-consumer");
    let hidden = account.set(hidden.rewrite("/EventSourceMappings", json!([])).times(5));
    account.clear();
    let run = site.user.run(&["apply", "--yes"]);
    assert_eq!((run.code, account.fired(hidden)), (Some(0), 5), "{}", run.err);
    assert!(run.out.contains("+ mapping "), "{}", run.out);
    let statuses: Vec<Option<u16>> = site.calls_of("CreateEventSourceMapping").iter().map(|call| call.status).collect();
    assert_eq!(statuses, [Some(409)]);
    account.clear_rules();
    site.user.converge();
    assert_eq!(site.census(), WHOLE);
}

#[test]
fn a_queue_is_read_once_after_a_write() {
    let site = Site::new(MAIN);
    site.user.pipe(&["apply", "--yes"]);
    assert_eq!(site.calls_of("GetQueueAttributes").len(), 1);
    site.user.account.clear();
    site.user.edit("retention_days: 14", "retention_days: 13");
    site.user.pipe(&["apply", "--yes", "--allow-data-loss", "dlq"]);
    // For the plan, before the write, and after it.
    assert_eq!(site.calls_of("GetQueueAttributes").len(), 3);
    site.user.account.clear();
    site.user.pipe(&["diff"]);
    assert_eq!(site.calls_of("GetQueueAttributes").len(), 1);
}

#[test]
fn the_same_code_is_the_same_zip_elsewhere_and_later() {
    let site = Site::applied();
    std::thread::sleep(std::time::Duration::from_secs(2));
    let elsewhere = site.user.in_region("eu-central-1", MAIN);
    let run = elsewhere.run(&["diff", "--exit-code"]);
    assert_eq!(run.code, Some(0), "{}", run.out);
}

/// The pipeline owns the log groups, functions may make none, and they go after the functions that would make them again.
#[test]
fn log_groups_have_an_owner_and_an_end() {
    let site = Site::applied();
    let iam = aws_sdk_iam::Client::new(&site.sdk);
    for function in ["consumer", "authorizer"] {
        let role = format!("gateway-events-{function}-role-eu-central-1");
        let policy = site.wait(iam.get_role_policy().role_name(role).policy_name("pipe").send()).unwrap();
        assert!(policy.policy_document().contains("PutLogEvents"), "{policy:?}");
        assert!(!policy.policy_document().contains("CreateLogGroup"), "{policy:?}");
    }
    let logs = aws_sdk_cloudwatchlogs::Client::new(&site.sdk);
    let groups = site.wait(logs.describe_log_groups().send()).unwrap();
    assert!(groups.log_groups().iter().all(|group| group.retention_in_days().is_some()), "{groups:?}");
    site.user.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    let written = site.written();
    let last_function = written.iter().rposition(|operation| operation == "DeleteFunction").unwrap();
    let first_group = written.iter().position(|operation| operation == "DeleteLogGroup").unwrap();
    assert!(last_function < first_group, "{written:?}");
}
