//! Quotas, latency, and faults by chance.

use std::time::{Duration, Instant};

use aws_config::timeout::TimeoutConfig;
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use pipe_test_support::{Fault, Faults, Kind, Latency, Nature};

use super::cloud::{Cloud, tags, until};

#[tokio::test]
async fn quotas_are_token_buckets() {
    let cloud = Cloud::on(Kind::MiniStack).await;
    cloud.make_stream("orders").await;
    // 5 calls at once, and then one in 4 s: on a slow machine, too, the eighth comes before the third of those.
    cloud.account.set_nature(Nature { quotas: 0.05, ..Nature::default() });
    let list = || cloud.kinesis().list_tags_for_stream().stream_name("orders").send();
    let burst = tokio::join!(list(), list(), list(), list(), list(), list(), list(), list());
    let burst = [burst.0, burst.1, burst.2, burst.3, burst.4, burst.5, burst.6, burst.7];
    let refused: Vec<_> = burst.into_iter().filter_map(Result::err).collect();
    assert!((1..=3).contains(&refused.len()), "five at once, and what refilled meanwhile");
    assert!(refused.into_iter().all(|error| error.into_service_error().is_limit_exceeded_exception()));
    // A refused call takes no token.
    until(async || list().await.is_ok()).await;
    cloud.kinesis().list_streams().send().await.expect("another operation has a bucket of its own");
}

#[tokio::test]
async fn slow_quotas_take_one_call_at_a_time() {
    let cloud = Cloud::on(Kind::MiniStack).await;
    // One CreateRestApi in 6 s.
    cloud.account.set_nature(Nature { quotas: 0.5, ..Nature::default() });
    let gateway = cloud.api_gateway();
    let make = || gateway.create_rest_api().name("orders").set_tags(Some(tags())).send();
    make().await.unwrap();
    let refused = make().await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 429);
    let refused = refused.into_service_error();
    assert_eq!((refused.code(), refused.message()), (Some("TooManyRequestsException"), Some("Too Many Requests")));
    until(async || make().await.is_ok()).await;
    cloud.account.set_nature(Nature { quotas: 0.5, ..Nature::default() });
    make().await.expect("a new nature has full buckets");
}

#[tokio::test]
async fn calls_take_their_time() {
    let cloud = Cloud::on(Kind::MiniStack).await;
    let milliseconds = Duration::from_millis;
    let latency = Latency { read: milliseconds(100), write: milliseconds(6_000), jitter: milliseconds(20), seed: 1 };
    cloud.account.set_nature(Nature { latency, ..Nature::default() });
    let start = Instant::now();
    cloud.make_stream("orders").await;
    assert!(start.elapsed() >= milliseconds(6_000));
    let start = Instant::now();
    cloud.kinesis().list_streams().send().await.unwrap();
    assert!((milliseconds(100)..milliseconds(6_000)).contains(&start.elapsed()));
}

/// What each kind of fault looks like, and whether the call took effect.
#[tokio::test]
async fn faults_come_before_and_after_the_effect() {
    let cases = [
        (Fault::Throttle, "LimitExceededException", false),
        (Fault::Error500, "500", false),
        (Fault::Error500After, "500", true),
        (Fault::Error503, "503", false),
        (Fault::Error503After, "503", true),
        (Fault::Reset, "lost", false),
        (Fault::ResetAfter, "lost", true),
        (Fault::TimeOut, "late", false),
        (Fault::TimeOutAfter, "late", true),
    ];
    assert_eq!(cases.map(|(fault, ..)| fault), Fault::ALL);
    for (fault, seen, effect) in cases {
        let cloud = Cloud::on(Kind::MiniStack).await;
        let faults = Faults { seed: 1, probability: 1.0, kinds: vec![fault], held_back: Duration::from_secs(30) };
        cloud.account.set_nature(Nature { faults, ..Nature::default() });
        // The answer that does not come is waited for shortly, every other one as long as it takes.
        let late = matches!(fault, Fault::TimeOut | Fault::TimeOutAfter);
        let patience = Duration::from_secs(if late { 5 } else { 60 });
        let patience = TimeoutConfig::builder().operation_attempt_timeout(patience).build();
        let config = cloud.config.to_builder().timeout_config(patience).build();
        let made = aws_sdk_kinesis::Client::new(&config).create_stream().stream_name("orders").shard_count(1).send();
        let told = match made.await.unwrap_err() {
            SdkError::TimeoutError(_) => "late".to_owned(),
            SdkError::DispatchFailure(_) => "lost".to_owned(),
            error => match error.code() {
                Some(code) => code.to_owned(),
                None => {
                    let answer = error.raw_response().unwrap();
                    assert_eq!(answer.body().bytes(), Some(&b""[..]));
                    answer.status().as_u16().to_string()
                }
            },
        };
        assert_eq!(told, seen, "{fault:?}");
        assert_eq!(cloud.account.drawn_faults(), [("CreateStream".to_owned(), 1, fault)]);
        cloud.account.set_nature(Nature::default());
        let listed = cloud.kinesis().list_streams().send().await.unwrap();
        assert_eq!(!listed.stream_names().is_empty(), effect, "{fault:?}");
    }
}

#[tokio::test]
async fn bad_luck_is_of_the_seed_and_the_nth_call_alone() {
    let mut runs = Vec::new();
    for (seed, at_once) in [(7, false), (7, true), (8, false)] {
        let cloud = Cloud::on(Kind::MiniStack).await;
        cloud.make_stream("orders").await;
        cloud.account.set_nature(Nature::default().with_faults(0.4, seed));
        let kinesis = cloud.kinesis();
        for _ in 0..8 {
            let list = || kinesis.list_streams().send();
            let tags = || kinesis.list_tags_for_stream().stream_name("orders").send();
            if at_once {
                drop(tokio::join!(tags(), list()));
            } else {
                drop((list().await, tags().await));
            }
        }
        let mut drawn = cloud.account.drawn_faults();
        drawn.sort_by_key(|(operation, count, _)| (operation.clone(), *count));
        assert!(!drawn.is_empty() && drawn.len() < 16);
        runs.push(drawn);
    }
    assert_eq!(runs[0], runs[1], "whatever the order between operations");
    assert_ne!(runs[0], runs[2]);
}
