//! A queue that feeds a function, and the one that takes its dead letters.

use super::*;

const DLQ: &str = "arn:aws:sqs:eu-central-1:111122223333:demo-dlq";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:demo-queue";

fn fed() -> Queue {
    Queue {
        visibility_seconds: 180,
        delay_seconds: 5,
        redrive: Some(Redrive { to: DLQ.into(), max_receives: 5 }),
        ..desired()
    }
}

/// What SQS shows of it. It gives the count of a redrive policy back as it was set.
fn as_shown(count: &str) -> GetQueueAttributesOutput {
    let redrive = format!(r#"{{"deadLetterTargetArn":"{DLQ}","maxReceiveCount":{count}}}"#);
    let mut all = shown("1209600", true).attributes.unwrap_or_default();
    all.extend([
        (Attribute::VisibilityTimeout, "180".to_owned()),
        (Attribute::DelaySeconds, "5".to_owned()),
        (Attribute::RedrivePolicy, redrive),
    ]);
    GetQueueAttributesOutput::builder().set_attributes(Some(all)).build()
}

async fn read(answer: impl Fn() -> GetQueueAttributesOutput + Send + Sync + 'static) -> Queue {
    let url = mock!(Client::get_queue_url).then_output(|| GetQueueUrlOutput::builder().queue_url(URL).build());
    let shown = mock!(Client::get_queue_attributes).then_output(answer);
    let tags = mock!(Client::list_queue_tags).then_output(|| ListQueueTagsOutput::builder().build());
    Queue::read(&cx(&[&url, &shown, &tags]), &name()).await.unwrap().remove(0).props
}

#[tokio::test]
async fn the_count_of_a_redrive_policy_may_be_a_text() {
    for count in ["5", "\"5\""] {
        assert_eq!(read(move || as_shown(count)).await, fed());
    }
}

#[tokio::test]
async fn only_what_differs_is_written_and_an_empty_text_clears() {
    let set = mock!(Client::set_queue_attributes)
        .match_requests(|request| {
            let all = request.attributes().cloned().unwrap_or_default();
            all.len() == 1 && all[&Attribute::RedrivePolicy].is_empty()
        })
        .then_output(|| SetQueueAttributesOutput::builder().build());
    let shown = mock!(Client::get_queue_attributes).then_output(|| {
        let mut all = as_shown("5").attributes.unwrap_or_default();
        all.remove(&Attribute::RedrivePolicy);
        GetQueueAttributesOutput::builder().set_attributes(Some(all)).build()
    });
    let cx = cx(&[&set, &shown]);
    let without = Queue { redrive: None, ..fed() };
    without.reconcile(&cx, &name(), Some(&live(&cx, fed()))).await.unwrap();
    assert_eq!(set.num_calls(), 1);
    assert!(loses(&without, &fed()).is_some_and(|why| why.contains("dlq")));
}

#[tokio::test]
async fn a_fifo_queue_is_made_as_one_and_its_name_says_it() {
    const FIFO: &str = "https://sqs.eu-central-1.amazonaws.com/111122223333/demo-dlq.fifo";
    let create = mock!(Client::create_queue)
        .match_requests(|request| request.attributes().is_some_and(|all| all[&Attribute::FifoQueue] == "true"))
        .then_output(|| CreateQueueOutput::builder().queue_url(FIFO).build());
    let shown = mock!(Client::get_queue_attributes)
        .match_requests(|request| !request.attribute_names().contains(&Attribute::FifoQueue))
        .then_output(|| shown("1209600", true));
    let wanted = Queue { fifo: true, ..desired() };
    wanted.reconcile(&cx(&[&create, &shown]), &name(), None).await.unwrap();
    assert_eq!(Queue::REPLACE_ON, ["fifo"], "SQS cannot change it");
}

#[test]
fn a_dlq_of_a_stream_is_as_it_was_before_queues_fed_functions() {
    let json = serde_json::to_value(desired()).unwrap();
    let mut members: Vec<&String> = json.as_object().unwrap().keys().collect();
    members.sort_unstable();
    assert_eq!(members, ["encrypted", "policy", "retention_seconds"]);
    assert_eq!(serde_json::from_value::<Queue>(json).unwrap(), desired());
}

#[tokio::test]
async fn a_dlq_says_whose_messages_it_takes() {
    let shown = |document: &'static str| {
        move || {
            let mut all = shown("1209600", true).attributes.unwrap_or_default();
            all.insert(Attribute::RedriveAllowPolicy, document.to_owned());
            GetQueueAttributesOutput::builder().set_attributes(Some(all)).build()
        }
    };
    let one =
        r#"{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:eu-central-1:111122223333:demo-queue"]}"#;
    assert_eq!(read(shown(one)).await, Queue { takes_from: vec![QUEUE.into()], ..desired() });
    assert_eq!(read(shown(r#"{"redrivePermission":"allowAll"}"#)).await, desired());
    assert_ne!(read(shown(r#"{"redrivePermission":"denyAll"}"#)).await, desired());
}

#[test]
fn messages_are_hidden_less_long_only_when_all_else_is_done() {
    let (long, short) = (Queue { visibility_seconds: 600, ..fed() }, Queue { delay_seconds: 0, ..fed() });
    let between = short.meanwhile(&long).unwrap();
    assert_eq!((between.visibility_seconds, between.delay_seconds), (600, 0));
    assert_eq!(
        (long.meanwhile(&short), short.meanwhile(&between).map(|one| one.visibility_seconds)),
        (None, Some(600))
    );
}

#[test]
fn who_may_send_from_now_on_is_asked_for() {
    let role = "arn:aws:iam::111122223333:role/sender".to_owned();
    let service = "events.amazonaws.com".to_owned();
    let open = Queue {
        policy: tls_and_senders(&place(), &name(), (std::slice::from_ref(&role), std::slice::from_ref(&service)), None),
        ..fed()
    };
    let told = widens(&open, &fed());
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|one| one.starts_with(&format!("`{role}` may call `sqs:SendMessage`"))), "{told:?}");
    assert!(told.iter().any(|one| one.contains(&service) && one.contains("aws:SourceAccount")), "{told:?}");
    assert_eq!(widens(&fed(), &open), [""; 0], "to shut somebody out needs no consent");
    // As SQS gives an account back.
    let account = tls_and_senders(&place(), &name(), (&["444455556666".to_owned()], &[]), None);
    let given = account.text().replace("\"444455556666\"", "\"arn:aws:iam::444455556666:root\"");
    assert_eq!(Policy::parse(&given).unwrap(), account);
}

fn invalid(message: &'static str) -> impl Fn() -> HttpResponse + Send + Sync + 'static {
    move || refusal("InvalidAttributeValue", "InvalidAttributeValue", message)
}

// Neither emulator looks at principals.
#[tokio::test(start_paused = true)]
async fn a_principal_that_nobody_knows_is_named_after_a_minute() {
    let sender = "arn:aws:iam::111122223333:role/sendr".to_owned();
    let policy = tls_and_senders(&place(), &name(), (std::slice::from_ref(&sender), &[]), None);
    let wanted = Queue { policy, ..fed() };
    let refused = invalid("Invalid value for the parameter Policy.");
    let create = mock!(Client::create_queue).then_http_response(refused);
    let start = tokio::time::Instant::now();
    let error = wanted.reconcile(&cx(&[&create]), &name(), None).await.unwrap_err();
    assert!((59..90).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    let hint = error.hint_text().unwrap();
    assert!(
        error.class() == Class::Fatal && hint.contains(&format!("`{sender}`; correct it in `stream.queue.allow`")),
        "{hint}"
    );
    let set =
        mock!(Client::set_queue_attributes).then_http_response(invalid("Invalid value for the parameter Policy."));
    let cx = cx(&[&set]);
    let error = wanted.reconcile(&cx, &name(), Some(&live(&cx, fed()))).await.unwrap_err();
    assert!(error.hint_text().unwrap().contains(&sender), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dlq_that_was_made_just_now_is_waited_for() {
    const TEXT: &str = "Value {\"deadLetterTargetArn\":\"arn:aws:sqs:eu-central-1:111122223333:demo-dlq\",\"maxReceiveCount\":5} for \
                        parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.";
    let create = mock!(Client::create_queue)
        .sequence()
        .http_response(invalid(TEXT))
        .times(3)
        .output(|| CreateQueueOutput::builder().queue_url(URL).build())
        .build();
    let shown = mock!(Client::get_queue_attributes).then_output(|| as_shown("5"));
    let (send, mut notes) = unbounded_channel();
    fed().reconcile(&cx(&[&create, &shown]).with_notes(send), &name(), None).await.unwrap();
    assert_eq!(create.num_calls(), 4);
    let waited = std::iter::from_fn(|| notes.try_recv().ok()).find_map(|note| match note.said {
        Said::Waiting(what) => Some(what),
        _ => None,
    });
    assert_eq!(waited.unwrap(), format!("SQS to know the queue `{DLQ}`, which takes the dead letters of this one"));
    let never = mock!(Client::create_queue).then_http_response(invalid(TEXT));
    let error = fed().reconcile(&cx(&[&never]), &name(), None).await.unwrap_err();
    assert!(error.hint_text().unwrap().contains(DLQ), "{error:?}");
}

/// Else what the former source sends until its link is gone would be refused, and nothing would name it after a kill.
#[test]
fn a_source_that_is_replaced_may_send_until_all_else_is_done() {
    let of = |topic: &str| {
        let from = From {
            sid: "pipe-demo-source".into(),
            service: "sns.amazonaws.com".into(),
            arn: format!("arn:aws:sns:eu-central-1:111122223333:{topic}"),
            account: String::new(),
        };
        Queue { policy: tls_and_senders(&place(), &name(), (&[], &[]), Some(&from)), ..fed() }
    };
    let between = of("new").meanwhile(&of("old")).unwrap();
    let held = |queue: &Queue| queue.ties().holds.into_iter().filter(|arn| arn.contains(":sns:")).collect::<Vec<_>>();
    assert_eq!(held(&between).len(), 2, "{:?}", between.policy);
    assert_eq!(of("new").meanwhile(&between), Some(between.clone()), "a second run keeps it until it is done, too");
    assert_eq!(of("new").meanwhile(&of("new")), None);
    let none = Queue { policy: tls_and_senders(&place(), &name(), (&[], &[]), None), ..fed() };
    assert_eq!(held(&none.meanwhile(&of("old")).unwrap()), held(&of("old")));
}
