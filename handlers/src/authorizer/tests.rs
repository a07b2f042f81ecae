use std::cell::{Cell, RefCell};

use serde_json::json;
use tokio::time::{advance, sleep};

use super::*;

/// A secret that can be changed and made unreadable, and counts its readings.
struct Fake {
    password: RefCell<Result<&'static str, Unreadable>>,
    delay: Duration,
    reads: Cell<u32>,
}

impl Secrets for &Fake {
    async fn read(&self) -> Result<Credentials, Unreadable> {
        self.reads.set(self.reads.get() + 1);
        sleep(self.delay).await;
        let password = self.password.borrow().clone()?;
        Ok(Credentials::new(b"ann", password.as_bytes()))
    }
}

fn fake(password: &'static str) -> Fake {
    Fake { password: RefCell::new(Ok(password)), delay: Duration::ZERO, reads: Cell::new(0) }
}

fn request(credentials: &str) -> Request {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(credentials);
    let arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/POST/submit";
    let event = json!({ "methodArn": arn, "headers": { "Authorization": format!("Basic {encoded}") } });
    serde_json::from_value(event).expect("request")
}

async fn ask(authorizer: &Authorizer<&Fake>, credentials: &str) -> Result<Policy, Refusal> {
    decide(authorizer, credentials).await.answer
}

async fn decide(authorizer: &Authorizer<&Fake>, credentials: &str) -> Decision {
    authorizer.authorize(&request(credentials), Instant::now() + Duration::from_secs(3)).await
}

#[tokio::test(start_paused = true)]
async fn right_credentials_are_let_in_and_the_secret_is_read_once() {
    let secret = fake("one");
    let authorizer = Authorizer::new(&secret);
    for _ in 0..5 {
        let policy = ask(&authorizer, "ann:one").await.expect("allowed");
        let policy = serde_json::to_value(policy).expect("json");
        assert_eq!(policy["principalId"], "ann");
        let resource = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/*/*";
        assert_eq!(policy["policyDocument"]["Statement"][0]["Resource"], resource);
    }
    assert_eq!(secret.reads.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_credentials_are_refused_without_reading_the_secret() {
    let secret = fake("one");
    let decision = Authorizer::new(&secret).authorize(&Request::default(), Instant::now()).await;
    assert_eq!(decision, Decision { answer: Err(Refusal::Unauthorized), not_renewed: None });
    assert_eq!(secret.reads.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_mismatch_reads_the_secret_again_at_most_once_a_minute() {
    let secret = fake("one");
    let authorizer = Authorizer::new(&secret);
    for _ in 0..100 {
        assert_eq!(ask(&authorizer, "ann:wrong").await, Err(Refusal::Unauthorized));
    }
    assert_eq!(secret.reads.get(), 1);
    advance(Duration::from_secs(60)).await;
    for _ in 0..100 {
        assert_eq!(ask(&authorizer, "ann:wrong").await, Err(Refusal::Unauthorized));
    }
    assert_eq!(secret.reads.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_rotated_password_is_accepted_on_its_first_use() {
    let secret = fake("one");
    let authorizer = Authorizer::new(&secret);
    ask(&authorizer, "ann:one").await.expect("allowed");
    *secret.password.borrow_mut() = Ok("two");
    advance(Duration::from_secs(61)).await;
    ask(&authorizer, "ann:two").await.expect("allowed");
    assert_eq!(ask(&authorizer, "ann:one").await, Err(Refusal::Unauthorized));
    assert_eq!(secret.reads.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_withdrawn_password_dies_in_a_warm_function() {
    let secret = fake("one");
    let authorizer = Authorizer::new(&secret);
    ask(&authorizer, "ann:one").await.expect("allowed");
    *secret.password.borrow_mut() = Ok("two");
    advance(MAX_AGE).await;
    assert_eq!(ask(&authorizer, "ann:one").await, Err(Refusal::Unauthorized));
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_secret_is_another_error_and_is_tried_again() {
    let secret = fake("one");
    *secret.password.borrow_mut() = Err(Unreadable::lasting("AccessDeniedException"));
    let authorizer = Authorizer::new(&secret);
    let refusal = ask(&authorizer, "ann:one").await.expect_err("refused");
    assert_eq!(refusal.to_string(), "failed to read the secret: AccessDeniedException");
    *secret.password.borrow_mut() = Ok("one");
    ask(&authorizer, "ann:one").await.expect("allowed");
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_secret_store_leaves_what_is_known_and_is_told() {
    let secret = fake("one");
    let authorizer = Authorizer::new(&secret);
    let decision = decide(&authorizer, "ann:one").await;
    assert!(decision.answer.is_ok() && decision.not_renewed.is_none());
    let outage = Unreadable::passing("InternalServiceError");
    *secret.password.borrow_mut() = Err(outage.clone());
    advance(MAX_AGE).await;
    let decision = decide(&authorizer, "ann:one").await;
    assert!(decision.answer.is_ok());
    assert_eq!(decision.not_renewed, Some(outage));
    advance(LEAST_INTERVAL).await;
    assert!(matches!(ask(&authorizer, "ann:two").await, Err(Refusal::Unreadable(_))));
    ask(&authorizer, "ann:one").await.expect("allowed");
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_outlasted_for_an_hour_and_no_longer() {
    let secret = fake("one");
    let authorizer = Authorizer::new(&secret);
    ask(&authorizer, "ann:one").await.expect("allowed");
    *secret.password.borrow_mut() = Err(Unreadable::passing("timeout"));
    advance(MAX_OUTAGE - Duration::from_secs(1)).await;
    ask(&authorizer, "ann:one").await.expect("allowed");
    advance(Duration::from_secs(1)).await;
    assert!(matches!(ask(&authorizer, "ann:one").await, Err(Refusal::Unreadable(_))));
    *secret.password.borrow_mut() = Ok("one");
    ask(&authorizer, "ann:one").await.expect("allowed");
}

/// Somebody who takes the secret away, or the right to read it, wants nobody to be let in.
#[tokio::test(start_paused = true)]
async fn a_secret_that_is_gone_ends_its_copy_at_once() {
    for (offered, after) in [("ann:one", MAX_AGE), ("ann:wrong", LEAST_INTERVAL)] {
        let secret = fake("one");
        let authorizer = Authorizer::new(&secret);
        ask(&authorizer, "ann:one").await.expect("allowed");
        let gone = Unreadable::lasting("ResourceNotFoundException");
        *secret.password.borrow_mut() = Err(gone.clone());
        advance(after).await;
        for offered in [offered, "ann:one"] {
            assert_eq!(ask(&authorizer, offered).await, Err(Refusal::Unreadable(gone.clone())), "{offered}");
        }
        *secret.password.borrow_mut() = Ok("one");
        ask(&authorizer, "ann:one").await.expect("allowed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_does_not_answer_is_not_waited_for_beyond_the_deadline() {
    let secret = Fake { delay: Duration::from_secs(60), ..fake("one") };
    let start = Instant::now();
    let refusal = ask(&Authorizer::new(&secret), "ann:one").await;
    assert!(matches!(refusal, Err(Refusal::Unreadable(_))));
    assert_eq!(start.elapsed(), Duration::from_secs(3));
}

#[test]
fn the_refusal_reaches_api_gateway_as_exactly_unauthorized() {
    let diagnostic = Diagnostic::from(Refusal::Unauthorized);
    let sent = serde_json::to_value(diagnostic).expect("json");
    assert_eq!(sent, json!({ "errorType": "Unauthorized", "errorMessage": "Unauthorized" }));
    let other = Diagnostic::from(Refusal::Unreadable(Unreadable::passing("timeout")));
    assert_eq!(other.error_message, "failed to read the secret: timeout");
}
