//! The six invariants of the engine (ARCHITECTURE.md), with fake kinds in memory and random failures.
#![cfg(test)]

mod heartbeat;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use pipe::apply::{self, Outcome};
use pipe::aws::Cx;
use pipe::graph::{Graph, Node};
use pipe::live;
use pipe::owner::Owner;
use pipe::plan::{Action, Plan, plan};
use pipe::resource::{Kind, Name, Tags};
use proptest::prelude::*;
use tokio::sync::{mpsc, watch};
use world::{Fake, Fault, KINDS, account, essence, world};

const PIPELINE: &str = "demo";

/// Ids of the closed list; the kind of each is fixed, and what needs has a later kind than what is needed.
const IDS: [(&str, usize); 8] = [("a", 0), ("b", 0), ("c", 1), ("d", 1), ("e", 2), ("f", 2), ("g", 3), ("h", 3)];

/// One node of a random spec.
#[derive(Clone, Debug)]
struct Wish {
    value: u32,
    fixed: u32,
    /// 0: the default name.
    name: u8,
    needs: Vec<(usize, bool)>,
    retain: bool,
}

type Wishes = BTreeMap<usize, Wish>;

fn wishes() -> impl Strategy<Value = Wishes> {
    let wish =
        (0..3u32, 0..2u32, 0..3u8, prop::collection::vec((0..8usize, any::<bool>()), 0..3), prop::bool::weighted(0.1));
    let wish = wish.prop_map(|(value, fixed, name, needs, retain)| Wish { value, fixed, name, needs, retain });
    prop::collection::btree_map(0..8usize, wish, 0..8)
}

fn name(at: usize, variant: u8) -> String {
    match variant {
        0 => format!("{PIPELINE}-{}", IDS[at].0),
        n => format!("{}-own-{n}", IDS[at].0),
    }
}

fn graph(wishes: &Wishes) -> Graph {
    let node = |(&at, wish): (&usize, &Wish)| {
        let (id, kind) = IDS[at];
        let name = name(at, wish.name);
        let node = match kind {
            0 => Node::new(id, name, &Fake::<0> { value: wish.value, fixed: wish.fixed, refs: Vec::new() }),
            1 => Node::new(id, name, &Fake::<1> { value: wish.value, fixed: wish.fixed, refs: Vec::new() }),
            2 => Node::new(id, name, &Fake::<2> { value: wish.value, fixed: wish.fixed, refs: Vec::new() }),
            _ => Node::new(id, name, &Fake::<3> { value: wish.value, fixed: wish.fixed, refs: Vec::new() }),
        };
        let mut needs = wish.needs.clone();
        needs.sort();
        needs.dedup_by_key(|(of, _)| *of);
        let earlier = needs.into_iter().filter(|(of, _)| IDS[*of].1 < kind);
        earlier.fold(node.unwrap().retained(wish.retain), |node, (of, follow)| match follow {
            true => node.follows(IDS[of].0),
            false => node.needs([IDS[of].0]),
        })
    };
    Graph::new(PIPELINE, Tags::from([("team".to_owned(), "x".to_owned())]), wishes.iter().map(node).collect()).unwrap()
}

async fn see(cx: &Cx, graph: &Graph, adopt: bool) -> Plan {
    let arns = world(cx).lock().unwrap().tagged(PIPELINE);
    see_tagged(cx, graph, adopt, arns).await
}

/// With a tagging API that knows nothing yet.
async fn see_late(cx: &Cx, graph: &Graph) -> Plan {
    see_tagged(cx, graph, false, Vec::new()).await
}

async fn see_tagged(cx: &Cx, graph: &Graph, adopt: bool, arns: Vec<String>) -> Plan {
    let mut wanted: Vec<(&'static Kind, Name)> = graph.nodes().iter().map(|n| (n.kind, n.name.clone())).collect();
    wanted.extend((0..IDS.len()).map(|at| (&KINDS[IDS[at].1], Name::new(name(at, 0)))));
    let found = live::read(cx, KINDS, wanted, async { Ok(arns) }).await.unwrap();
    plan(graph, &found, KINDS, adopt)
}

async fn run(cx: &Cx, plan: Plan) -> Outcome {
    let (events, _reader) = mpsc::unbounded_channel();
    let (_stop, stopped) = watch::channel(false);
    apply::run(cx, &Arc::new(plan), KINDS, &events, stopped).await
}

async fn apply(cx: &Cx, graph: &Graph) -> Outcome {
    let plan = see(cx, graph, false).await;
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    run(cx, plan).await
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(work)
}

/// Two things that are not ours: nothing may ever touch them.
fn strangers(cx: &Cx) {
    let world = world(cx);
    let mut world = world.lock().unwrap();
    world.put("fake:Plain", "stranger", 7, &[]);
    world.put("fake:Data", "neighbour", 7, &[("pipe:pipeline", "other"), ("pipe:resource", "c")]);
}

/// Invariant 4, told from the log: what is needed is there when what needs it is made, and outlives it.
fn in_order(cx: &Cx, graph: &Graph) {
    let world = world(cx);
    let world = world.lock().unwrap();
    let created =
        |name: &Name, kind: &str| world.writes.iter().position(|w| w.0 == "create" && w.1 == kind && w.2 == *name);
    for node in graph.nodes() {
        for need in &node.needs {
            let needed = graph.node(need.of.as_str()).unwrap();
            if let (Some(first), Some(then)) =
                (created(&needed.name, needed.kind.name), created(&node.name, node.kind.name))
            {
                assert!(first < then, "{} was made before {}, which it needs", node.id, need.of);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Invariants 1, 2 and 4.
    #[test]
    fn after_an_apply_there_is_nothing_to_do(first in wishes(), second in wishes()) {
        block_on(async {
            let cx = account(PIPELINE);
            strangers(&cx);
            for wishes in [&first, &second] {
                let graph = graph(wishes);
                world(&cx).lock().unwrap().calm();
                let plan = see(&cx, &graph, false).await;
                let empty = plan.is_empty();
                let planned: Vec<(&str, Name)> = plan.work().flat_map(|c| [(c.kind.name, c.name.clone()), (c.kind.name, c.live_name().clone())]).collect();
                let outcome = run(&cx, plan).await;
                assert!(outcome.failed.is_empty() && outcome.skipped.is_empty(), "{outcome:?}");
                {
                    let world = world(&cx);
                    let world = world.lock().unwrap();
                    assert_eq!(empty, world.writes.is_empty(), "diff is empty exactly when apply writes nothing");
                    for (_, kind, name, _) in &world.writes {
                        assert!(planned.contains(&(*kind, name.clone())), "{kind} {name} was not in the plan");
                    }
                }
                in_order(&cx, &graph);
                let again = see(&cx, &graph, false).await;
                assert!(again.is_empty(), "{:#?}", again.work().collect::<Vec<_>>());
            }
        });
    }

    /// Invariant 3: failures before and after their effect, and a kill at any write; the next run converges to what an
    /// uninterrupted one makes.
    #[test]
    fn stopped_anywhere_it_converges(
        first in wishes(), second in wishes(), kill in 0..40usize,
        faults in prop::collection::btree_map(0..60usize, prop_oneof![Just(Fault::Before), Just(Fault::After)], 0..12),
    ) {
        block_on(async {
            let (cx, calm) = (account(PIPELINE), account(PIPELINE));
            for cx in [&cx, &calm] {
                strangers(cx);
                apply(cx, &graph(&first)).await;
            }
            let graph = graph(&second);
            apply(&calm, &graph).await;
            {
                let world = world(&cx);
                let mut world = world.lock().unwrap();
                world.calm();
                world.faults = faults;
                world.killed_at = Some(kill);
            }
            apply(&cx, &graph).await;
            world(&cx).lock().unwrap().calm();
            let outcome = apply(&cx, &graph).await;
            assert!(outcome.failed.is_empty(), "{outcome:?}");
            assert!(see(&cx, &graph, false).await.is_empty());
            assert_eq!(essence(&world(&cx).lock().unwrap()), essence(&world(&calm).lock().unwrap()));
            let things = world(&cx).lock().unwrap().things.len();
            assert_eq!(things, world(&calm).lock().unwrap().things.len(), "nothing is doubled");
        });
    }

    /// Invariant 5: destroy leaves nothing that is owned but what is retained, and touches nothing else.
    #[test]
    fn destroy_leaves_nothing_of_ours(wishes in wishes()) {
        block_on(async {
            let cx = account(PIPELINE);
            strangers(&cx);
            apply(&cx, &graph(&wishes)).await;
            apply(&cx, &Graph::empty(PIPELINE)).await;
            let world = world(&cx);
            let world = world.lock().unwrap();
            let retained = wishes.iter().filter(|(_, wish)| wish.retain).count();
            assert_eq!(world.things.len(), 2 + retained);
            for thing in &world.things[2..] {
                assert_eq!(Owner::of(&thing.tags, PIPELINE), Owner::Released);
            }
            assert!(world.things[0].tags.is_empty() && world.things[1].value == 7, "strangers are as they were");
        });
    }
}

fn one(at: usize, wish: Wish) -> Wishes {
    Wishes::from([(at, wish)])
}

fn plain() -> Wish {
    Wish { value: 1, fixed: 0, name: 0, needs: Vec::new(), retain: false }
}

/// The actions of a plan that do something, by id.
fn actions(plan: &Plan) -> Vec<(String, Action)> {
    plan.work().map(|change| (change.id.to_string(), change.action)).collect()
}

#[tokio::test(start_paused = true)]
async fn duplicates_after_a_crash_become_orphans() {
    let cx = account(PIPELINE);
    let graph = graph(&one(4, plain()));
    apply(&cx, &graph).await;
    let tags: Vec<(String, String)> = world(&cx).lock().unwrap().things[0].tags.clone().into_iter().collect();
    let tags: Vec<(&str, &str)> = tags.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    world(&cx).lock().unwrap().put("fake:Unnamed", "demo-e", 1, &tags);
    assert_eq!(actions(&see(&cx, &graph, false).await), [("e".to_owned(), Action::Delete)]);
    apply(&cx, &graph).await;
    assert_eq!(world(&cx).lock().unwrap().things.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_owns_is_refused_and_adopted_on_request() {
    let cx = account(PIPELINE);
    world(&cx).lock().unwrap().put("fake:Plain", "demo-a", 1, &[]);
    let graph = graph(&one(0, plain()));
    let refused = see(&cx, &graph, false).await;
    assert!(refused.refusals[0].hint_text().unwrap().contains("--adopt"));
    let plan = see(&cx, &graph, true).await;
    assert_eq!(actions(&plan), [("a".to_owned(), Action::Update)]);
    run(&cx, plan).await;
    assert!(see(&cx, &graph, false).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn another_pipelines_resource_is_refused_even_with_adopt() {
    let cx = account(PIPELINE);
    world(&cx).lock().unwrap().put("fake:Plain", "demo-a", 1, &[("pipe:pipeline", "other")]);
    let plan = see(&cx, &graph(&one(0, plain())), true).await;
    assert!(plan.refusals[0].message().contains("`other`"));
}

#[tokio::test(start_paused = true)]
async fn a_follower_is_replaced_with_what_it_follows() {
    let cx = account(PIPELINE);
    let wishes = Wishes::from([(0, plain()), (4, Wish { needs: vec![(0, true)], ..plain() })]);
    let graph = graph(&wishes);
    apply(&cx, &graph).await;
    // Deleted by hand and made again under the same name: another identity.
    let mut thing = world(&cx).lock().unwrap().things[0].clone();
    thing.handle = pipe::resource::Handle::new("h99999");
    world(&cx).lock().unwrap().things[0] = thing;
    assert_eq!(actions(&see(&cx, &graph, false).await), [("e".to_owned(), Action::Replace)]);
    apply(&cx, &graph).await;
    assert!(see(&cx, &graph, false).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_new_name_is_a_replace_and_in_place_where_aws_can() {
    let cx = account(PIPELINE);
    let both = |name| graph(&Wishes::from([(0, Wish { name, ..plain() }), (6, Wish { name, ..plain() })]));
    apply(&cx, &both(1)).await;
    let plan = see(&cx, &both(2), false).await;
    assert_eq!(actions(&plan), [("a".to_owned(), Action::Replace), ("g".to_owned(), Action::Update)]);
    run(&cx, plan).await;
    assert!(see(&cx, &both(2), false).await.is_empty());
    assert_eq!(world(&cx).lock().unwrap().things.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failure_stops_only_what_depends_on_it() {
    let cx = account(PIPELINE);
    world(&cx).lock().unwrap().killed_at = Some(0);
    let wishes = Wishes::from([(0, plain()), (4, Wish { needs: vec![(0, false)], ..plain() })]);
    let outcome = apply(&cx, &graph(&wishes)).await;
    assert_eq!(outcome.failed.len(), 1);
    assert_eq!(outcome.skipped.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_loses_data_says_so() {
    let cx = account(PIPELINE);
    apply(&cx, &graph(&one(2, Wish { value: 2, ..plain() }))).await;
    let loss = async |wish| see(&cx, &graph(&one(2, wish)), false).await.losses().count();
    assert_eq!(loss(Wish { value: 1, ..plain() }).await, 1, "a weaker property");
    assert_eq!(loss(Wish { value: 2, fixed: 1, ..plain() }).await, 1, "a replacement");
    assert_eq!(loss(Wish { value: 3, ..plain() }).await, 0);
    assert_eq!(see(&cx, &Graph::empty(PIPELINE), false).await.losses().count(), 1, "a delete");
}

#[tokio::test(start_paused = true)]
async fn a_change_between_plan_and_apply_stops_the_step() {
    let cx = account(PIPELINE);
    apply(&cx, &graph(&one(0, plain()))).await;
    let plan = see(&cx, &graph(&one(0, Wish { value: 2, ..plain() })), false).await;
    world(&cx).lock().unwrap().things[0].value = 9;
    let outcome = run(&cx, plan).await;
    assert!(outcome.failed[0].1.message().contains("changed since the plan"));
    assert_eq!(world(&cx).lock().unwrap().things[0].value, 9);
}

#[tokio::test(start_paused = true)]
async fn drift_is_told_from_an_edit() {
    let cx = account(PIPELINE);
    let graph_of = |value| graph(&one(0, Wish { value, ..plain() }));
    apply(&cx, &graph_of(1)).await;
    assert!(!see(&cx, &graph_of(2), false).await.changes[0].drift, "the spec changed");
    world(&cx).lock().unwrap().things[0].value = 9;
    assert!(see(&cx, &graph_of(1), false).await.changes[0].drift, "the account changed");
}

#[tokio::test(start_paused = true)]
async fn what_was_retained_is_taken_back_without_asking() {
    let cx = account(PIPELINE);
    let graph = graph(&one(2, Wish { retain: true, ..plain() }));
    apply(&cx, &graph).await;
    apply(&cx, &Graph::empty(PIPELINE)).await;
    let plan = see(&cx, &graph, false).await;
    assert!(plan.refusals.is_empty());
    assert_eq!(actions(&plan), [("c".to_owned(), Action::Update)]);
    run(&cx, plan).await;
    assert!(see(&cx, &graph, false).await.is_empty());
}

/// A custom name that leaves the spec is found again after a kill although the tags do not tell yet: what told of it, a policy,
/// does so until it is deleted.
#[tokio::test(start_paused = true)]
async fn a_renamed_resource_is_never_orphaned_by_a_late_tag_query() {
    let graph_of = |name: u8| {
        let refs = vec![world::arn("fake:Data", &Name::new(self::name(2, name)))];
        let role = Node::new("a", "demo-a", &Fake::<0> { refs, ..Fake::default() }).unwrap();
        let data = Node::new("c", self::name(2, name), &Fake::<1>::default()).unwrap();
        Graph::new(PIPELINE, Tags::new(), vec![role, data]).unwrap()
    };
    for kill in 0..8 {
        let cx = account(PIPELINE);
        run(&cx, see_late(&cx, &graph_of(1)).await).await;
        world(&cx).lock().unwrap().calm();
        world(&cx).lock().unwrap().killed_at = Some(kill);
        run(&cx, see_late(&cx, &graph_of(2)).await).await;
        world(&cx).lock().unwrap().calm();
        let outcome = run(&cx, see_late(&cx, &graph_of(2)).await).await;
        assert!(outcome.failed.is_empty(), "{outcome:?}");
        assert!(see_late(&cx, &graph_of(2)).await.is_empty(), "killed at write {kill}");
        let world = world(&cx);
        let world = world.lock().unwrap();
        assert_eq!(world.things.len(), 2, "killed at write {kill}: {:?}", world.things);
        assert!(world.things.iter().all(|thing| thing.refs.len() <= 1), "the policy is narrow again");
    }
}

#[test]
fn needs_that_go_round_are_named_as_a_path() {
    let node = |id: &str, need: &str| Node::new(id, id, &Fake::<0>::default()).unwrap().needs([need]);
    let error = Graph::new(PIPELINE, Tags::new(), vec![node("a", "b"), node("b", "a")]).unwrap_err();
    assert!(error.message().contains("a -> ") || error.message().contains("b -> "), "{error}");
}
