use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;

use super::*;
use crate::aws::mocked;
use crate::resource::Id;

type Calls = Arc<Mutex<Vec<(String, String)>>>;

fn name() -> Name {
    Name::new("demo.uploads")
}

fn tags() -> Tags {
    let own = [("pipe:pipeline", "demo"), ("pipe:resource", "bucket"), ("team", "a & b")];
    own.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn desired() -> Bucket {
    Bucket { policy: tls_only(&mocked::place(), &name()), event_bridge: false }
}

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}

fn refusal(status: u16, code: &str) -> HttpResponse {
    answer(status, &format!("<Error><Code>{code}</Code><Message>no</Message></Error>"))
}

/// A context whose S3 answers so; the calls are kept as `PUT /bucket?part` with their bodies.
fn cx(mut answers: impl FnMut(&str, &str) -> HttpResponse + Send + 'static) -> (Cx, Calls) {
    let calls = Calls::default();
    let kept = calls.clone();
    let cx = mocked::cx_http(move |request: &HttpRequest| {
        let path = request.uri().split_once("amazonaws.com").unwrap().1;
        let call = format!("{} {path}", request.method());
        let body = String::from_utf8(request.body().bytes().unwrap_or_default().to_vec()).unwrap();
        let checked = request.headers().get("x-amz-checksum-sha256").is_some();
        assert_eq!(
            checked,
            ["?policy", "?tagging"].iter().any(|part| call.starts_with("PUT") && path.ends_with(*part))
        );
        kept.lock().unwrap().push((call.clone(), body.clone()));
        answers(&call, &body)
    });
    (cx.for_resource(&Id::new("bucket"), tags()), calls)
}

fn writes(calls: &Calls) -> Vec<(String, String)> {
    calls.lock().unwrap().iter().filter(|(call, _)| !call.starts_with("GET")).cloned().collect()
}

fn tagging(tags: &Tags) -> String {
    Element::new("Tagging").and([tag_elements("TagSet", tags)]).document("urn:x")
}

fn shown(call: &str) -> HttpResponse {
    match call.split('?').next_back() {
        Some("tagging") => answer(200, &tagging(&tags())),
        Some("policy") => answer(200, &desired().policy.text()),
        _ => answer(200, "<NotificationConfiguration xmlns=\"urn:x\"></NotificationConfiguration>"),
    }
}

#[tokio::test]
async fn a_new_one_has_tags_region_and_policy_and_reads_back_as_it_was_written() {
    let (cx, calls) = cx(|call, _| match call.starts_with("GET") {
        true => shown(call),
        false => answer(200, ""),
    });
    let made = desired().reconcile(&cx, &name(), None).await.unwrap();
    assert_eq!(made.outputs["arn"], "arn:aws:s3:::demo.uploads");
    let writes = writes(&calls);
    assert_eq!(
        writes.iter().map(|(call, _)| call.as_str()).collect::<Vec<_>>(),
        ["PUT /demo.uploads", "PUT /demo.uploads?policy"]
    );
    let created = Element::read(&writes[0].1).unwrap();
    assert_eq!(created.text_of("LocationConstraint"), "eu-central-1");
    assert_eq!(created.all("Tags").next().unwrap().all("Tag").count(), 3);
    assert_eq!(Policy::parse(&writes[1].1).unwrap(), desired().policy);

    let lives = Bucket::read(&cx, &name()).await.unwrap();
    assert_eq!((lives[0].props.clone(), lives[0].tags.clone()), (desired(), tags()));
    desired().reconcile(&cx, &name(), lives.first()).await.unwrap();
    assert_eq!(
        calls.lock().unwrap().iter().filter(|(call, _)| !call.starts_with("GET")).count(),
        2,
        "nothing more is written"
    );
}

/// A run that was killed after the creation, in a region whose S3 had dropped the tags of it.
#[tokio::test]
async fn what_a_killed_run_has_left_out_is_written_by_the_next() {
    let (cx, calls) = cx(|call, _| match call {
        "GET /demo.uploads?tagging" => refusal(404, "NoSuchTagSet"),
        "GET /demo.uploads?policy" => refusal(404, "NoSuchBucketPolicy"),
        call if call.starts_with("GET") => shown(call),
        _ => answer(200, ""),
    });
    let lives = Bucket::read(&cx, &name()).await.unwrap();
    assert_eq!((lives[0].props.policy.statements().len(), lives[0].tags.len()), (0, 0));
    desired().reconcile(&cx, &name(), lives.first()).await.unwrap();
    let writes: Vec<String> = writes(&calls).into_iter().map(|(call, _)| call).collect();
    assert_eq!(writes, ["PUT /demo.uploads?tagging", "PUT /demo.uploads?policy"]);
}

#[tokio::test]
async fn tags_of_others_and_of_aws_are_written_as_they_are() {
    let mut live = tags();
    live.insert("aws:cloudformation:stack-name".to_owned(), "s".to_owned());
    live.insert("backup".to_owned(), "gold".to_owned());
    live.insert("pipe:follows".to_owned(), "x".to_owned());
    live.remove("team");
    let held = tagging(&live);
    let (cx, calls) = cx(move |call, _| match call {
        "GET /demo.uploads?tagging" => answer(200, &held),
        call if call.starts_with("GET") => shown(call),
        _ => answer(200, ""),
    });
    let lives = Bucket::read(&cx, &name()).await.unwrap();
    desired().reconcile(&cx, &name(), lives.first()).await.unwrap();
    let [(call, body)] = &writes(&calls)[..] else { panic!() };
    assert_eq!(call, "PUT /demo.uploads?tagging");
    let root = Element::read(body).unwrap();
    let keys: Vec<_> = root.all("TagSet").flat_map(|set| set.all("Tag")).map(|tag| tag.text_of("Key")).collect();
    assert_eq!(keys, ["aws:cloudformation:stack-name", "backup", "pipe:pipeline", "pipe:resource", "team"]);
}

#[tokio::test(start_paused = true)]
async fn each_property_is_written_in_place() {
    let held = Arc::new(Mutex::new(
        "<NotificationConfiguration><QueueConfiguration><Id>i</Id></QueueConfiguration></NotificationConfiguration>"
            .to_owned(),
    ));
    let kept = held.clone();
    let (cx, calls) = cx(move |call, body| match call {
        "GET /demo.uploads?notification" => answer(200, &kept.lock().unwrap()),
        "PUT /demo.uploads?notification" => {
            body.clone_into(&mut kept.lock().unwrap());
            answer(200, "")
        }
        call if call.starts_with("GET") => shown(call),
        _ => answer(if call.starts_with("DELETE") { 204 } else { 200 }, ""),
    });
    for on in [true, false] {
        let lives = Bucket::read(&cx, &name()).await.unwrap();
        Bucket { event_bridge: on, ..desired() }.reconcile(&cx, &name(), lives.first()).await.unwrap();
        let text = held.lock().unwrap().clone();
        assert_eq!((text.contains("EventBridgeConfiguration"), text.contains("<Id>i</Id>")), (on, true), "{text}");
        let lives = Bucket::read(&cx, &name()).await.unwrap();
        let named = lives[0].outputs.get(EVENT_BRIDGE).map(String::as_str);
        assert_eq!((lives[0].props.event_bridge, named), (on, on.then_some("demo.uploads")));
    }
    let lives = Bucket::read(&cx, &name()).await.unwrap();
    let none = Bucket { policy: Policy::new(Vec::new()), event_bridge: false };
    none.reconcile(&cx, &name(), lives.first()).await.unwrap();
    assert_eq!(writes(&calls).last().unwrap().0, "DELETE /demo.uploads?policy");
}

#[tokio::test]
async fn a_bucket_of_somebody_else_or_elsewhere_is_explained() {
    let (denied, _) = cx(|_, _| refusal(403, "AccessDenied"));
    let error = Bucket::read(&denied, &name()).await.unwrap_err();
    assert!(error.hint_text().unwrap().contains("may be another account's"), "{error:?}");
    for (listed, is_read) in [("demo.uploads", false), ("demo.uploads-2", true)] {
        let list = format!("<L><Owner/><Buckets><Bucket><Name>{listed}</Name></Bucket></Buckets></L>");
        let (cx, _) = cx(move |call, _| match call {
            "GET /?prefix=demo.uploads" => answer(200, &list),
            _ => refusal(403, "AccessDenied"),
        });
        assert_eq!(Bucket::read(&cx, &name()).await.is_ok_and(|lives| lives.is_empty()), is_read, "{listed}");
    }
    let (elsewhere, _) = cx(|_, _| refusal(301, "PermanentRedirect"));
    let error = Bucket::read(&elsewhere, &name()).await.unwrap_err();
    assert!(error.hint_text().unwrap().contains("is not in eu-central-1"), "{error:?}");
    let (taken, _) = cx(|_, _| refusal(409, "BucketAlreadyExists"));
    let error = desired().reconcile(&taken, &name(), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Fatal);
    assert!(error.hint_text().unwrap().contains("choose another name"), "{error:?}");
    let (ours, _) = cx(|_, _| refusal(409, "BucketAlreadyOwnedByYou"));
    let error = desired().reconcile(&ours, &name(), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Unclear, "looked at again");
}

#[tokio::test]
async fn absent_is_deleted_and_objects_are_never() {
    let handle = Handle::new("demo.uploads");
    let (gone, _) = cx(|_, _| refusal(404, "NoSuchBucket"));
    Bucket::delete(&gone, &name(), &handle).await.unwrap();
    assert!(Bucket::read(&gone, &name()).await.unwrap().is_empty());
    let (full, calls) = cx(|_, _| refusal(409, "BucketNotEmpty"));
    let error = Bucket::delete(&full, &name(), &handle).await.unwrap_err();
    assert!(error.hint_text().unwrap().contains("empty the bucket"), "{error:?}");
    assert_eq!(writes(&calls), [("DELETE /demo.uploads".to_owned(), String::new())]);
}

#[test]
fn names_are_read_from_the_arns_of_buckets_alone() {
    assert_eq!(Bucket::name_of("arn:aws-cn:s3:::b.c"), Some(Name::new("b.c")));
    for arn in ["arn:aws:s3:::b/*", "arn:aws:s3:::*", "arn:aws:sqs:r:1:q", "x:s3:::b"] {
        assert_eq!(Bucket::name_of(arn), None, "{arn}");
    }
}

/// A rule waits for the switch, which names the bucket.
#[test]
fn the_switch_moves_its_output() {
    let on = Bucket { event_bridge: true, ..desired() };
    let off = Bucket { event_bridge: false, ..desired() };
    assert_eq!((on.moves(&off), on.moves(&on)), (vec![EVENT_BRIDGE], Vec::new()));
}
