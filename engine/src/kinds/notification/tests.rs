use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::json;

use super::*;
use crate::aws::mocked;
use crate::resource::How;

const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:demo-consumer";
const THEIRS: &str = "arn:aws:lambda:eu-central-1:111122223333:function:theirs";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:demo-queue";

fn name() -> Name {
    Name::new("uploads")
}

fn desired() -> Notification {
    let events = vec!["s3:ObjectCreated:*".to_owned()];
    Notification { target: FUNCTION.to_owned(), events, prefix: "in/".to_owned(), ..Notification::default() }
}

fn entry(id: &str, target: &str, prefix: &str) -> Entry {
    let events = vec!["s3:ObjectCreated:*".to_owned()];
    Entry { id: id.to_owned(), target: target.to_owned(), events, prefix: prefix.to_owned(), suffix: String::new() }
}

/// A document with these entries and what else others may have there.
fn document(entries: &[Entry]) -> String {
    let all = entries.iter().map(Entry::element);
    let rest = [crate::aws::xml::Element::new("EventBridgeConfiguration")];
    crate::aws::xml::Element::new("NotificationConfiguration").and(all).and(rest).document("urn:x")
}

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}

/// A bucket as S3 keeps it: what it holds, and what was written, with the header that leaves out the checks.
#[derive(Clone, Default)]
struct Uploads(Arc<Mutex<(String, Vec<bool>)>>);

impl Uploads {
    fn with(entries: &[Entry]) -> Self {
        Self(Arc::new(Mutex::new((document(entries), Vec::new()))))
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        assert!(request.uri().ends_with("/uploads?notification"), "{}", request.uri());
        assert_eq!(request.headers().get("x-amz-expected-bucket-owner"), Some("111122223333"));
        let mut held = self.0.lock().unwrap();
        if request.method() == "PUT" {
            held.0 = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
            held.1.push(request.headers().get("x-amz-skip-destination-validation").is_some());
            return answer(200, "");
        }
        answer(200, &held.0)
    }

    fn cx(&self) -> Cx {
        let this = self.clone();
        mocked::cx_http(move |request| this.answer(request))
    }

    fn writes(&self) -> Vec<bool> {
        self.0.lock().unwrap().1.clone()
    }

    fn ids(&self) -> BTreeSet<String> {
        let root = crate::aws::xml::Element::read(&self.0.lock().unwrap().0).unwrap();
        assert!(root.all("EventBridgeConfiguration").next().is_some(), "the switch stays");
        root.children.iter().filter_map(Entry::read).map(|entry| entry.id).collect()
    }
}

fn ids(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn it_is_made_beside_others_and_reads_back_without_a_difference() {
    let uploads = Uploads::with(&[entry("theirs", THEIRS, "out/"), entry("pipe-demo-b-notification", THEIRS, "b/")]);
    let absent = Notification::read(&uploads.cx(), &name()).await.unwrap();
    assert_eq!((absent.len(), absent[0].state), (1, State::Absent));
    desired().reconcile(&uploads.cx(), &name(), absent.first()).await.unwrap();
    assert_eq!(uploads.ids(), ids(&["pipe-demo-b-notification", "pipe-demo-notification", "theirs"]));
    let lives = Notification::read(&uploads.cx(), &name()).await.unwrap();
    assert_eq!(
        (lives.len(), lives[0].state, lives[0].tags["pipe:resource"].as_str()),
        (1, State::Live, "notification")
    );
    assert_eq!(desired().keeping(&lives[0].props).unwrap(), lives[0].props, "no difference");
    desired().reconcile(&uploads.cx(), &name(), lives.first()).await.unwrap();
    assert_eq!(uploads.writes(), [false], "written once");

    Notification::delete(&uploads.cx(), &name(), &lives[0].handle).await.unwrap();
    assert_eq!(uploads.ids(), ids(&["pipe-demo-b-notification", "theirs"]));
    Notification::delete(&uploads.cx(), &name(), &lives[0].handle).await.unwrap();
    assert_eq!(uploads.writes().len(), 2, "absent is done");
}

#[tokio::test(start_paused = true)]
async fn each_property_is_written_in_place() {
    let uploads = Uploads::with(&[entry("theirs", THEIRS, "out/")]);
    desired().reconcile(&uploads.cx(), &name(), None).await.unwrap();
    let edits = [
        Notification { target: QUEUE.to_owned(), ..desired() },
        Notification { events: vec!["s3:ObjectRemoved:Delete".to_owned()], ..desired() },
        Notification { prefix: "inbox/".to_owned(), ..desired() },
        Notification { suffix: ".csv".to_owned(), ..desired() },
        Notification {
            prefix: String::new(),
            suffix: ".csv".to_owned(),
            events: vec!["s3:ObjectAcl:Put".to_owned()],
            ..desired()
        },
    ];
    for edit in edits {
        let live = Notification::read(&uploads.cx(), &name()).await.unwrap().remove(0);
        edit.reconcile(&uploads.cx(), &name(), Some(&live)).await.unwrap();
        let live = Notification::read(&uploads.cx(), &name()).await.unwrap().remove(0);
        assert_eq!(Notification { others: Vec::new(), ..live.props }, edit);
        assert_eq!(uploads.ids(), ids(&["pipe-demo-notification", "theirs"]));
    }
}

#[tokio::test]
async fn one_that_overlaps_with_anothers_is_refused_before_anything_is_written() {
    let uploads = Uploads::with(&[entry("theirs", THEIRS, "in/a/")]);
    let absent = Notification::read(&uploads.cx(), &name()).await.unwrap();
    let of = Changed::Edit { desired: &desired(), live: &absent[0].props, how: &How::default() };
    let refusal = Notification::advice(&of).refuses.unwrap();
    let told = "overlaps with another notification of the bucket: `theirs` tells `arn:aws:lambda:eu-central-1:111122223333:function:theirs` of \
                s3:ObjectCreated:* of keys that begin with `in/a/`";
    assert_eq!(refusal.why, told);
    let error = desired().reconcile(&uploads.cx(), &name(), absent.first()).await.unwrap_err();
    assert!(error.message().contains(told) && uploads.writes().is_empty(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_does_not_let_s3_in_yet_is_waited_for() {
    let uploads = Uploads::with(&[]);
    let (this, mut left) = (uploads.clone(), 3);
    let cx = mocked::cx_http(move |request| {
        if request.method() == "PUT" && left > 0 {
            left -= 1;
            return answer(400, &refusal(&[FUNCTION]));
        }
        this.answer(request)
    });
    desired().reconcile(&cx, &name(), None).await.unwrap();
    assert_eq!((uploads.ids(), uploads.writes()), (ids(&["pipe-demo-notification"]), vec![false]));

    let cx = mocked::cx_http(move |request| match request.method() {
        "PUT" => answer(400, &refusal(&[FUNCTION])),
        _ => answer(200, &document(&[])),
    });
    let error = desired().reconcile(&cx, &name(), None).await.unwrap_err();
    assert!(error.message().contains("Not authorized to invoke function"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn targets_of_others_that_are_out_of_order_stay_and_are_not_checked() {
    let uploads = Uploads::with(&[entry("theirs", THEIRS, "out/")]);
    let this = uploads.clone();
    let cx = mocked::cx_http(move |request| {
        let checked = request.headers().get("x-amz-skip-destination-validation").is_none();
        if request.method() == "PUT" && checked { answer(400, &refusal(&[THEIRS])) } else { this.answer(request) }
    });
    desired().reconcile(&cx, &name(), None).await.unwrap();
    assert_eq!((uploads.ids(), uploads.writes()), (ids(&["pipe-demo-notification", "theirs"]), vec![true]));
}

/// A change that S3 refuses because of another one under way is put on what that one left.
#[tokio::test(start_paused = true)]
async fn what_came_while_s3_was_busy_stays() {
    let uploads = Uploads::with(&[]);
    let (this, mut busy) = (uploads.clone(), true);
    let cx = mocked::cx_http(move |request| {
        if request.method() == "PUT" && std::mem::take(&mut busy) {
            this.0.lock().unwrap().0 = document(&[entry("theirs", THEIRS, "out/")]);
            return answer(
                409,
                "<Error><Code>OperationAborted</Code><Message>A conflicting operation</Message></Error>",
            );
        }
        this.answer(request)
    });
    desired().reconcile(&cx, &name(), None).await.unwrap();
    assert_eq!((uploads.ids(), uploads.writes()), (ids(&["pipe-demo-notification", "theirs"]), vec![false]));
}

/// Nobody else can have written to a bucket that the run has just made: it takes no second look, and no pause before it.
#[tokio::test(start_paused = true)]
async fn a_bucket_of_this_run_is_not_looked_at_again() {
    let uploads = Uploads::with(&[]);
    for (made, seconds) in [(false, 3), (true, 0)] {
        let (cx, began) = (uploads.cx(), tokio::time::Instant::now());
        if made {
            cx.made("s3:Bucket", "uploads");
        }
        let desired = Notification { prefix: format!("{made}/"), ..desired() };
        desired.reconcile(&cx, &name(), None).await.unwrap();
        assert_eq!(began.elapsed().as_secs(), seconds);
    }
}

fn refusal(targets: &[&str]) -> String {
    let culprits = targets.iter().enumerate().map(|(at, target)| {
        let number = at + 1;
        format!(
            "<ArgumentName{number}>{target}, null</ArgumentName{number}><ArgumentValue{number}>Not authorized to invoke function \
             [{target}]</ArgumentValue{number}>"
        )
    });
    let culprits: String = culprits.collect();
    format!(
        "<Error><Code>InvalidArgument</Code><Message>Unable to validate the following destination configurations</Message>{culprits}</Error>"
    )
}

#[tokio::test]
async fn without_a_bucket_there_is_none() {
    let body = "<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message></Error>";
    let cx = || mocked::cx_http(move |_| answer(404, body));
    assert!(Notification::read(&cx(), &name()).await.unwrap().is_empty());
    Notification::delete(&cx(), &name(), &Handle::within(&name(), "pipe-demo-notification")).await.unwrap();
    desired().reconcile(&cx(), &name(), None).await.unwrap_err();
}

#[tokio::test]
async fn what_lets_s3_in_leads_to_the_bucket() {
    let cx = Uploads::default().cx();
    let leads = async |kind: &str, props: Value| Notification::leads(&cx, kind, &name(), &props).await.unwrap();
    assert_eq!(leads("lambda:Permission", json!({ "source_arn": "arn:aws:s3:::uploads" })).await, [name()]);
    let statement = json!({ "Sid": "pipe-demo-notification", "Condition": { "ArnLike": { "aws:SourceArn": ["arn:aws:s3:::uploads"] } } });
    assert_eq!(leads("sqs:Queue", json!({ "policy": { "Statement": [statement] } })).await, [name()]);
    assert!(leads("iam:Role", json!({ "policies": ["arn:aws:s3:::uploads"] })).await.is_empty());
}

/// Several pipelines and a stranger's entry: whatever the order of their calls, all entries are there at the end. Each call takes less than
/// a second, which is what the second look relies on.
#[test]
fn writers_that_race_lose_nothing() {
    use proptest::test_runner::{Config, TestRunner};
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let ways = proptest::collection::vec(proptest::collection::vec(0_u64..1_000, 1..40), 2..4);
    let held = runner.run(&ways, |ways| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let left = runtime.block_on(race(&ways));
        let mut wanted: BTreeSet<String> =
            (0..ways.len()).map(|of| format!("pipe-{}-notification", pipeline(of))).collect();
        wanted.insert("theirs".to_owned());
        proptest::prop_assert_eq!(left, wanted);
        Ok(())
    });
    held.unwrap();
}

/// `a`, `b` and so on.
fn pipeline(of: usize) -> String {
    ["a", "b", "c", "d"][of].to_owned()
}

async fn race(ways: &[Vec<u64>]) -> BTreeSet<String> {
    let uploads = Uploads::with(&[entry("theirs", THEIRS, "out/")]);
    let writers = ways.iter().enumerate().map(|(of, ways)| {
        let (this, ways, at) = (uploads.clone(), ways.clone(), std::sync::atomic::AtomicUsize::new(0));
        let way = move || {
            let next = at.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Duration::from_millis(ways[next % ways.len()])
        };
        let mut cx = mocked::cx_http_after(way, move |request| this.answer(request));
        cx.pipeline = pipeline(of);
        async move {
            let desired = Notification { prefix: format!("{}/", pipeline(of)), ..desired() };
            desired.reconcile(&cx, &name(), None).await.unwrap();
        }
    });
    futures_util::future::join_all(writers).await;
    uploads.ids()
}
