//! API keys, and how much their plans let them ask.

use std::sync::Arc;

use super::World;
use super::fixtures::*;
use crate::gateway::definition::{Definition, Key, Period, Plan, Quota, Stage, Throttle};
use crate::gateway::keys::Keys;

const FORBIDDEN: (u16, Option<&str>, &str) = (403, Some("ForbiddenException"), r#"{"message":"Forbidden"}"#);

fn plan(quota: Option<u32>, burst: Option<u32>) -> Plan {
    let key = |id: &str, value: &str, enabled| Key { id: id.into(), value: value.into(), enabled };
    Plan {
        id: "p".into(),
        throttle: burst.map(|burst| Throttle { rate_per_second: 0.001, burst }),
        quota: quota.map(|requests| Quota { requests, period: Period::Month }),
        keys: vec![key("k-1", "good", true), key("k-2", "off", false)],
    }
}

/// Every request needs a key.
fn keyed() -> Definition {
    let method = crate::gateway::definition::Method { api_key: true, ..open(mock(200)) };
    Definition { resources: vec![resource("/a", vec![("GET", method)])], ..Definition::default() }
}

async fn ask(world: &World, key: Option<&str>) -> (u16, String, String) {
    let headers: Vec<(&str, &str)> = key.map(|key| ("x-api-key", key)).into_iter().collect();
    let got = world.send("GET", "/prod/a", &headers, "").await;
    let (status, kind, body) = got.refusal();
    (status, kind.unwrap_or_default().to_owned(), body.to_owned())
}

#[tokio::test]
async fn only_an_enabled_key_of_a_plan_opens() {
    let world = World::with_plans(&keyed(), vec![plan(None, None)]).await;
    assert_eq!(ask(&world, Some("good")).await.0, 200);
    for key in [None, Some(""), Some("off"), Some("other"), Some("Good")] {
        let (status, kind, body) = ask(&world, key).await;
        assert_eq!((status, Some(kind.as_str()), body.as_str()), FORBIDDEN, "{key:?}");
    }
    // Without a plan nobody has a key.
    let world = World::new(&keyed(), Stage::default()).await;
    assert_eq!(ask(&world, Some("good")).await.0, 403);
}

#[tokio::test]
async fn a_quota_and_a_rate_are_two_answers() {
    let world = World::with_plans(&keyed(), vec![plan(Some(2), None)]).await;
    assert_eq!([ask(&world, Some("good")).await.0, ask(&world, Some("good")).await.0], [200, 200]);
    let (status, kind, body) = ask(&world, Some("good")).await;
    assert_eq!(
        (status, kind.as_str(), body.as_str()),
        (429, "LimitExceededException", r#"{"message":"Limit Exceeded"}"#)
    );
    let world = World::with_plans(&keyed(), vec![plan(None, Some(1))]).await;
    assert_eq!(ask(&world, Some("good")).await.0, 200);
    let (status, kind, body) = ask(&world, Some("good")).await;
    let refused = (429, "TooManyRequestsException", r#"{"message":"Too Many Requests"}"#);
    assert_eq!((status, kind.as_str(), body.as_str()), refused);
}

#[test]
fn a_changed_plan_goes_on_counting_and_no_value_is_shown() {
    let keys = Keys::new(vec![plan(Some(2), None)], None);
    assert!(Arc::ptr_eq(&keys, &Keys::new(vec![plan(Some(2), None)], Some(&keys))));
    let shown = format!("{:?} {keys:?}", plan(None, None));
    assert!(shown.contains("k-1") && !shown.contains("good"), "{shown}");
}
