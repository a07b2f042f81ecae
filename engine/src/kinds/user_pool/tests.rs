//! A Cognito that answers with what a test gives it, and keeps what it was asked.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::{Value, json};

use super::*;
use crate::aws::mocked::{cx_answered, place, refusal, success};
use crate::resource::{Id, State};

mod change;
mod parts;
mod read;

const ID: &str = "eu-central-1_AbCdEf123";

/// Calls that write, with their inputs, in their order.
type Writes = Arc<Mutex<Vec<(String, Value)>>>;

/// What Cognito has: one pool with its clients and groups.
#[derive(Clone)]
struct Cognito {
    pool: Value,
    clients: Vec<Value>,
    groups: Vec<Value>,
    writes: Writes,
}

impl Cognito {
    /// The desired pool, as AWS shows it.
    fn as_desired() -> Self {
        Self {
            pool: json!({
                "Id": ID, "Name": "people", "Arn": arn(&place(), ID), "CreationDate": 1.7e9, "EstimatedNumberOfUsers": 2,
                "UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"],
                "UsernameConfiguration": { "CaseSensitive": false }, "DeletionProtection": "ACTIVE",
                "MfaConfiguration": "OFF", "UserPoolTier": "ESSENTIALS", "LambdaConfig": {},
                "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": false, "UnusedAccountValidityDays": 7 },
                "EmailConfiguration": { "EmailSendingAccount": "COGNITO_DEFAULT" },
                "Policies": {
                    "PasswordPolicy": {
                        "MinimumLength": 12, "RequireLowercase": true, "RequireUppercase": true, "RequireNumbers": true,
                        "RequireSymbols": false, "TemporaryPasswordValidityDays": 3, "PasswordHistorySize": 5,
                    },
                    "SignInPolicy": { "AllowedFirstAuthFactors": ["PASSWORD"] },
                },
                "UserPoolTags": { "pipe:pipeline": "demo", "aws:cloudformation:stack-name": "theirs" },
            }),
            clients: vec![client("c1", "pipe-demo")],
            groups: vec![group("FreeTier", "pipe-demo"), group("Admins", "by hand")],
            writes: Writes::default(),
        }
    }

    fn cx(&self) -> Cx {
        let cognito = self.clone();
        tagged(&cx_answered(move |operation, input| cognito.answer(operation, input)))
    }

    fn answer(&self, operation: &str, input: &Value) -> HttpResponse {
        let answer = match operation {
            "ListUserPools" => json!({ "UserPools": [{ "Id": ID, "Name": self.pool["Name"] }] }),
            "DescribeUserPool" if input["UserPoolId"] == ID => json!({ "UserPool": self.pool }),
            "ListUserPoolClients" => json!({ "UserPoolClients": self.clients }),
            "DescribeUserPoolClient" => {
                json!({ "UserPoolClient": self.clients.iter().find(|client| client["ClientId"] == input["ClientId"]) })
            }
            "ListGroups" => json!({ "Groups": self.groups }),
            "GetGroup" => json!({ "Group": self.groups.iter().find(|group| group["GroupName"] == input["GroupName"]) }),
            read if read.starts_with("Describe") => return refusal("ResourceNotFoundException", "no such thing"),
            write => {
                self.writes.lock().unwrap().push((write.to_owned(), input.clone()));
                match write {
                    "CreateUserPool" => json!({ "UserPool": { "Id": ID, "Name": input["PoolName"] } }),
                    "CreateUserPoolClient" => json!({ "UserPoolClient": { "ClientId": "c9" } }),
                    // As AWS answers where an operation has no output.
                    write if write.starts_with("Delete") => {
                        return HttpResponse::new(200.try_into().unwrap(), "".into());
                    }
                    _ => json!({}),
                }
            }
        };
        success(&answer)
    }

    async fn read(&self) -> Live<UserPool> {
        let [live] = UserPool::read(&self.cx(), &Name::new("people")).await.unwrap().try_into().unwrap();
        live
    }

    /// Makes what it has match, and gives the writes that this took.
    async fn reconcile(&self, desired: &UserPool) -> Vec<(String, Value)> {
        self.reconcile_as(desired, "people").await
    }

    async fn reconcile_as(&self, desired: &UserPool, name: &str) -> Vec<(String, Value)> {
        let live = self.read().await;
        desired.reconcile(&self.cx(), &Name::new(name), Some(&live)).await.unwrap();
        std::mem::take(&mut self.writes.lock().unwrap())
    }
}

/// The same context for a pool that is to have the pipeline's tag.
fn tagged(cx: &Cx) -> Cx {
    cx.for_resource(&Id::new("users"), [(PIPELINE.to_owned(), "demo".to_owned())].into())
}

fn client(id: &str, name: &str) -> Value {
    json!({
        "ClientId": id, "ClientName": name, "UserPoolId": ID, "CreationDate": 1.7e9, "LastModifiedDate": 1.7e9,
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], "RefreshTokenValidity": 30,
        "PreventUserExistenceErrors": "ENABLED", "EnableTokenRevocation": true, "AuthSessionValidity": 3,
        "AllowedOAuthFlowsUserPoolClient": false, "CallbackURLs": [],
    })
}

fn group(name: &str, description: &str) -> Value {
    json!({ "GroupName": name, "UserPoolId": ID, "Description": description, "Precedence": 0 })
}

fn texts(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|&text| text.to_owned()).collect()
}

/// As a spec wants it.
fn desired() -> UserPool {
    UserPool {
        sign_in: texts(&["email"]),
        aliases: BTreeSet::new(),
        case_sensitive: false,
        self_sign_up: true,
        verifies: texts(&["email"]),
        password: Password {
            min_length: 12,
            lowercase: true,
            uppercase: true,
            numbers: true,
            symbols: false,
            temporary_days: 3,
        },
        deletion_protection: true,
        groups: [("FreeTier".to_owned(), Whose::ThePipelines)].into(),
        client: Some(Client {
            flows: texts(&["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]),
            access_token_seconds: 3600,
            id_token_seconds: 3600,
            refresh_token_seconds: 30 * 24 * 3600,
            hides_users: true,
            revokes_tokens: true,
        }),
        spare_clients: BTreeSet::new(),
    }
}

/// The same beside what others have made in the pool.
fn kept() -> UserPool {
    let live = UserPool { groups: [("Admins".to_owned(), Whose::SomebodyElses)].into(), ..desired() };
    desired().keeping(&live).unwrap()
}

fn operations(writes: &[(String, Value)]) -> Vec<&str> {
    writes.iter().map(|(operation, _)| operation.as_str()).collect()
}
