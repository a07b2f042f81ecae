//! The cases that random specs meet too seldom, one by one.

use pipe::apply::Outcome;
use pipe::graph::{Graph, Node};
use pipe::plan::{Action, Plan};
use pipe::resource::{Name, Tags};

use super::wishes::{ROLE, Wish, Wishes, graph, name, one, plain};
use super::world::{self, Fake, World, account, world};
use super::{PIPELINE, apply, run, see, see_late};

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
async fn tags_of_aws_itself_never_count() {
    let cx = account(PIPELINE);
    let graph = graph(&one(0, plain()));
    apply(&cx, &graph).await;
    world(&cx).lock().unwrap().things[0].tags.insert("aws:cloudformation:stack-id".into(), "x".into());
    assert!(see(&cx, &graph, false).await.is_empty());
}

fn with_tags(pairs: &[(&str, &str)]) -> Graph {
    let mut graph = graph(&one(0, plain()));
    graph.tags = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    graph
}

#[tokio::test(start_paused = true)]
async fn tags_that_others_set_stay_and_our_own_go_with_the_spec() {
    let cx = account(PIPELINE);
    let tags = || world(&cx).lock().unwrap().things[0].tags.clone();
    apply(&cx, &with_tags(&[("team", "a"), ("cost", "b")])).await;
    world(&cx).lock().unwrap().things[0].tags.insert("backup-plan".into(), "gold".into());
    assert!(see(&cx, &with_tags(&[("team", "a"), ("cost", "b")]), false).await.is_empty());
    apply(&cx, &with_tags(&[("team", "a")])).await;
    assert_eq!((tags().get("cost"), tags()["backup-plan"].as_str()), (None, "gold"));
    // Someone else changes it from now on.
    world(&cx).lock().unwrap().things[0].tags.insert("cost".into(), "c".into());
    apply(&cx, &with_tags(&[])).await;
    assert_eq!((tags().get("team"), tags()["cost"].as_str()), (None, "c"));
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_others_changed_is_drift_and_one_that_the_spec_changed_is_not() {
    let cx = account(PIPELINE);
    apply(&cx, &with_tags(&[("team", "a")])).await;
    let drift = |plan: Plan| plan.work().map(|change| change.drift).collect::<Vec<_>>();
    assert_eq!(drift(see(&cx, &with_tags(&[("team", "b")]), false).await), [false]);
    world(&cx).lock().unwrap().things[0].tags.insert("team".into(), "x".into());
    assert_eq!(drift(see(&cx, &with_tags(&[("team", "a")]), false).await), [true]);
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
    thing.identity = "another".into();
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
    let role = (ROLE.0.to_owned(), Action::Update);
    assert_eq!(actions(&plan), [role, ("a".to_owned(), Action::Replace), ("g".to_owned(), Action::Update)]);
    run(&cx, plan).await;
    assert!(see(&cx, &both(2), false).await.is_empty());
    assert_eq!(world(&cx).lock().unwrap().things.len(), 3);
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

/// Somebody does this to a resource between the plan of a delete, a replacement or a rename and its step, as while a prompt is open.
async fn meanwhile(edit: Option<Wish>, by: impl Fn(&mut World)) -> (Outcome, usize) {
    let cx = account(PIPELINE);
    apply(&cx, &graph(&one(0, plain()))).await;
    let plan = see(&cx, &edit.map_or_else(|| Graph::empty(PIPELINE), |wish| graph(&one(0, wish))), false).await;
    by(&mut world(&cx).lock().unwrap());
    let outcome = run(&cx, plan).await;
    let left = world(&cx).lock().unwrap().things.iter().filter(|thing| thing.name.as_str() == name(0, 0)).count();
    (outcome, left)
}

#[tokio::test(start_paused = true)]
async fn what_is_given_away_or_made_again_meanwhile_is_not_deleted() {
    let given = |world: &mut World| _ = world.things[0].tags.insert("pipe:pipeline".into(), "other".into());
    let let_go = |world: &mut World| world.things[0].tags.clear();
    let again = |world: &mut World| world.things[0].identity = "another".into();
    for edit in [None, Some(Wish { fixed: 1, ..plain() }), Some(Wish { name: 1, ..plain() })] {
        for by in [given as fn(&mut World), let_go, again] {
            let (outcome, left) = meanwhile(edit.clone(), by).await;
            let [(_, error)] = &outcome.failed[..] else { panic!("{edit:?}: {outcome:?}") };
            assert!(error.message().contains("changed since the plan"), "{error}");
            assert!(error.hint_text().is_some() && left == 1, "it is still there");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_meanwhile_needs_no_delete() {
    let (outcome, left) = meanwhile(None, |world| world.things.clear()).await;
    assert!(outcome.failed.is_empty() && left == 0, "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_given_away_meanwhile_is_not_updated() {
    let edit = Some(Wish { value: 2, ..plain() });
    let given = |world: &mut World| _ = world.things[0].tags.insert("pipe:pipeline".into(), "other".into());
    let (outcome, _) = meanwhile(edit, given).await;
    assert!(outcome.failed[0].1.message().contains("its tags name another owner"), "{outcome:?}");
}

/// A resource that only the tagging API knows is named and left; the user's word takes it.
#[tokio::test(start_paused = true)]
async fn what_has_our_tags_alone_is_left() {
    let cx = account(PIPELINE);
    world(&cx).lock().unwrap().put("fake:Data", "theirs", 1, &[("pipe:pipeline", PIPELINE), ("pipe:resource", "c")]);
    let plan = see(&cx, &Graph::empty(PIPELINE), false).await;
    assert!(plan.changes.is_empty(), "{plan:?}");
    assert!(plan.left[0].ends_with("pass --orphan fake:Data/theirs"), "{:?}", plan.left);
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
    let down = see(&cx, &Graph::empty(PIPELINE), false).await;
    assert!(down.left[0].ends_with("`: it is retained, and nobody owns it from now on"), "{:?}", down.left);
    run(&cx, down).await;
    let plan = see(&cx, &graph, false).await;
    assert!(plan.refusals.is_empty());
    assert_eq!(actions(&plan), [("c".to_owned(), Action::Update)]);
    run(&cx, plan).await;
    assert!(see(&cx, &graph, false).await.is_empty());
}

/// A custom name that leaves the spec is found again after a kill although the tags do not show it yet: a policy names it until
/// it is deleted.
#[tokio::test(start_paused = true)]
async fn a_renamed_resource_is_never_orphaned_by_a_late_tag_query() {
    let graph_of = |name: u8| {
        let refs = vec![world::arn("fake:Data", &Name::new(self::name(2, name)))];
        let role = Node::new(ROLE.0, ROLE.1, &Fake::<4> { refs, ..Fake::default() }).unwrap();
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
