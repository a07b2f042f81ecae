//! Outputs of resources that others hold: known when the plan is made, or known after apply.

use pipe::aws::{Cx, Place};
use pipe::diff::hash;
use pipe::graph::{Graph, Node};
use pipe::plan::{Action, Plan};
use pipe::resource::{Name, Tags, is_open, output_of, resolve, unknown};
use pipe::term::{View, render_plan};
use serde_json::Value;

use super::wishes::{Wish, Wishes, graph, one, plain};
use super::world::{Fake, Thing, account, world};
use super::{PIPELINE, apply, run, see};

/// That everything of the graph holds the outputs that the others have now.
pub fn settled(cx: &Cx, graph: &Graph) {
    let world = world(cx);
    let world = world.lock().unwrap();
    let thing = |node: &Node| world.things.iter().find(|thing| thing.kind == node.kind.name && thing.name == node.name);
    for node in graph.nodes().iter().filter(|node| !node.existing) {
        let mut desired = node.desired.clone();
        resolve(&mut desired, &|output| {
            output.among(&thing(graph.node(output.of.as_str()).unwrap()).unwrap().outputs())
        });
        let thing = thing(node).unwrap();
        let texts = [&thing.from, &thing.tied].map(|text| Value::from(text.as_str()));
        assert_eq!([&desired["from"], &desired["tied"]], [&texts[0], &texts[1]], "{}", node.id);
        let seal = if node.kind.name == "fake:Data" {
            format!("seal of {} and {}", thing.from, thing.tied)
        } else {
            String::new()
        };
        assert_eq!(thing.seal, seal, "{}", node.id);
        assert!(!is_open(&texts[0]) && !is_open(&texts[1]));
    }
}

/// `c` holds the id of `a`, `e` that of `c`.
fn chain() -> Wishes {
    let of = |at, tied| Wish { marks: vec![(at, true, tied)], ..plain() };
    Wishes::from([(0, plain()), (2, of(0, false)), (4, of(2, false))])
}

/// What a plan shows of the properties that hold outputs: id, action, new value.
fn shown(plan: &Plan) -> Vec<(String, Action, String)> {
    let fields = plan.work().flat_map(|change| change.fields.iter().map(move |field| (change, field)));
    let held = fields.filter(|(_, field)| ["from", "tied"].contains(&field.path.as_str()));
    let held = held.filter(|(_, field)| field.new.as_ref().is_some_and(|new| *new != ""));
    let new = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    held.map(|(change, field)| (change.id.to_string(), change.action, new(&field.new))).collect()
}

fn row(id: &str, action: Action, value: &str) -> (String, Action, String) {
    (id.to_owned(), action, value.to_owned())
}

/// The one of this kind.
fn thing(cx: &Cx, kind: &str) -> Thing {
    world(cx).lock().unwrap().things.iter().find(|thing| thing.kind == kind).unwrap().clone()
}

const LATER: &str = "(known after apply)/*";

#[tokio::test(start_paused = true)]
async fn a_chain_is_known_after_apply_and_then_there_is_nothing_to_do() {
    let cx = account(PIPELINE);
    let graph = graph(&chain());
    let plan = see(&cx, &graph, false).await;
    assert_eq!(shown(&plan), [row("c", Action::Create, LATER), row("e", Action::Create, LATER)]);
    reads_like("known_after_apply", &plan, "no id");
    for change in plan.work() {
        assert!(!is_open(&serde_json::to_value(change).unwrap()), "machines read the same words");
    }
    let outcome = run(&cx, plan).await;
    assert!(outcome.failed.is_empty(), "{outcome:?}");
    settled(&cx, &graph);
    assert!(see(&cx, &graph, false).await.is_empty());
}

/// Compares what the terminal shows of a plan with its snapshot, but for an id.
fn reads_like(name: &str, plan: &Plan, id: &str) {
    let place = Place { partition: "aws".into(), account: "111122223333".into(), region: "eu-central-1".into() };
    let text = render_plan(plan, &View::new(&place, false));
    let text = anstream::adapter::strip_str(&text).to_string().replace(id, "[id]");
    insta::with_settings!({ snapshot_path => "../snapshots/engine", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}

#[tokio::test(start_paused = true)]
async fn of_a_replaced_one_it_is_unknown_and_no_drift() {
    let cx = account(PIPELINE);
    apply(&cx, &graph(&chain())).await;
    let mut wishes = chain();
    wishes.insert(0, Wish { fixed: 1, ..plain() });
    let graph = graph(&wishes);
    let plan = see(&cx, &graph, false).await;
    // The id of `c` stays, so `e` is not part of it.
    assert_eq!(shown(&plan), [row("c", Action::Update, LATER)]);
    assert!(plan.changes.iter().all(|change| !change.drift));
    reads_like("known_after_replacement", &plan, &thing(&cx, "fake:Plain").identity);
    run(&cx, plan).await;
    settled(&cx, &graph);
    assert!(see(&cx, &graph, false).await.is_empty());
}

/// A property that cannot change in place says replace before its value is known; who needs the other is deleted first.
#[tokio::test(start_paused = true)]
async fn an_unknown_that_forces_replacement_is_a_replacement() {
    let cx = account(PIPELINE);
    let wishes = |fixed| {
        let tied = Wish { marks: vec![(0, true, true)], ..plain() };
        graph(&Wishes::from([(0, Wish { fixed, ..plain() }), (4, tied)]))
    };
    apply(&cx, &wishes(0)).await;
    let plan = see(&cx, &wishes(1), false).await;
    assert_eq!(shown(&plan), [row("e", Action::Replace, LATER)]);
    world(&cx).lock().unwrap().calm();
    run(&cx, plan).await;
    let writes: Vec<_> = world(&cx).lock().unwrap().writes.iter().map(|write| (write.0, write.1)).collect();
    let (plain, unnamed) = ("fake:Plain", "fake:Unnamed");
    assert_eq!(writes, [("delete", unnamed), ("delete", plain), ("create", plain), ("create", unnamed)]);
    settled(&cx, &wishes(1));
    assert!(see(&cx, &wishes(1), false).await.is_empty());
}

/// An update changes one output and not the other.
#[tokio::test(start_paused = true)]
async fn what_an_update_changes_is_unknown_and_all_else_is_known() {
    let cx = account(PIPELINE);
    let wishes = |value| {
        let label = Wish { marks: vec![(0, false, false)], ..plain() };
        let id = Wish { marks: vec![(0, true, false)], ..plain() };
        graph(&Wishes::from([(0, Wish { value, ..plain() }), (2, label), (4, id)]))
    };
    apply(&cx, &wishes(1)).await;
    let plan = see(&cx, &wishes(2), false).await;
    assert_eq!(shown(&plan), [row("c", Action::Update, LATER)]);
    run(&cx, plan).await;
    settled(&cx, &wishes(2));
    assert!(see(&cx, &wishes(2), false).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn of_an_adopted_one_it_is_known() {
    let cx = account(PIPELINE);
    world(&cx).lock().unwrap().put("fake:Plain", "demo-a", 1, &[]);
    let id = thing(&cx, "fake:Plain").identity;
    let plan = see(&cx, &graph(&chain()), true).await;
    assert_eq!(shown(&plan), [row("c", Action::Create, &format!("{id}/*")), row("e", Action::Create, LATER)]);
    run(&cx, plan).await;
    settled(&cx, &graph(&chain()));
}

#[tokio::test(start_paused = true)]
async fn killed_between_the_two_the_next_plan_knows() {
    let (cx, graph) = (account(PIPELINE), graph(&chain()));
    world(&cx).lock().unwrap().killed_at = Some(1);
    apply(&cx, &graph).await;
    let id = thing(&cx, "fake:Plain").identity;
    world(&cx).lock().unwrap().calm();
    let plan = see(&cx, &graph, false).await;
    assert_eq!(shown(&plan), [row("c", Action::Create, &format!("{id}/*")), row("e", Action::Create, LATER)]);
    run(&cx, plan).await;
    settled(&cx, &graph);
    assert!(see(&cx, &graph, false).await.is_empty());
}

fn holder(id: &str, from: String) -> Node {
    let fake = Fake::<2> { from, ..Fake::default() };
    Node::new(id, format!("demo-{id}"), &fake).unwrap()
}

fn of(nodes: Vec<Node>) -> Graph {
    Graph::new(PIPELINE, Tags::new(), nodes).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_nobody_can_resolve_is_a_defect_and_nothing_is_written() {
    let cx = account(PIPELINE);
    let a = || Node::new("a", "demo-a", &Fake::<0>::default()).unwrap();
    let graph = of(vec![a(), holder("e", output_of("a", "url"))]);
    let outcome = apply(&cx, &graph).await;
    let [(id, error)] = &outcome.failed[..] else { panic!("{outcome:?}") };
    assert_eq!((id.as_str(), error.message()), ("e", "`e` needs the output `url` of `a`, which it does not have"));
    assert_eq!(world(&cx).lock().unwrap().things.len(), 1, "only `a` was made");
    // If the resource exists already, the plan says so before anything is done.
    assert!(see(&cx, &graph, false).await.refusals[0].message().contains("output `url` of `a`"));
    let nowhere = Graph::new(PIPELINE, Tags::new(), vec![holder("e", output_of("a", "id"))]).unwrap_err();
    assert!(nowhere.message().contains("`a`, which is not there"), "{nowhere}");
    // A value that its kind never fills in.
    let outcome = apply(&account(PIPELINE), &of(vec![holder("e", unknown())])).await;
    assert!(outcome.failed[0].1.message().contains("stands for no output"), "{outcome:?}");
}

/// A retained one that is renamed stays, and a new one is planned beside it.
#[tokio::test(start_paused = true)]
async fn a_defect_is_told_once() {
    let cx = account(PIPELINE);
    let named = |name: &str, fixed| {
        let a = Node::new("a", "demo-a", &Fake::<0>::default()).unwrap();
        let fake = Fake::<1> { fixed, from: output_of("a", if fixed == 0 { "id" } else { "url" }), ..Fake::default() };
        of(vec![a, Node::new("c", name, &fake).unwrap().retained(true)])
    };
    apply(&cx, &named("demo-c", 0)).await;
    let refusals = see(&cx, &named("c-own-1", 1), false).await.refusals;
    assert_eq!(refusals.len(), 1, "{refusals:?}");
}

/// In whatever order the nodes come. The hash is that of the values, as it was before outputs of others could be held.
#[tokio::test(start_paused = true)]
async fn of_what_is_only_used_it_is_known_and_in_the_hash() {
    let cx = account(PIPELINE);
    world(&cx).lock().unwrap().put("fake:Plain", "theirs", 1, &[]);
    let used = Node::existing::<Fake<0>>("a", "theirs");
    let graph = of(vec![holder("e", output_of("a", "id")), used]);
    let plan = see(&cx, &graph, false).await;
    let id = thing(&cx, "fake:Plain").identity;
    assert_eq!(shown(&plan), [row("e", Action::Create, &id)]);
    run(&cx, plan).await;
    let desired = serde_json::to_value(Fake::<2> { from: id, ..Fake::default() }).unwrap();
    assert_eq!(thing(&cx, "fake:Unnamed").tags["pipe:applied"], hash(&desired));
    assert!(see(&cx, &graph, false).await.is_empty());
}

/// A kind's own hash is unknown as long as something in it is.
#[tokio::test(start_paused = true)]
async fn what_follows_from_an_unknown_is_unknown() {
    let cx = account(PIPELINE);
    let plan = see(&cx, &graph(&chain()), false).await;
    let seal = |plan: &Plan| {
        let change = plan.changes.iter().find(|change| change.id.as_str() == "c").unwrap();
        change.fields.iter().find(|field| field.path == "seal").and_then(|field| field.new.clone())
    };
    assert_eq!(seal(&plan), Some("(known after apply)".into()));
    apply(&cx, &graph(&one(0, plain()))).await;
    let id = thing(&cx, "fake:Plain").identity;
    assert_eq!(seal(&see(&cx, &graph(&chain()), false).await), Some(format!("seal of {id}/* and ").into()));
}

#[test]
fn outputs_that_go_round_are_a_circle_and_no_name_holds_one() {
    let round = vec![holder("e", output_of("f", "id")), holder("f", output_of("e", "id"))];
    let error = Graph::new(PIPELINE, Tags::new(), round).unwrap_err();
    assert!(error.message().contains("circle"), "{error}");
    let mut named = holder("e", String::new());
    named.name = Name::new(output_of("e", "id"));
    assert!(Graph::new(PIPELINE, Tags::new(), vec![named]).is_err());
}
