//! Invariants 1 to 5 of the engine (ARCHITECTURE.md), with fake kinds in memory and random failures.
#![cfg(test)]

mod cases;
mod heartbeat;
mod layers;
mod outputs;
mod thing;
mod wishes;
mod world;

use std::sync::Arc;

use pipe::apply::{self, Outcome};
use pipe::aws::Cx;
use pipe::evidence::{Wanted, Why};
use pipe::graph::Graph;
use pipe::live;
use pipe::owner::Owner;
use pipe::plan::{Plan, plan};
use pipe::resource::{Id, Kind, Name};
use proptest::prelude::*;
use tokio::sync::{mpsc, watch};
use wishes::{IDS, ROLE, graph, name, wishes};
use world::{Fault, KINDS, account, essence, world};

const PIPELINE: &str = "demo";

async fn see(cx: &Cx, graph: &Graph, adopt: bool) -> Plan {
    let arns = world(cx).lock().unwrap().tagged(PIPELINE);
    see_tagged(cx, graph, adopt, arns).await
}

/// With a tagging API that knows nothing yet.
async fn see_late(cx: &Cx, graph: &Graph) -> Plan {
    see_tagged(cx, graph, false, Vec::new()).await
}

async fn see_tagged(cx: &Cx, graph: &Graph, adopt: bool, arns: Vec<String>) -> Plan {
    let mut wanted: Vec<Wanted> = graph.nodes().iter().map(Wanted::from).collect();
    let default = |kind: &'static Kind, id: &str, name: String| Wanted {
        kind,
        name: Name::new(name),
        why: Why::Own(Id::new(id)),
        likely: false,
    };
    wanted.extend((0..IDS.len()).map(|at| default(&KINDS[IDS[at].1 + 1], IDS[at].0, name(at, 0))));
    wanted.push(default(&KINDS[0], ROLE.0, ROLE.1.to_owned()));
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

/// Things that are not ours, most with our tags, which anybody who may tag can set: nothing may ever touch them.
const STRANGERS: usize = 6;

fn strangers(cx: &Cx) {
    let world = world(cx);
    let mut world = world.lock().unwrap();
    world.put("fake:Plain", "stranger", 7, &[]);
    world.put("fake:Data", "neighbour", 7, &[("pipe:pipeline", "other"), ("pipe:resource", "c")]);
    let tagged = |id| [("pipe:pipeline", PIPELINE), ("pipe:resource", id), ("pipe:on-destroy", "retain")];
    world.put("fake:Data", "a-tagged-one", 7, &tagged("c")[..2]);
    world.put("fake:Data", "a-retained-one", 7, &tagged("d"));
    world.put("fake:Renamed", "a-renamed-one", 7, &tagged("g")[..2]);
    // It says that it acts under a role, which is a foreign one with our tags, and names another.
    world.put("fake:Role", "a-tagged-role", 7, &tagged("role")[..2]);
    let role = world::arn("fake:Role", &Name::new("a-tagged-role"));
    world.things[4].refs = vec![role];
    world.things[5].refs = vec![world::arn("fake:Data", &Name::new("a-tagged-one"))];
}

/// That they are as they were.
fn untouched(cx: &Cx) {
    let fresh = account(PIPELINE);
    strangers(&fresh);
    let (now, then) = (world(cx), world(&fresh));
    assert_eq!(now.lock().unwrap().things[..STRANGERS], then.lock().unwrap().things[..]);
}

/// Invariant 4, from the log: a resource exists when those that need it are made, and outlives them.
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
                outputs::settled(&cx, &graph);
                untouched(&cx);
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
            outputs::settled(&cx, &graph);
            untouched(&cx);
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
            untouched(&cx);
            let world = world(&cx);
            let world = world.lock().unwrap();
            let retained = wishes.iter().filter(|(_, wish)| wish.retain).count();
            assert_eq!(world.things.len(), STRANGERS + retained);
            for thing in &world.things[STRANGERS..] {
                assert_eq!(Owner::of(&thing.tags, PIPELINE), Owner::Released);
            }
        });
    }
}
