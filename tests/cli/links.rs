//! What sources are made of, as AWS reads it: topics, buses, rules, schedules, buckets, filters of logs, and what lets them in.

use std::collections::HashMap;

use pipe::aws::s3::{self, Call};
use pipe::aws::{Aws, Place};
use serde_json::{Map, Value, json};

use crate::site::Site;

type Lines = Vec<(&'static str, Value)>;

/// Every part of a source, one line each.
pub fn lines(site: &Site) -> Lines {
    let place =
        Place { partition: "aws".into(), account: site.user.account.id().into(), region: "eu-central-1".into() };
    let aws = Aws::new(&site.sdk, place);
    let all = [topics(site, &aws), events(site, &aws), schedules(site, &aws), functions(site, &aws)];
    let more = [buckets(site, &aws), filters(site), devices(site)];
    all.into_iter().chain(more).flatten().collect()
}

fn topics(site: &Site, aws: &Aws) -> Lines {
    let mut lines = Vec::new();
    for topic in site.wait(aws.sns.list_topics().send()).unwrap().topics() {
        let arn = topic.topic_arn().unwrap();
        let read = site.wait(aws.sns.get_topic_attributes().topic_arn(arn).send()).unwrap();
        let tags = site.wait(aws.sns.list_tags_for_resource().resource_arn(arn).send()).unwrap();
        let tags = tags.tags().iter().map(|tag| (tag.key(), tag.value()));
        lines.push(("topic", json!([arn, of(read.attributes(), &["Policy", "KmsMasterKeyId"]), object(tags)])));
    }
    for one in site.wait(aws.sns.list_subscriptions().send()).unwrap().subscriptions() {
        let arn = one.subscription_arn().unwrap();
        let read = site.wait(aws.sns.get_subscription_attributes().subscription_arn(arn).send()).unwrap();
        let parts = ["FilterPolicy", "FilterPolicyScope", "RedrivePolicy", "RawMessageDelivery"];
        let line = json!([one.topic_arn(), one.protocol(), one.endpoint(), of(read.attributes(), &parts)]);
        lines.push(("subscription", line));
    }
    lines
}

fn events(site: &Site, aws: &Aws) -> Lines {
    let mut lines = Vec::new();
    let tagged = |arn: &str| {
        let read = site.wait(aws.events.list_tags_for_resource().resource_arn(arn).send()).unwrap();
        object(read.tags().iter().map(|tag| (tag.key(), tag.value())))
    };
    for bus in site.wait(aws.events.list_event_buses().send()).unwrap().event_buses() {
        let name = bus.name().unwrap();
        lines.push(("bus", json!([name, tagged(bus.arn().unwrap())])));
        for rule in site.wait(aws.events.list_rules().event_bus_name(name).send()).unwrap().rules() {
            let of_rule = aws.events.list_targets_by_rule().event_bus_name(name).rule(rule.name().unwrap());
            let targets = format!("{:?}", site.wait(of_rule.send()).unwrap().targets());
            let state = rule.state().map(|state| state.as_str());
            let line = json!([rule.arn(), rule.event_pattern(), state, targets, tagged(rule.arn().unwrap())]);
            lines.push(("rule", line));
        }
    }
    lines
}

fn schedules(site: &Site, aws: &Aws) -> Lines {
    let mut lines = Vec::new();
    for group in site.wait(aws.scheduler.list_schedule_groups().send()).unwrap().schedule_groups() {
        let read = site.wait(aws.scheduler.list_tags_for_resource().resource_arn(group.arn().unwrap()).send()).unwrap();
        let tags = read.tags().iter().map(|tag| (tag.key(), tag.value()));
        lines.push(("schedule group", json!([group.name(), object(tags)])));
    }
    for one in site.wait(aws.scheduler.list_schedules().send()).unwrap().schedules() {
        let (group, name) = (one.group_name().unwrap(), one.name().unwrap());
        let read = site.wait(aws.scheduler.get_schedule().group_name(group).name(name).send()).unwrap();
        let target = format!("{:?}", read.target());
        let line = json!([group, name, read.schedule_expression(), read.schedule_expression_timezone(), target]);
        lines.push(("schedule", line));
    }
    lines
}

/// Whom functions let in, and what becomes of what they fail on.
fn functions(site: &Site, aws: &Aws) -> Lines {
    let mut lines = Vec::new();
    for function in site.wait(aws.lambda.list_functions().send()).unwrap().functions() {
        let name = function.function_name().unwrap();
        if let Ok(read) = site.wait(aws.lambda.get_policy().function_name(name).send()) {
            let policy: Value = serde_json::from_str(read.policy().unwrap()).unwrap();
            let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
            // Its Sid ends in a hash over ARNs, which hold the account.
            let unnamed = |mut statement: Value| {
                statement.as_object_mut().unwrap().remove("Sid");
                ("statement", json!([name, statement]))
            };
            lines.extend(statements.into_iter().map(unnamed));
        }
        if let Ok(read) = site.wait(aws.lambda.get_function_event_invoke_config().function_name(name).send()) {
            let (retries, age) = (read.maximum_retry_attempts(), read.maximum_event_age_in_seconds());
            let to = format!("{:?}", read.destination_config());
            lines.push(("asynchronous calls", json!([name, retries, age, to])));
        }
    }
    lines
}

fn of(attributes: Option<&HashMap<String, String>>, names: &[&str]) -> Value {
    let all = attributes.into_iter().flatten();
    object(all.filter(|(name, _)| names.contains(&name.as_str())).map(|(name, value)| (name.as_str(), value.as_str())))
}

fn object<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    Value::Object(members.map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>())
}

/// The account's buckets with what they tell others.
fn buckets(site: &Site, aws: &Aws) -> Lines {
    let ask = |operation, bucket: &str, part| {
        let answer = site.wait(Call::new(operation, "GET", bucket, part).make(aws)).unwrap();
        s3::document(&answer).unwrap()
    };
    let listed = ask("ListAllMyBuckets", "", "");
    let names = listed.all("Buckets").flat_map(|all| all.all("Bucket")).map(|one| one.text_of("Name").to_owned());
    let line = |name: String| {
        let told = ask("GetBucketNotification", &name, "notification").document("");
        ("bucket", json!([name, told]))
    };
    names.map(line).collect()
}

fn filters(site: &Site) -> Lines {
    let ask =
        |operation: &str, input| site.user.account.ask("logs", &format!("Logs_20140328.{operation}"), "/", &input);
    let groups = ask("DescribeLogGroups", json!({}));
    let named = groups["logGroups"].as_array().into_iter().flatten();
    let of_group = |group: &Value| {
        let found = ask("DescribeSubscriptionFilters", json!({ "logGroupName": group["logGroupName"] }));
        let all = found["subscriptionFilters"].as_array().cloned().unwrap_or_default();
        all.into_iter().map(|filter| ("filter", filter))
    };
    named.flat_map(of_group).collect()
}

/// The rules of IoT.
fn devices(site: &Site) -> Lines {
    let ask = |path: &str| site.user.account.ask("iot", "", path, &Value::Null);
    let rules = ask("/rules");
    let names = rules["rules"].as_array().into_iter().flatten().filter_map(|rule| rule["ruleName"].as_str());
    let line = |name: &str| {
        let mut rule = ask(&format!("/rules/{name}"));
        rule["rule"].as_object_mut().unwrap().remove("createdAt");
        ("device rule", rule)
    };
    names.map(line).collect()
}
