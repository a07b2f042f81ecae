use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::jwt::tests::{OURS, Signer, THEIRS, id_token, rules};
use crate::jwt::{TokenUse, keys};

const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/POST/people";
const STAGE: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/*/*";

/// An issuer that counts how often it is asked.
#[derive(Default)]
struct Counted {
    keys: std::sync::Mutex<Option<Vec<Value>>>,
    asked: AtomicUsize,
}

impl Counted {
    fn of(signers: &[&Signer]) -> Self {
        let counted = Self::default();
        counted.has(signers);
        counted
    }

    fn has(&self, signers: &[&Signer]) {
        *self.keys.lock().unwrap() = Some(signers.iter().map(|signer| signer.jwk()).collect());
    }

    fn is_away(&self) {
        *self.keys.lock().unwrap() = None;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Jwks for &Counted {
    async fn read(&self) -> Result<Keys, Failed> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let all = self.keys.lock().unwrap().clone().ok_or_else(|| Failed("connection failed".into()))?;
        Ok(keys(json!({ "keys": all }).to_string().as_bytes()).unwrap())
    }
}

struct NoPlans;

impl Values for NoPlans {
    async fn value(&self, id: &str) -> Result<String, Failed> {
        if id == "k1" { Ok("the value of k1".to_owned()) } else { Err(Failed("status 404".to_owned())) }
    }
}

fn settings() -> Settings {
    Settings { rules: rules(TokenUse::Id), groups_claim: "cognito:groups".into(), ..Settings::default() }
}

fn request(token: &str) -> Request {
    serde_json::from_value(json!({ "methodArn": ARN, "headers": { "authorization": token } })).unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

async fn ask<J: Jwks>(authorizer: &JwtAuthorizer<J, NoPlans>, token: &str) -> Result<Value, String> {
    let answer = authorizer.authorize(&request(token), soon()).await;
    answer.map(|policy| serde_json::to_value(policy).unwrap()).map_err(|refusal| refusal.to_string())
}

fn effect(answer: &Result<Value, String>) -> &str {
    answer.as_ref().unwrap()["policyDocument"]["Statement"][0]["Effect"].as_str().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_user_is_let_in_and_known() {
    let issuer = Counted::of(&[&OURS]);
    let authorizer = JwtAuthorizer::new(settings(), &issuer, NoPlans);
    let token = OURS.token(&id_token(json!({})));
    for header in [token.clone(), format!("Bearer {token}"), format!("bearer  {token} ")] {
        let answer = ask(&authorizer, &header).await.unwrap();
        assert_eq!(
            (&answer["principalId"], &answer["policyDocument"]["Statement"][0]["Resource"]),
            (&json!("u1"), &json!(STAGE))
        );
        assert_eq!(answer["context"], json!({ "groups": "Basic,Other", "sub": "u1", "username": "ann" }));
        assert_eq!(answer.get("usageIdentifierKey"), None);
    }
    assert_eq!(issuer.asked(), 1, "the keys are kept");
    for header in ["", "Bearer", "Bearer ", "Basic YTpi", "x y z", "a.b.c"] {
        assert_eq!(ask(&authorizer, header).await, Err("Unauthorized".to_owned()), "{header}");
    }
    let nobody: Request = serde_json::from_value(json!({ "methodArn": ARN, "headers": null })).unwrap();
    assert_eq!(authorizer.authorize(&nobody, soon()).await.err(), Some(Refusal::Unauthorized(None)));
}

#[tokio::test(start_paused = true)]
async fn who_is_in_no_group_is_denied() {
    let issuer = Counted::of(&[&OURS]);
    let groups = BTreeSet::from(["Basic".to_owned(), "FreeTier".to_owned()]);
    let authorizer = JwtAuthorizer::new(Settings { groups, ..settings() }, &issuer, NoPlans);
    let of = |groups: Value| OURS.token(&id_token(json!({ "cognito:groups": groups })));
    assert_eq!(effect(&ask(&authorizer, &of(json!(["Basic"]))).await), "Allow");
    for groups in [json!(["basic"]), json!(["Other"]), json!([]), json!(null), json!([["Basic"]]), json!("BasicX")] {
        assert_eq!(effect(&ask(&authorizer, &of(groups.clone())).await), "Deny", "{groups}");
    }
    let scopes = BTreeSet::from(["write".to_owned()]);
    let authorizer = JwtAuthorizer::new(Settings { scopes, ..settings() }, &issuer, NoPlans);
    let of = |scope: &str| OURS.token(&id_token(json!({ "scope": scope })));
    assert_eq!(effect(&ask(&authorizer, &of("read write")).await), "Allow");
    assert_eq!(effect(&ask(&authorizer, &of("read writer")).await), "Deny");
}

#[tokio::test(start_paused = true)]
async fn a_request_counts_for_the_first_plan_that_fits() {
    let issuer = Counted::of(&[&OURS]);
    let pair = |group: &str, key: &str| (group.to_owned(), key.to_owned());
    let plans = vec![pair("Basic", "k1"), pair("FreeTier", "gone")];
    let authorizer = JwtAuthorizer::new(Settings { plans, ..settings() }, &issuer, NoPlans);
    let of = |groups: Value| OURS.token(&id_token(json!({ "cognito:groups": groups })));
    let key = |answer: Result<Value, String>| answer.map(|answer| answer["usageIdentifierKey"].clone());
    assert_eq!(key(ask(&authorizer, &of(json!(["FreeTier", "Basic"]))).await), Ok(json!("the value of k1")));
    assert_eq!(key(ask(&authorizer, &of(json!(["Other"]))).await), Ok(Value::Null), "API Gateway answers 403 then");
    let failed = "failed to read the API key of the plan: status 404".to_owned();
    assert_eq!(key(ask(&authorizer, &of(json!(["FreeTier"]))).await), Err(failed));
}

#[tokio::test(start_paused = true)]
async fn without_keys_nobody_gets_in() {
    let issuer = Counted::default();
    let authorizer = JwtAuthorizer::new(settings(), &issuer, NoPlans);
    let token = OURS.token(&id_token(json!({})));
    let failed = Err("failed to read the issuer's keys: connection failed".to_owned());
    assert_eq!(ask(&authorizer, &token).await, failed);
    issuer.has(&[&OURS]);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(effect(&ask(&authorizer, &token).await), "Allow", "as soon as they can be read");
    issuer.is_away();
    tokio::time::advance(MAX_AGE).await;
    assert_eq!(effect(&ask(&authorizer, &token).await), "Allow", "known keys serve through an outage");
    tokio::time::advance(MAX_OUTAGE - MAX_AGE).await;
    assert_eq!(ask(&authorizer, &token).await, failed, "but not for ever");
}

#[tokio::test(start_paused = true)]
async fn keys_rotate_and_made_up_ones_cost_a_call_a_minute() {
    let issuer = Counted::of(&[&OURS]);
    let authorizer = JwtAuthorizer::new(settings(), &issuer, NoPlans);
    let (ours, theirs) = (OURS.token(&id_token(json!({}))), THEIRS.token(&id_token(json!({}))));
    assert_eq!(effect(&ask(&authorizer, &ours).await), "Allow");
    for _ in 0..100 {
        assert_eq!(ask(&authorizer, &theirs).await, Err("Unauthorized".to_owned()));
    }
    assert_eq!(issuer.asked(), 1, "it was asked a moment ago");
    tokio::time::advance(LEAST_INTERVAL).await;
    for _ in 0..100 {
        assert_eq!(ask(&authorizer, &theirs).await, Err("Unauthorized".to_owned()));
    }
    assert_eq!(issuer.asked(), 2);
    // The next key of the issuer, and the old one withdrawn.
    issuer.has(&[&THEIRS]);
    tokio::time::advance(LEAST_INTERVAL).await;
    assert_eq!(effect(&ask(&authorizer, &theirs).await), "Allow");
    assert_eq!(ask(&authorizer, &ours).await, Err("Unauthorized".to_owned()));
}
