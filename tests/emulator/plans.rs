//! API keys and usage plans beside their API, from a graph: every property edited, then all of it gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pipe::apply;
use pipe::aws::Cx;
use pipe::evidence::{Wanted, Why};
use pipe::graph::{Graph, Node};
use pipe::kinds::KINDS;
use pipe::kinds::api_key::ApiKey;
use pipe::kinds::rest_api::{LEGACY_TLS, RestApi, Stage, Throttle};
use pipe::kinds::usage_plan::{ApiStage, Period, Quota, UsagePlan};
use pipe::live;
use pipe::plan::{Action, Plan, plan};
use pipe::resource::{Id, Kind, Name, Resource, Tags, output_of};
use pipe_test_support::{Emulator, Endpoint, Kind as Of};
use tokio::sync::{mpsc, watch};

use crate::cloud::Cloud;

/// An API, a key, and a plan that has both, as a spec would ask for them.
struct Wish {
    stage: &'static str,
    key: (&'static str, ApiKey),
    plan: (&'static str, UsagePlan),
}

fn first() -> Wish {
    let plan =
        UsagePlan { description: "Free".into(), keys: [output_of("free-key", "id")].into(), ..UsagePlan::default() };
    let key = ApiKey { description: "Key".into(), enabled: true };
    Wish { stage: "prod", key: ("demo-free", key), plan: ("demo-free", plan) }
}

fn graph(wish: &Wish) -> Graph {
    let api = RestApi {
        endpoint_type: "REGIONAL".into(),
        vpc_endpoints: Default::default(),
        security_policy: LEGACY_TLS.into(),
        api_key_source: String::new(),
        binary_types: Default::default(),
        policy: None,
        stages: BTreeMap::from([(wish.stage.to_owned(), Stage::default())]),
        routes: BTreeMap::new(),
        paths: BTreeSet::new(),
        authorizers: BTreeMap::new(),
        models: BTreeMap::new(),
        validators: BTreeMap::new(),
        gateway_responses: BTreeMap::new(),
        deployed: String::new(),
    };
    let stage = ApiStage { api: output_of("api", "id"), stage: wish.stage.into(), ..ApiStage::default() };
    let plan = UsagePlan { stages: vec![stage], ..wish.plan.1.clone() };
    let nodes = vec![
        Node::new("free", wish.plan.0, &plan).unwrap(),
        Node::new("free-key", wish.key.0, &wish.key.1).unwrap(),
        Node::new("api", "demo-api", &Resource::sealed(api).unwrap()).unwrap(),
    ];
    Graph::new("demo", Tags::new(), nodes).unwrap()
}

async fn see(cx: &Cx, graph: &Graph) -> Plan {
    let kind = |name: &str| KINDS.iter().find(|kind: &&Kind| kind.name == name).unwrap();
    let default = |of: &str, id: &str, name: &str| Wanted {
        kind: kind(of),
        name: Name::new(name),
        why: Why::Own(Id::new(id)),
        likely: true,
    };
    let mut wanted: Vec<Wanted> = graph.nodes().iter().map(Wanted::from).collect();
    wanted.extend([
        default(ApiKey::KIND, "free-key", "demo-free"),
        default(UsagePlan::KIND, "free", "demo-free"),
        default(RestApi::KIND, "api", "demo-api"),
    ]);
    let found = live::read(cx, KINDS, wanted, async { Ok(Vec::new()) }).await.unwrap();
    plan(graph, &found, KINDS, false)
}

async fn apply(cx: &Cx, graph: &Graph) -> usize {
    let plan = see(cx, graph).await;
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    let (events, _reader) = mpsc::unbounded_channel();
    let (_stop, stopped) = watch::channel(false);
    let outcome = apply::run(cx, &Arc::new(plan), KINDS, &events, stopped).await;
    assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
    let left = see(cx, graph).await.changes.into_iter().filter(|change| change.action != Action::Same);
    assert_eq!(left.map(|change| format!("{change:?}")).collect::<Vec<_>>(), [""; 0], "nothing is left to do");
    outcome.done
}

/// One edit of each property, each on top of those before.
fn edits() -> Vec<fn(&mut Wish)> {
    vec![
        |wish| wish.plan.1.throttle = Some(Throttle { rate_per_second: 5.5, burst: 10 }),
        |wish| wish.plan.1.quota = Some(Quota { requests: 500, per: Period::Day, offset: 0 }),
        |wish| {
            wish.plan.1.throttle = Some(Throttle { rate_per_second: 50.0, burst: 10 });
            wish.plan.1.quota = Some(Quota { requests: 10_000, per: Period::Month, offset: 0 });
        },
        |wish| wish.stage = "v2",
        |wish| wish.plan.1.description = "Still free".into(),
        |wish| wish.plan.0 = "demo-basic",
        |wish| (wish.key.0, wish.key.1.enabled) = ("demo-key", false),
        |wish| (wish.key.1.enabled, wish.key.1.description) = (true, "Another".into()),
        |wish| wish.plan.1.keys.clear(),
        |wish| {
            (wish.plan.1.throttle, wish.plan.1.quota) = (None, None);
            wish.plan.1.keys = first().plan.1.keys;
        },
        // Under its own names again: the key is proven by its plan, and that by its API.
        |wish| *wish = first(),
    ]
}

#[test]
fn every_property_is_edited_and_nothing_is_left() {
    let endpoint = Endpoint::start(Emulator::shared(Of::MiniStack));
    let account = endpoint.account();
    let (cloud, aws) = (Cloud::of(&account), Arc::new(Cloud::of(&account).aws));
    cloud.run(async {
        let cx = Cx::new(aws, "demo");
        let mut wish = first();
        assert_eq!(apply(&cx, &graph(&wish)).await, 3);
        let key = cloud.aws.apigateway.get_api_keys().send().await.unwrap().items()[0].id.clone();
        for edit in edits() {
            edit(&mut wish);
            assert!(apply(&cx, &graph(&wish)).await > 0);
        }
        let keys = cloud.aws.apigateway.get_api_keys().send().await.unwrap();
        assert_eq!(keys.items().iter().map(|one| one.id.clone()).collect::<Vec<_>>(), [key], "it is never replaced");
        assert_eq!(apply(&cx, &Graph::empty("demo")).await, 3);
        assert!(cloud.aws.apigateway.get_api_keys().send().await.unwrap().items().is_empty());
        assert!(cloud.aws.apigateway.get_usage_plans().send().await.unwrap().items().is_empty());
    });
}
