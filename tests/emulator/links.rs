//! Buckets, and what leads from a bucket, a log group and IoT into a pipeline: each from its making to its end, beside what others have in
//! the same place. MiniStack takes notifications that overlap, and any number of filters; unit tests show what AWS says.

use std::fmt::Debug;
use std::sync::Arc;

use pipe::apply::{self, Outcome};
use pipe::aws::s3::Call;
use pipe::aws::xml::Element;
use pipe::aws::{Cx, tagged};
use pipe::evidence::{Wanted, Why};
use pipe::graph::{Graph, Node};
use pipe::kinds::bucket::{self, Bucket};
use pipe::kinds::iot_rule::{Action as Act, IotRule, SQL_VERSION};
use pipe::kinds::log_filter::LogFilter;
use pipe::kinds::notification::{Entry, Notification};
use pipe::live;
use pipe::owner::PIPELINE;
use pipe::plan::{Action, Plan, plan};
use pipe::resource::{Id, Kind as Resources, Name, Resource, Tags};
use pipe_test_support::{Emulator, Endpoint, Kind};
use tokio::sync::{mpsc, watch};

use crate::cloud::Cloud;

static KINDS: &[Resources] = &[
    Resources::of::<Bucket>(),
    Resources::of::<LogFilter>(),
    Resources::of::<Notification>(),
    Resources::of::<IotRule>(),
];

/// Of the account that has the notification: MiniStack takes no others there.
const FUNCTION: &str = "arn:aws:lambda:eu-central-1:200000000193:function:demo-consumer";

/// The path that changes, and how.
type Edit<R> = (&'static str, fn(&mut R));

/// One resource on its way.
struct Chain<'a> {
    cx: &'a Cx,
    id: &'static str,
    name: &'a str,
    tags: Tags,
}

impl Chain<'_> {
    fn graph<R: Resource>(&self, props: &R) -> Graph {
        Graph::new("demo", self.tags.clone(), vec![Node::new::<R>(self.id, self.name, props).unwrap()]).unwrap()
    }

    async fn planned<R: Resource>(&self, graph: &Graph) -> Plan {
        let mut wanted: Vec<Wanted> = graph.nodes().iter().map(Wanted::from).collect();
        let kind = KINDS.iter().find(|kind| kind.name == R::KIND).unwrap();
        wanted.push(Wanted { kind, name: Name::new(self.name), why: Why::Own(Id::new(self.id)), likely: true });
        let aws = Arc::clone(&self.cx.aws);
        let arns = async move {
            let tagged = tagged(&aws, PIPELINE, Some("demo")).await?;
            Ok(tagged.into_iter().map(|(arn, _)| arn).collect())
        };
        plan(graph, &live::read(self.cx, KINDS, wanted, arns).await.unwrap(), KINDS, false)
    }

    /// Applies what there must be to do, proves that then nothing is, and gives what it did.
    async fn applied<R: Resource>(&self, graph: &Graph, title: &str) -> (Action, Vec<String>) {
        let plan = self.planned::<R>(graph).await;
        assert!(plan.refusals.is_empty(), "{title}: {:?}", plan.refusals);
        let [change] = &plan.changes[..] else { panic!("{title}: {:?}", plan.changes) };
        let done = (change.action, change.fields.iter().map(|field| field.path.clone()).collect());
        let outcome = run(self.cx, plan).await;
        assert!(outcome.failed.is_empty(), "{title}: {outcome:?}");
        let left = self.planned::<R>(graph).await;
        assert!(left.is_empty() && left.refusals.is_empty(), "{title}: {:?}", left.changes);
        done
    }

    /// Makes it, changes it one by one, and ends it.
    async fn run<R: Resource + Clone + Debug>(&self, made: R, edits: &[Edit<R>]) {
        let mut now = made;
        assert_eq!(self.applied::<R>(&self.graph(&now), "made").await.0, Action::Create, "{}", R::KIND);
        for (path, edit) in edits {
            edit(&mut now);
            let (action, paths) = self.applied::<R>(&self.graph(&now), path).await;
            assert_eq!(action, Action::Update, "{path}");
            let fits = |changed: &String| changed.starts_with(path) || changed.starts_with("tags.");
            assert!(paths.iter().all(fits), "{path}: {paths:?}");
        }
        assert_eq!(self.applied::<R>(&Graph::empty("demo"), "gone").await.0, Action::Delete);
    }
}

async fn run(cx: &Cx, plan: Plan) -> Outcome {
    let (events, _reader) = mpsc::unbounded_channel();
    let (_stop, stopped) = watch::channel(false);
    apply::run(cx, &Arc::new(plan), KINDS, &events, stopped).await
}

fn with_cloud<F: Future<Output = ()>>(account: &str, test: impl FnOnce(Cx) -> F) {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    let account = endpoint.account_of(account);
    let cloud = Cloud::of(&account);
    let cx = Cx::new(Arc::new(Cloud::of(&account).aws), "demo");
    cloud.run(test(cx));
}

fn chain<'a>(cx: &'a Cx, id: &'static str, name: &'a str) -> Chain<'a> {
    Chain { cx, id, name, tags: Tags::new() }
}

#[test]
fn a_bucket() {
    with_cloud("200000000192", async |cx| {
        // With dots: the name is in the path, and the signature must be of that path.
        let (name, team) = ("demo.uploads-192", Tags::from([("team".to_owned(), "a & b".to_owned())]));
        let chain = Chain { tags: team, ..chain(&cx, "bucket", name) };
        let made = Bucket { policy: bucket::tls_only(&cx.aws.place, &Name::new(name)), event_bridge: false };
        let edits: &[Edit<Bucket>] = &[
            ("event_bridge", |bucket| bucket.event_bridge = true),
            ("event_bridge", |bucket| bucket.event_bridge = false),
            ("policy", |bucket| bucket.policy = pipe::aws::policy::Policy::new(Vec::new())),
        ];
        chain.run(made, edits).await;
    });
}

async fn bucket_of_others(cx: &Cx, name: &str) {
    let region = Element::new("CreateBucketConfiguration").with("LocationConstraint", "eu-central-1");
    Call::new("CreateBucket", "PUT", name, "").document(&region).make(&cx.aws).await.unwrap();
    let entry = Entry {
        id: "theirs".to_owned(),
        target: FUNCTION.replace("demo-consumer", "theirs"),
        events: vec!["s3:ObjectCreated:*".to_owned()],
        prefix: "out/".to_owned(),
        suffix: String::new(),
    };
    let all = [entry.element(), Element::new("EventBridgeConfiguration")];
    let document = Element::new("NotificationConfiguration").and(all);
    let put = Call::new("PutBucketNotification", "PUT", name, "notification").document(&document);
    put.make(&cx.aws).await.unwrap();
}

#[test]
fn a_notification() {
    with_cloud("200000000193", async |cx| {
        let name = "uploads-193";
        bucket_of_others(&cx, name).await;
        let chain = chain(&cx, "notification", name);
        let made = Notification {
            target: FUNCTION.to_owned(),
            events: vec!["s3:ObjectCreated:*".to_owned()],
            prefix: "in/".to_owned(),
            ..Notification::default()
        };
        let over = Notification { prefix: "out/a/".to_owned(), ..made.clone() };
        let refused = chain.planned::<Notification>(&chain.graph(&over)).await.refusals;
        assert!(refused[0].message().contains("`theirs`"), "{refused:?}");
        let edits: &[Edit<Notification>] = &[
            ("target", |one| one.target = FUNCTION.replace("consumer", "other")),
            ("events", |one| one.events = vec!["s3:ObjectCreated:Put".to_owned(), "s3:ObjectRemoved:*".to_owned()]),
            ("prefix", |one| one.prefix = "inbox/ä &".to_owned()),
            ("suffix", |one| one.suffix = ".csv".to_owned()),
            ("suffix", |one| one.suffix = String::new()),
        ];
        chain.run(made, edits).await;
        let left = Call::new("GetBucketNotification", "GET", name, "notification").make(&cx.aws).await.unwrap();
        let left = String::from_utf8(left.to_vec()).unwrap();
        assert!(left.contains("<Id>theirs</Id>") && left.contains("EventBridgeConfiguration"), "{left}");
    });
}

#[test]
fn a_filter_of_a_log_group() {
    with_cloud("200000000194", async |cx| {
        let group = "/shop/orders";
        cx.aws.logs.create_log_group().log_group_name(group).send().await.unwrap();
        let theirs = cx.aws.logs.put_subscription_filter().log_group_name(group).filter_name("theirs");
        theirs.filter_pattern("").destination_arn(FUNCTION).send().await.unwrap();
        let chain = chain(&cx, "filter", group);
        let made = LogFilter { destination: FUNCTION.to_owned(), ..LogFilter::default() };
        let edits: &[Edit<LogFilter>] = &[
            ("pattern", |filter| filter.pattern = "?ERROR ?WARN".to_owned()),
            ("destination", |filter| filter.destination = FUNCTION.replace("consumer", "other")),
        ];
        chain.run(made, edits).await;
        let more = cx.aws.logs.put_subscription_filter().log_group_name(group).filter_name("more");
        more.filter_pattern("").destination_arn(FUNCTION).send().await.unwrap();
        let third = LogFilter { destination: FUNCTION.to_owned(), ..LogFilter::default() };
        let refused = chain.planned::<LogFilter>(&chain.graph(&third)).await.refusals;
        assert!(refused[0].message().contains("already: `more`, `theirs`"), "{refused:?}");
    });
}

#[test]
fn an_iot_rule() {
    with_cloud("200000000195", async |cx| {
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"iot.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
        cx.aws.iam.create_role().role_name("demo-iot").assume_role_policy_document(trust).send().await.unwrap();
        let chain =
            Chain { tags: Tags::from([("team".to_owned(), "a & b".to_owned())]), ..chain(&cx, "rule", "demo_rule") };
        let made = IotRule {
            sql: "SELECT *, topic() AS topic FROM 'sensors/+'".to_owned(),
            sql_version: SQL_VERSION.to_owned(),
            enabled: true,
            action: Act::Lambda { function: FUNCTION.to_owned() },
            error_action: None,
        };
        let edits: &[Edit<IotRule>] = &[
            ("sql", |rule| rule.sql = "SELECT * FROM 'sensors/+' WHERE temperature > 40".to_owned()),
            ("enabled", |rule| rule.enabled = false),
            ("action", |rule| rule.action = to_stream()),
            ("action", |rule| rule.action = to_queue("demo-queue")),
            ("error_action", |rule| rule.error_action = Some(to_queue("demo-dlq"))),
            ("error_action", |rule| rule.error_action = None),
            ("action", |rule| rule.action = Act::Lambda { function: FUNCTION.to_owned() }),
            ("enabled", |rule| rule.enabled = true),
        ];
        chain.run(made, edits).await;
    });
}

const ROLE: &str = "arn:aws:iam::200000000195:role/demo-iot";

fn to_stream() -> Act {
    let (stream, partition_key) = ("demo-stream".to_owned(), "${topic()}".to_owned());
    Act::Kinesis { stream, role: ROLE.to_owned(), partition_key }
}

fn to_queue(name: &str) -> Act {
    let url = format!("https://sqs.eu-central-1.amazonaws.com/200000000195/{name}");
    Act::Sqs { url, role: ROLE.to_owned() }
}
