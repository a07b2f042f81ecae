use super::*;

fn mapping() -> Mapping {
    Mapping {
        function: "f".into(),
        source: "arn:aws:kinesis:eu-central-1:1:stream/s".into(),
        enabled: true,
        batch_size: 100,
        window_seconds: 0,
        parallelization: 1,
        start: "oldest".into(),
        retries: 100,
        max_age_seconds: 43200,
        bisect: true,
        partial: true,
        on_failure: "queue".into(),
        max_concurrency: None,
        draining: Default::default(),
        filters: Vec::new(),
    }
}

fn replaced(anew: &[&str]) -> How {
    How {
        replaced: true,
        keeps_name: true,
        anew: anew.iter().map(|&property| property.to_owned()).collect(),
        ..How::default()
    }
}

#[test]
fn an_edit_of_start_says_what_is_read_again_or_skipped() {
    let told = |start: &str| {
        let desired = Mapping { start: start.into(), ..mapping() };
        means(&desired, &Mapping { start: "other".into(), ..mapping() }, &replaced(&[])).join("; ")
    };
    assert!(told("oldest").contains("read again from its oldest record"));
    assert!(told("newest").contains("are skipped"));
    assert!(told("at 2026-01-01T00:00:00Z").contains("read from 2026-01-01T00:00:00Z: older records are skipped"));
}

#[test]
fn a_new_source_leaves_the_old_one_unread() {
    let live = Mapping { source: "another".into(), ..mapping() };
    let told = means(&mapping(), &live, &replaced(&[]));
    assert!(told[0].starts_with("the new stream is read from its oldest record"), "{told:?}");
}

#[test]
fn what_holds_up_or_reorders_records_is_told_and_what_does_not_is_not() {
    let told = |edit: fn(&mut Mapping)| {
        let mut desired = mapping();
        edit(&mut desired);
        means(&desired, &mapping(), &How::default())
    };
    assert!(told(|mapping| mapping.retries = -1)[0].contains("retries are unlimited"));
    assert!(told(|mapping| mapping.parallelization = 2)[0].contains("order is kept for each partition key only"));
    assert!(told(|mapping| mapping.enabled = false)[0].contains("records wait"));
    assert!(told(|mapping| mapping.partial = false)[0].contains("as a whole"));
    assert_eq!(told(|mapping| (mapping.batch_size, mapping.window_seconds) = (10, 1)), [""; 0]);
}

#[test]
fn a_mapping_that_was_stopped_asks_before_it_goes_on() {
    let stopped = Mapping { enabled: false, ..mapping() };
    assert_eq!(widens(&mapping(), &stopped), ["it is disabled now, and feeds its function again after this"]);
    assert_eq!((widens(&stopped, &mapping()), widens(&mapping(), &mapping())), (Vec::new(), Vec::new()));
}

#[test]
fn a_stream_made_anew_has_nothing_to_be_read_again() {
    let told = |start: &str, anew: &[&str]| {
        let desired = Mapping { start: start.into(), ..mapping() };
        means(&desired, &desired.clone(), &replaced(anew)).join("; ")
    };
    assert_eq!(
        told("oldest", &["source"]),
        "the new stream is read from its oldest record; the records that the old stream still held are lost"
    );
    assert!(
        told("newest", &["source"]).ends_with("are skipped, and the records that the old stream still held are lost")
    );
    assert_eq!(
        told("at 2026-01-01T00:00:00Z", &["source"]),
        "the new stream is read from 2026-01-01T00:00:00Z: older records are skipped; \
         the records that the old stream still held are lost"
    );
    assert!(told("oldest", &["on_failure"]).contains("read again"), "another queue is not another stream");
}

#[test]
fn an_end_leaves_records_waiting_unless_their_stream_goes_too() {
    let told = ends(&mapping(), &["function".into(), "on_failure".into()]);
    assert_eq!(
        told,
        [
            "records wait in the stream, and are lost when its retention ends",
            "its checkpoint is lost: a mapping made later begins at its `start`"
        ]
    );
    assert_eq!(ends(&mapping(), &["source".into()]), [""; 0]);
    let of_queue = Mapping { source: "arn:aws:sqs:eu-central-1:1:q".into(), ..mapping() };
    assert_eq!(ends(&of_queue, &[]), [""; 0], "a queue knows no checkpoint");
}

#[test]
fn a_lower_age_says_what_becomes_of_older_records() {
    let aged =
        |max_age_seconds, on_failure: &str| Mapping { max_age_seconds, on_failure: on_failure.into(), ..mapping() };
    let told = |now, then| means(&aged(now, "queue"), &aged(then, "queue"), &How::default());
    let heard =
        |age: &str| [format!("records older than {age} are given up from now on, and the dlq gets their position")];
    assert_eq!(told(6 * 3600, 12 * 3600), heard("6 hours"));
    assert_eq!(told(3600, -1), heard("1 hour"));
    assert_eq!(told(90 * 60, 7200), heard("90 minutes"));
    assert_eq!(told(61, 7200), heard("61 seconds"));
    for (now, then) in [(3600, 3600), (7200, 3600), (-1, 3600), (-1, -1)] {
        assert_eq!(told(now, then), [""; 0], "{then} to {now}");
    }
}

#[test]
fn what_nothing_hears_of_is_told_once() {
    let aged =
        |max_age_seconds, on_failure: &str| Mapping { max_age_seconds, on_failure: on_failure.into(), ..mapping() };
    let lost = ["records older than 1 hour are given up from now on, and are lost"];
    let (now, then) = (aged(3600, ""), aged(7200, ""));
    let loss = "waiting records older than 1 hour are given up, and without a dlq nothing is left of them";
    assert_eq!(loses(&now, &then).as_deref(), Some(loss));
    assert_eq!(means(&now, &then, &How::default()), [""; 0]);
    assert_eq!(means(&now, &then, &replaced(&[])).len(), 1, "where it is read from");
    assert_eq!(means(&now, &aged(7200, "queue"), &How::default()), lost, "the loss tells of the queue alone");
    assert_eq!(loses(&aged(7200, ""), &then), None);
}

#[test]
fn fewer_retries_say_when_a_batch_is_given_up() {
    let with = |retries| Mapping { retries, ..mapping() };
    let told = |now, then| means(&with(now), &with(then), &How::default());
    assert_eq!(told(50, 100), ["a batch that fails is given up after 50 retries, no longer 100"]);
    assert_eq!(told(1, 2), ["a batch that fails is given up after 1 retry, no longer 2"]);
    assert_eq!(told(100, -1), ["a batch that fails is given up after 100 retries; they were unlimited"]);
    for (now, then) in [(100, 100), (100, 50), (-1, -1)] {
        assert_eq!(told(now, then), [""; 0], "{then} to {now}");
    }
}

#[test]
fn filters_say_what_is_handed_over_no_longer_and_what_is_again() {
    const STREAM: &str = "arn:aws:kinesis:eu-central-1:1:stream/s";
    const QUEUE: &str = "arn:aws:sqs:eu-central-1:1:q";
    let of = |source: &str, filters: &[&str]| Mapping {
        source: source.into(),
        filters: filters.iter().map(|&filter| filter.to_owned()).collect(),
        ..mapping()
    };
    let told = |source, now: &[&str], then: &[&str]| means(&of(source, now), &of(source, then), &How::default());
    assert_eq!(told(STREAM, &["a", "b"], &["a", "b"]), [""; 0]);
    assert_eq!(
        told(STREAM, &["a"], &[]),
        ["records that do not match the filter are passed over from now on, and leave no trace"]
    );
    let more = "from now on: those that came before and matched no filter do not come again";
    assert_eq!(told(STREAM, &["a", "b"], &["a"]), [format!("records that match a new filter are handed over, {more}")]);
    assert_eq!(told(STREAM, &[], &["a"]), [format!("records are handed over, whatever they hold, {more}")]);
    let other = told(QUEUE, &["b", "c"], &["a", "b"]);
    assert_eq!(
        other,
        [
            "messages that match none of the filters are deleted from now on, and leave no trace: they reach neither the function nor the dlq"
                .to_owned(),
            format!("messages that match a new filter are handed over, {more}")
        ]
    );
}

#[test]
fn another_way_to_the_same_stream_reads_it_again() {
    let reader = "arn:aws:kinesis:eu-central-1:1:stream/s/consumer/demo-consumer:1545084650";
    let alone = Mapping { source: reader.into(), ..mapping() };
    let to_be = reader.replace("1545084650", &crate::resource::output_of("fan-out", "made"));
    let to_be = |stream: &str| Mapping { source: to_be.replace("stream/s/", stream), ..mapping() };
    for (desired, live) in [(&to_be("stream/s/"), &mapping()), (&to_be("stream/s/"), &alone), (&mapping(), &alone)] {
        let told = means(desired, live, &replaced(&[]));
        assert!(told[0].starts_with("the stream is read again from its oldest record"), "{told:?}");
    }
    for live in [&mapping(), &alone] {
        assert!(means(&to_be("stream/t/"), live, &replaced(&[]))[0].starts_with("the new stream"));
    }
}
