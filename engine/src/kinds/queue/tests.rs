use aws_sdk_sqs::Client;
use aws_sdk_sqs::operation::create_queue::CreateQueueOutput;
use aws_sdk_sqs::operation::delete_queue::DeleteQueueOutput;
use aws_sdk_sqs::operation::get_queue_attributes::GetQueueAttributesOutput;
use aws_sdk_sqs::operation::get_queue_url::GetQueueUrlOutput;
use aws_sdk_sqs::operation::list_queue_tags::ListQueueTagsOutput;
use aws_sdk_sqs::operation::set_queue_attributes::SetQueueAttributesOutput;
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::sync::mpsc::unbounded_channel;

use serde_json::json;

use super::means::{loses, widens};
use super::*;
use crate::aws::Said;
use crate::aws::mocked::{self, place};
use crate::resource::Id;

const URL: &str = "https://sqs.eu-central-1.amazonaws.com/111122223333/demo-dlq";

/// A context whose SQS answers by these rules; any other call panics.
fn cx(rules: &[&Rule]) -> Cx {
    let tags = Tags::from([("pipe:pipeline".to_owned(), "demo".to_owned())]);
    mocked::cx(RuleMode::MatchAny, rules).for_resource(&Id::new("dlq"), tags)
}

fn name() -> Name {
    Name::new("demo-dlq")
}

fn desired() -> Queue {
    plain(1_209_600, tls_only(&place(), &name()))
}

fn plain(retention_seconds: u32, policy: Policy) -> Queue {
    Queue {
        retention_seconds,
        encrypted: true,
        key: String::new(),
        policy,
        fifo: false,
        visibility_seconds: USUAL_VISIBILITY,
        delay_seconds: 0,
        redrive: None,
        takes_from: Vec::new(),
    }
}

fn live(cx: &Cx, props: Queue) -> Live<Queue> {
    let (handle, outputs) = (Handle::new(URL), outputs(cx, &name(), URL));
    Live { handle, props, outputs, tags: cx.tags.clone(), identity: String::new(), state: State::Live }
}

/// A refusal as SQS gives it: the code of its older protocol travels in a header.
fn refusal(kind: &str, code: &str, message: &str) -> HttpResponse {
    let mut response = mocked::refusal(&format!("com.amazonaws.sqs#{kind}"), message);
    response.headers_mut().insert("x-amzn-query-error", format!("{code};Sender"));
    response
}

fn absent() -> HttpResponse {
    refusal("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
}

/// The attributes of a queue as SQS gives them, with the policy spelled in its own way.
fn shown(seconds: &str, policy: bool) -> GetQueueAttributesOutput {
    let answer = GetQueueAttributesOutput::builder()
        .attributes(Attribute::MessageRetentionPeriod, seconds)
        .attributes(Attribute::SqsManagedSseEnabled, "true");
    let document = r#"{"Version":"2012-10-17","Statement":[{"Sid":"TlsOnly","Effect":"Deny","Principal":{"AWS":"*"},
        "Action":"sqs:*","Resource":"arn:aws:sqs:eu-central-1:111122223333:demo-dlq",
        "Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;
    if policy { answer.attributes(Attribute::Policy, document).build() } else { answer.build() }
}

#[tokio::test]
async fn a_name_that_is_still_taken_is_waited_for_and_one_read_proves_the_queue() {
    let create = mock!(Client::create_queue)
        .match_requests(|request| request.tags().is_some_and(|tags| tags["pipe:pipeline"] == "demo"))
        .sequence()
        .http_response(|| {
            refusal(
                "QueueDeletedRecently",
                "AWS.SimpleQueueService.QueueDeletedRecently",
                "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
            )
        })
        .output(|| CreateQueueOutput::builder().queue_url(URL).build())
        .build();
    let shown = mock!(Client::get_queue_attributes).then_output(|| shown("1209600", true));
    let (send, mut notes) = unbounded_channel();
    let made = desired().reconcile(&cx(&[&create, &shown]).with_notes(send), &name(), None).await.unwrap();
    assert_eq!(made.outputs["url"], URL);
    assert_eq!(made.outputs["arn"], "arn:aws:sqs:eu-central-1:111122223333:demo-dlq");
    assert_eq!((create.num_calls(), shown.num_calls()), (2, 1));
    assert!(matches!(notes.try_recv().unwrap().said, Said::Again(error) if error.class() == Class::Busy));
    let text = "SQS to free the name `demo-dlq`: a deleted queue's name stays taken for 60 s";
    assert_eq!(notes.try_recv().unwrap().said, Said::Waiting(text.to_owned()));
    assert!(notes.try_recv().is_err(), "said once");
}

#[tokio::test]
async fn is_read_again_only_where_sqs_is_behind() {
    let set = mock!(Client::set_queue_attributes)
        .match_requests(|request| request.attributes().is_some_and(|all| !all.contains_key(&Attribute::KmsMasterKeyId)))
        .then_output(|| SetQueueAttributesOutput::builder().build());
    let shown = mock!(Client::get_queue_attributes)
        .sequence()
        .output(|| shown("60", true))
        .output(|| shown("1209600", true))
        .build();
    let cx = cx(&[&set, &shown]);
    let old = live(&cx, Queue { retention_seconds: 60, ..desired() });
    desired().reconcile(&cx, &name(), Some(&old)).await.unwrap();
    assert_eq!((set.num_calls(), shown.num_calls()), (1, 2));
}

#[tokio::test]
async fn nothing_is_called_where_nothing_differs() {
    let cx = cx(&[]);
    let made = desired().reconcile(&cx, &name(), Some(&live(&cx, desired()))).await.unwrap();
    assert_eq!(made.outputs["url"], URL);
}

#[tokio::test]
async fn a_kms_key_goes_in_the_call_that_switches_to_sqs_own_keys() {
    let set = mock!(Client::set_queue_attributes)
        .match_requests(|request| {
            let text = |attribute| request.attributes().and_then(|all| all.get(&attribute)).map(String::as_str);
            text(Attribute::KmsMasterKeyId) == Some("") && text(Attribute::SqsManagedSseEnabled) == Some("true")
        })
        .then_output(|| SetQueueAttributesOutput::builder().build());
    let shown = mock!(Client::get_queue_attributes).then_output(|| shown("1209600", true));
    let cx = cx(&[&set, &shown]);
    let old = live(&cx, Queue { encrypted: false, ..desired() });
    desired().reconcile(&cx, &name(), Some(&old)).await.unwrap();
    assert_eq!(set.num_calls(), 1);
}

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/one";

fn with_key() -> Queue {
    Queue { encrypted: false, key: KEY.into(), ..desired() }
}

#[test]
fn a_queue_has_one_kind_of_encryption_at_a_time() {
    let sent = |all: HashMap<Attribute, String>| {
        let text = |attribute| all.get(&attribute).cloned();
        (text(Attribute::KmsMasterKeyId), text(Attribute::SqsManagedSseEnabled))
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(sent(with_key().created()), (text(KEY), None));
    assert_eq!(sent(desired().created()), (None, text("true")));
    assert_eq!(sent(changed(&with_key(), &desired())), (text(KEY), text("false")));
    assert_eq!(sent(changed(&desired(), &with_key())), (text(""), text("true")));
    let open = Queue { encrypted: false, ..desired() };
    assert_eq!(sent(changed(&open, &with_key())), (text(""), None));
}

#[tokio::test]
async fn a_key_is_given_back_as_it_was_set() {
    for given in [KEY, "one"] {
        let shown = move || {
            let mut all = shown("1209600", true).attributes.unwrap_or_default();
            all.insert(Attribute::SqsManagedSseEnabled, "false".to_owned());
            all.insert(Attribute::KmsMasterKeyId, given.to_owned());
            GetQueueAttributesOutput::builder().set_attributes(Some(all)).build()
        };
        let shown = mock!(Client::get_queue_attributes).then_output(shown);
        let read = describe(&cx(&[&shown]), URL).await.unwrap().unwrap();
        assert_eq!(read.queue, with_key());
    }
}

#[tokio::test]
async fn a_missing_policy_reads_as_one_without_statements() {
    let url = mock!(Client::get_queue_url).then_output(|| GetQueueUrlOutput::builder().queue_url(URL).build());
    let shown = mock!(Client::get_queue_attributes).then_output(|| shown("345600", false));
    let tags = mock!(Client::list_queue_tags).then_output(|| ListQueueTagsOutput::builder().build());
    let read = Queue::read(&cx(&[&url, &shown, &tags]), &name()).await.unwrap();
    assert_eq!(read[0].props, plain(345_600, Policy::new(Vec::new())));
}

#[tokio::test]
async fn a_url_without_a_queue_is_absent() {
    let url = mock!(Client::get_queue_url).then_output(|| GetQueueUrlOutput::builder().queue_url(URL).build());
    let shown = mock!(Client::get_queue_attributes).then_http_response(absent);
    let tags = mock!(Client::list_queue_tags).then_http_response(absent);
    assert!(Queue::read(&cx(&[&url, &shown, &tags]), &name()).await.unwrap().is_empty());
    let delete = mock!(Client::delete_queue).then_http_response(absent);
    let gone = mock!(Client::get_queue_url).then_http_response(absent);
    Queue::delete(&cx(&[&delete, &gone]), &name(), &Handle::new(URL)).await.unwrap();
}

// Neither emulator answers for a deleted queue; SQS may, for up to 60 s.
#[tokio::test(start_paused = true)]
async fn a_deleted_queue_is_gone_when_sqs_says_so_twice() {
    let delete = mock!(Client::delete_queue).then_output(|| DeleteQueueOutput::builder().build());
    let still = || GetQueueUrlOutput::builder().queue_url(URL).build();
    let asked = mock!(Client::get_queue_url)
        .sequence()
        .output(still)
        .http_response(absent)
        .output(still)
        .http_response(absent)
        .times(2)
        .build();
    Queue::delete(&cx(&[&delete, &asked]), &name(), &Handle::new(URL)).await.unwrap();
    assert_eq!(asked.num_calls(), 5);
}

#[tokio::test]
async fn a_queue_that_somebody_made_meanwhile_must_be_looked_at() {
    let create = mock!(Client::create_queue).then_http_response(|| {
        let message = "A queue already exists with the same name and a different value for attribute DelaySeconds";
        refusal("QueueNameExists", "QueueAlreadyExists", message)
    });
    let error = desired().reconcile(&cx(&[&create]), &name(), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Unclear);
}

#[test]
fn the_url_follows_from_the_name() {
    assert_eq!(url(&place(), &name()), URL);
}

#[test]
fn only_a_shorter_retention_loses_messages() {
    let short = Queue { retention_seconds: 60, ..desired() };
    assert!(loses(&short, &desired()).is_some_and(|why| why.contains("60 s")));
    assert_eq!(loses(&desired(), &short), None);
}

#[test]
fn what_others_forbid_is_lifted_only_with_consent() {
    let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "sqs:ReceiveMessage", "Resource": "*" });
    let held = Queue { policy: Policy::new([desired().policy.statements(), &[deny]].concat()), ..desired() };
    let told = widens(&desired(), &held);
    assert!(told.len() == 1 && told[0].starts_with("`sqs:ReceiveMessage`"), "{told:?}");
    let renamed = Queue { policy: tls_only(&place(), &Name::new("other")), ..desired() };
    assert_eq!(widens(&renamed, &desired()), [""; 0]);
    assert_eq!((widens(&desired(), &desired()), widens(&held, &desired())), (Vec::new(), Vec::new()));
}

mod fed;
