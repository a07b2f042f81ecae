//! A user pool from its making to its end. Neither emulator refuses to delete a protected pool, and MiniStack has no UpdateGroup.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pipe::apply::{self, Outcome};
use pipe::aws::{Cx, tagged};
use pipe::evidence::{Wanted, Why};
use pipe::graph::{Graph, Node};
use pipe::kinds::user_pool::{Client, Password, UserPool, Whose};
use pipe::live;
use pipe::owner::PIPELINE;
use pipe::plan::{Action, Plan, plan};
use pipe::resource::{Id, Kind as Resources, Name, Resource, Tags};
use pipe_test_support::{Emulator, Endpoint, Kind, Rule};
use tokio::sync::{mpsc, watch};

use crate::cloud::Cloud;

static KINDS: &[Resources] = &[Resources::of::<UserPool>()];

fn texts(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|&text| text.to_owned()).collect()
}

fn groups(names: &[&str]) -> BTreeMap<String, Whose> {
    names.iter().map(|&name| (name.to_owned(), Whose::ThePipelines)).collect()
}

fn pool() -> UserPool {
    UserPool {
        sign_in: texts(&["email"]),
        aliases: BTreeSet::new(),
        case_sensitive: false,
        self_sign_up: false,
        verifies: texts(&["email"]),
        password: Password {
            min_length: 12,
            lowercase: true,
            uppercase: true,
            numbers: true,
            symbols: true,
            temporary_days: 7,
        },
        deletion_protection: true,
        groups: groups(&["FreeTier", "Basic"]),
        client: Some(Client {
            flows: texts(&["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]),
            access_token_seconds: 3600,
            id_token_seconds: 3600,
            refresh_token_seconds: 2_592_000,
            hides_users: true,
            revokes_tokens: true,
        }),
        spare_clients: BTreeSet::new(),
    }
}

/// A spec that has this pool.
fn graph(name: &str, tags: &Tags, pool: &UserPool) -> Graph {
    Graph::new("demo", tags.clone(), vec![Node::new::<UserPool>("users", name, pool).unwrap()]).unwrap()
}

async fn planned(cx: &Cx, graph: &Graph) -> Plan {
    let mut wanted: Vec<Wanted> = graph.nodes().iter().map(Wanted::from).collect();
    let why = Why::Own(Id::new("users"));
    wanted.push(Wanted { kind: &KINDS[0], name: Name::new("people"), why, likely: true });
    let aws = Arc::clone(&cx.aws);
    let arns = async move {
        let tagged = tagged(&aws, PIPELINE, Some("demo")).await?;
        Ok(tagged.into_iter().map(|(arn, _)| arn).collect())
    };
    plan(graph, &live::read(cx, KINDS, wanted, arns).await.unwrap(), KINDS, false)
}

async fn run(cx: &Cx, plan: Plan) -> Outcome {
    let (events, _reader) = mpsc::unbounded_channel();
    let (_stop, stopped) = watch::channel(false);
    apply::run(cx, &Arc::new(plan), KINDS, &events, stopped).await
}

/// Applies what there must be to do, proves that then nothing is, and gives what it did.
async fn applied(cx: &Cx, graph: &Graph, title: &str) -> (Action, Vec<String>) {
    let plan = planned(cx, graph).await;
    assert!(plan.refusals.is_empty(), "{title}: {:?}", plan.refusals);
    let [change] = &plan.changes[..] else { panic!("{title}: {:?}", plan.changes) };
    let done = (change.action, change.fields.iter().map(|field| field.path.clone()).collect());
    let outcome = run(cx, plan).await;
    assert!(outcome.failed.is_empty(), "{title}: {outcome:?}");
    let left = planned(cx, graph).await;
    assert!(left.is_empty() && left.refusals.is_empty(), "{title}: {:?}", left.changes);
    done
}

type Edit = (&'static str, fn(&mut UserPool));

const EDITS: &[Edit] = &[
    ("self_sign_up", |pool| pool.self_sign_up = true),
    ("verifies", |pool| pool.verifies = BTreeSet::new()),
    ("password.min_length", |pool| pool.password.min_length = 8),
    ("password.lowercase", |pool| pool.password.lowercase = false),
    ("password.uppercase", |pool| pool.password.uppercase = false),
    ("password.numbers", |pool| pool.password.numbers = false),
    ("password.symbols", |pool| pool.password.symbols = false),
    ("password.temporary_days", |pool| pool.password.temporary_days = 1),
    ("groups.Gold", |pool| pool.groups = groups(&["FreeTier", "Basic", "Gold"])),
    ("groups.Basic", |pool| pool.groups = groups(&["FreeTier", "Gold"])),
    ("client.flows", |pool| {
        pool.client.as_mut().unwrap().flows = texts(&["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_PASSWORD_AUTH"]);
    }),
    ("client.access_token_seconds", |pool| pool.client.as_mut().unwrap().access_token_seconds = 300),
    ("client.id_token_seconds", |pool| pool.client.as_mut().unwrap().id_token_seconds = 600),
    ("client.refresh_token_seconds", |pool| pool.client.as_mut().unwrap().refresh_token_seconds = 3600),
    ("client.hides_users", |pool| pool.client.as_mut().unwrap().hides_users = false),
    ("client.revokes_tokens", |pool| pool.client.as_mut().unwrap().revokes_tokens = false),
    ("client", |pool| pool.client = None),
    ("client", |pool| pool.client = self::pool().client),
    ("deletion_protection", |pool| pool.deletion_protection = false),
];

async fn from_its_making_to_its_end(cx: &Cx) {
    let (mut now, none) = (pool(), Tags::new());
    assert_eq!(applied(cx, &graph("people", &none, &now), "made").await.0, Action::Create);
    let refused = planned(cx, &Graph::empty("demo")).await.refusals;
    assert!(refused[0].message().contains("is protected by `deletion_protection`"), "{refused:?}");
    let other = UserPool { case_sensitive: true, ..now.clone() };
    let refused = planned(cx, &graph("people", &none, &other)).await.refusals;
    assert!(refused[0].message().contains("is protected by `deletion_protection`"), "{refused:?}");
    for (path, edit) in EDITS {
        edit(&mut now);
        let (action, paths) = applied(cx, &graph("people", &none, &now), path).await;
        assert_eq!(action, Action::Update, "{path}");
        assert!(paths.iter().all(|changed| changed == path || changed.starts_with("tags.")), "{path}: {paths:?}");
    }
    let tags = Tags::from([("team".to_owned(), "events".to_owned())]);
    applied(cx, &graph("people", &tags, &now), "a tag").await;
    applied(cx, &graph("people", &none, &now), "no tag").await;
    let (action, paths) = applied(cx, &graph("folk", &none, &now), "renamed").await;
    assert_eq!((action, paths), (Action::Update, vec!["name".to_owned()]), "the users stay");
    assert_eq!(applied(cx, &graph("people", &none, &now), "under its old name").await.0, Action::Update);
    assert_eq!(applied(cx, &Graph::empty("demo"), "gone").await.0, Action::Delete);
}

fn on(kind: Kind) {
    let endpoint = Endpoint::start(Emulator::shared(kind));
    let account = endpoint.account_of("200000000191");
    let cx = Cx::new(Arc::new(Cloud::of(&account).aws), "demo");
    Cloud::of(&account).run(from_its_making_to_its_end(&cx));
}

#[test]
fn each_property_is_changed_in_place_on_ministack() {
    on(Kind::MiniStack);
}

#[test]
fn each_property_is_changed_in_place_on_moto() {
    on(Kind::Moto);
}

/// Pool, client, two groups: each of these writes is refused once, as if the run had ended there, and has its answer lost once.
#[test]
fn stopped_at_any_write_it_is_neither_doubled_nor_half_made() {
    const WRITES: usize = 4;
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    for (at, lost) in (1..=WRITES).flat_map(|at| [(at, false), (at, true)]) {
        let account = endpoint.account_of(&format!("2000000010{at}{}", u8::from(lost)));
        let cx = Cx::new(Arc::new(Cloud::of(&account).aws), "demo");
        let rule = Rule::writes().nth(at);
        let rule = account.set(match lost {
            true => rule.fail_after(500, "InternalErrorException", "the answer is lost"),
            false => rule.fail(400, "InvalidParameterException", "the run ends here"),
        });
        Cloud::of(&account).run(async {
            let graph = graph("people", &Tags::new(), &pool());
            let outcome = run(&cx, planned(&cx, &graph).await).await;
            assert_eq!((outcome.failed.is_empty(), account.fired(rule)), (lost, 1), "{at}: {outcome:?}");
            if !lost {
                applied(&cx, &graph, "again").await;
            }
            assert!(planned(&cx, &graph).await.is_empty(), "{at}");
            let [live] = UserPool::read(&cx, &Name::new("people")).await.unwrap().try_into().unwrap();
            assert_eq!(live.props, pool(), "{at}: no client is spare");
        });
    }
}
