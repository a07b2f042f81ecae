//! All that is in an account, as AWS reads it, so that two accounts can be compared: property by property, without what AWS
//! draws (ids, times) and without what only says which of two runs it was (hashes over ARNs, which hold the account).

use crate::labels::{DRAWN, document};
use crate::site::Site;
use serde_json::{Map, Value, json};

/// Tags whose values hold hashes and identities; that they are right is what an empty diff says.
const HASHES: &[&str] = &["pipe:applied", "pipe:follows", "pipe:parts"];

/// Every resource of the account, one line each: what it is, and its properties and tags as JSON.
pub fn inventory(site: &Site) -> String {
    let account = (site.user.account.id().to_owned(), "ACCOUNT".to_owned());
    let mut look = Look { site, lines: Vec::new(), ids: vec![account] };
    look.streams();
    look.tables();
    look.queues();
    look.log_groups();
    look.secrets();
    look.leases();
    look.functions();
    look.doors();
    look.apis();
    look.roles();
    look.lines.extend(crate::links::lines(site));
    let Look { lines, ids, .. } = look;
    let mut lines: Vec<String> =
        lines.into_iter().map(|(what, value)| format!("{what} {}", canonical(&value, &ids))).collect();
    lines.sort();
    lines.join("\n")
}

struct Look<'a> {
    site: &'a Site,
    lines: Vec<(&'static str, Value)>,
    /// What AWS drew, and what stands for it.
    ids: Vec<(String, String)>,
}

impl Look<'_> {
    fn ask(&self, service: &str, operation: &str, input: Value) -> Value {
        self.site.user.account.ask(service, operation, "/", &input)
    }

    fn get(&self, service: &str, path: &str) -> Value {
        self.site.user.account.ask(service, "", path, &Value::Null)
    }

    fn streams(&mut self) {
        for name in all(&self.ask("kinesis", "Kinesis_20131202.ListStreams", json!({}))["StreamNames"]) {
            let described =
                self.ask("kinesis", "Kinesis_20131202.DescribeStreamSummary", json!({ "StreamName": name }));
            let tags = self.ask("kinesis", "Kinesis_20131202.ListTagsForStream", json!({ "StreamName": name }));
            self.lines.extend(crate::labels::consumers(&self.site.user.account, &described, &mut self.ids));
            self.lines.push(("stream", json!([described, tags])));
        }
    }

    fn tables(&mut self) {
        for name in all(&self.ask("dynamodb", "DynamoDB_20120810.ListTables", json!({}))["TableNames"]) {
            let named = json!({ "TableName": name });
            let described = self.ask("dynamodb", "DynamoDB_20120810.DescribeTable", named.clone());
            let backups = self.ask("dynamodb", "DynamoDB_20120810.DescribeContinuousBackups", named.clone());
            let ttl = self.ask("dynamodb", "DynamoDB_20120810.DescribeTimeToLive", named);
            let arn = json!({ "ResourceArn": described["Table"]["TableArn"] });
            let tags = self.ask("dynamodb", "DynamoDB_20120810.ListTagsOfResource", arn);
            self.lines.push(("table", json!([described, backups, ttl, tags])));
        }
    }

    fn queues(&mut self) {
        for url in all(&self.ask("sqs", "AmazonSQS.ListQueues", json!({}))["QueueUrls"]) {
            let input = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
            let attributes = self.ask("sqs", "AmazonSQS.GetQueueAttributes", input);
            let tags = self.ask("sqs", "AmazonSQS.ListQueueTags", json!({ "QueueUrl": url }));
            self.lines.push(("queue", json!([attributes, tags])));
        }
    }

    fn log_groups(&mut self) {
        for group in all(&self.ask("logs", "Logs_20140328.DescribeLogGroups", json!({}))["logGroups"]) {
            let arn = group["arn"].as_str().unwrap_or_default().trim_end_matches(":*");
            let tags = self.ask("logs", "Logs_20140328.ListTagsForResource", json!({ "resourceArn": arn }));
            self.lines.push(("log group", json!([group, tags])));
        }
    }

    fn secrets(&mut self) {
        let list = self.ask("secretsmanager", "secretsmanager.ListSecrets", json!({ "IncludePlannedDeletion": true }));
        for secret in all(&list["SecretList"]) {
            let arn = secret["ARN"].as_str().unwrap_or_default();
            self.ids.push((arn.to_owned(), arn.rsplit_once('-').unwrap_or_default().0.to_owned()));
            let described = self.ask("secretsmanager", "secretsmanager.DescribeSecret", json!({ "SecretId": arn }));
            let leaving = !described["DeletedDate"].is_null();
            let (name, about) = (&described["Name"], &described["Description"]);
            self.lines.push(("secret", json!([name, about, described["Tags"], { "leaving": leaving }])));
        }
    }

    fn leases(&mut self) {
        let input = json!({ "Path": "/", "Recursive": true });
        let all = all(&self.ask("ssm", "AmazonSSM.GetParametersByPath", input)["Parameters"]);
        self.lines.extend(all.iter().map(|one| ("parameter", one["Name"].clone())));
    }

    fn functions(&mut self) {
        for function in all(&self.get("lambda", "/2015-03-31/functions")["Functions"]) {
            let name = function["FunctionName"].as_str().unwrap_or_default().to_owned();
            let one = self.settled(&format!("/2015-03-31/functions/{name}"));
            self.lines.push(("function", json!([one["Configuration"], one["Concurrency"], one["Tags"]])));
        }
        for mapping in all(&self.get("lambda", "/2015-03-31/event-source-mappings")["EventSourceMappings"]) {
            let uuid = mapping["UUID"].as_str().unwrap_or_default().to_owned();
            let region_and_account = mapping["FunctionArn"].as_str().unwrap_or_default().split(":function:").next();
            let arn = format!("{}:event-source-mapping:{uuid}", region_and_account.unwrap_or_default());
            let tags = self.get("lambda", &format!("/2017-03-31/tags/{}", arn.replace(':', "%3A")));
            self.ids.extend(crate::labels::of(&mapping, uuid));
            self.lines.push(("mapping", json!([mapping, tags])));
        }
    }

    /// A function when its last change is over: a run that found nothing left to change has not waited for that.
    fn settled(&mut self, path: &str) -> Value {
        let start = std::time::Instant::now();
        loop {
            let one = self.get("lambda", path);
            let state = &one["Configuration"];
            if state["State"] != "Pending" && state["LastUpdateStatus"] != "InProgress" {
                return one;
            }
            assert!(start.elapsed().as_secs() < 120, "{one}");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }

    /// Keys, plans and user pools, whose names are not unique: a run that is stopped must not make a second one.
    fn doors(&mut self) {
        for (what, path) in [("api key", "/apikeys?limit=500"), ("usage plan", "/usageplans?limit=500")] {
            for one in items(&self.get("apigateway", path)) {
                self.drawn(&one["id"], &one["name"]);
                self.lines.push((what, one["name"].clone()));
            }
        }
        let ask = |operation: &str, input: Value| {
            let target = format!("AWSCognitoIdentityProviderService.{operation}");
            self.ask("cognito-idp", &target, input)
        };
        let pools = ask("ListUserPools", json!({ "MaxResults": 60 }));
        let mut found = Vec::new();
        for pool in all(&pools["UserPools"]) {
            let clients = ask("ListUserPoolClients", json!({ "UserPoolId": pool["Id"], "MaxResults": 60 }));
            found.push(("user pool", pool["Id"].clone(), pool["Name"].clone()));
            found.extend(
                all(&clients["UserPoolClients"])
                    .into_iter()
                    .map(|mut client| ("app client", client["ClientId"].take(), client["ClientName"].take())),
            );
        }
        for (what, id, name) in found {
            self.drawn(&id, &name);
            self.lines.push((what, name));
        }
    }

    fn drawn(&mut self, id: &Value, name: &Value) {
        self.ids.extend(id.as_str().zip(name.as_str()).map(|(id, name)| (id.to_owned(), name.to_owned())));
    }

    fn apis(&mut self) {
        self.lines.push(("account of API Gateway", self.get("apigateway", "/account")["cloudwatchRoleArn"].clone()));
        for domain in items(&self.get("apigateway", "/domainnames")) {
            let name = domain["domainName"].as_str().unwrap_or_default();
            let led = self.get("apigateway", &format!("/domainnames/{name}/basepathmappings"));
            self.lines.push(("domain name", json!([domain, led])));
        }
        for api in items(&self.get("apigateway", "/restapis?limit=500")) {
            let id = api["id"].as_str().unwrap_or_default().to_owned();
            self.ids.push((id.clone(), "API".to_owned()));
            self.lines.push(("rest api", api));
            for part in ["resources?embed=methods&limit=500", "authorizers", "models", "requestvalidators"] {
                let found = items(&self.get("apigateway", &format!("/restapis/{id}/{part}")));
                for one in &found {
                    let (drawn, named) = (one["id"].as_str(), one["path"].as_str().or(one["name"].as_str()));
                    self.ids.extend(drawn.zip(named).map(|(drawn, named)| (drawn.to_owned(), named.to_owned())));
                }
                self.lines.extend(found.into_iter().map(|one| ("part of the api", one)));
            }
            let stages = items(&self.get("apigateway", &format!("/restapis/{id}/stages")));
            let deployments = items(&self.get("apigateway", &format!("/restapis/{id}/deployments")));
            // That the stage serves the right one is what an empty diff says.
            self.lines.push(("deployments", deployments.len().into()));
            let served = stages.iter().all(|stage| deployments.iter().any(|one| one["id"] == stage["deploymentId"]));
            self.lines.push(("stages", json!([stages, { "served": served }])));
            let responses = items(&self.get("apigateway", &format!("/restapis/{id}/gatewayresponses?limit=500")));
            self.lines.extend(responses.into_iter().map(|one| ("gateway response", one)));
        }
    }

    fn roles(&mut self) {
        let iam = aws_sdk_iam::Client::new(&self.site.sdk);
        let roles = self.site.wait(iam.list_roles().send()).unwrap().roles;
        for role in roles.into_iter().filter(|role| role.path().starts_with("/pipe/")) {
            let name = role.role_name().to_owned();
            let described = self.site.wait(iam.get_role().role_name(&name).send()).unwrap().role.unwrap();
            let tags: Map<String, Value> =
                described.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().into())).collect();
            let mut policies = Map::new();
            for policy in self.site.wait(iam.list_role_policies().role_name(&name).send()).unwrap().policy_names {
                let read = iam.get_role_policy().role_name(&name).policy_name(&policy).send();
                policies.insert(policy, document(&self.site.wait(read).unwrap().policy_document));
            }
            let trust = described.assume_role_policy_document();
            self.lines.push(("role", json!([name, described.path(), described.description(), trust, tags, policies])));
        }
    }
}

fn all(list: &Value) -> Vec<Value> {
    list.as_array().cloned().unwrap_or_default()
}

/// A list of API Gateway, whose member is spelled in two ways.
fn items(list: &Value) -> Vec<Value> {
    ["item", "items", "_embedded"].iter().flat_map(|member| all(&list[*member])).collect()
}

/// The value without what AWS draws, in an order that does not depend on when what was made.
fn canonical(value: &Value, ids: &[(String, String)]) -> Value {
    match value {
        Value::Object(members) => {
            let hash = members.get("Key").and_then(Value::as_str).is_some_and(|key| HASHES.contains(&key));
            let kept = members.iter().filter(|(key, _)| !DRAWN.contains(&key.as_str()));
            let kept = kept.filter(|(key, _)| !(HASHES.contains(&key.as_str()) || hash && *key == "Value"));
            let named = kept.map(|(key, value)| (text(key, ids), canonical(value, ids)));
            Value::Object(named.collect::<std::collections::BTreeMap<_, _>>().into_iter().collect())
        }
        Value::Array(all) => {
            let mut all: Vec<Value> = all.iter().map(|value| canonical(value, ids)).collect();
            all.sort_by_key(Value::to_string);
            Value::Array(all)
        }
        Value::String(drawn) => text(drawn, ids).into(),
        other => other.clone(),
    }
}

fn text(text: &str, ids: &[(String, String)]) -> String {
    let text = ids.iter().fold(text.to_owned(), |text, (drawn, named)| text.replace(drawn, named));
    let consumer =
        text.rsplit_once(':').filter(|(arn, made)| arn.contains("/consumer/") && made.parse::<u64>().is_ok());
    consumer.map_or(text.clone(), |(arn, _)| format!("{arn}:MADE"))
}

/// Asserts that two inventories are the same; if not, shows the lines that one of them lacks.
pub fn same(when: &str, left: &str, right: &str) {
    let lacks = |all: &str, line: &&str| !all.lines().any(|other| other == *line);
    let more: Vec<&str> = left.lines().filter(|line| lacks(right, line)).collect();
    let less: Vec<&str> = right.lines().filter(|line| lacks(left, line)).collect();
    let (found, expected) = (left.lines().count(), right.lines().count());
    assert!(
        left == right,
        "{when}: {found} resources instead of {expected}\nthere is\n{}\ninstead of\n{}",
        more.join("\n"),
        less.join("\n")
    );
}
