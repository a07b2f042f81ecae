//! A table whose stream was enabled anew: another mapping is made, and the one before stays.

use super::*;

const OLD: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/people/stream/2026-01-01T00:00:00.000";
const NEW: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/people/stream/2026-01-02T00:00:00.000";
const OTHER: &str = "00000000-7f1b-4a5a-9c0e-3d1b2a4c5d6e";

fn reading(source: &str) -> Mapping {
    Mapping { source: source.into(), ..desired() }
}

// Any call but these would be refused: the one before is neither changed nor deleted.
#[tokio::test(start_paused = true)]
async fn it_is_made_beside_the_one_before() {
    let list =
        mock!(Client::list_event_source_mappings).then_output(|| listed(vec![answer("Enabled").event_source_arn(OLD)]));
    let tags = mock!(Client::list_tags).then_output(|| ListTagsOutput::builder().build());
    let create = mock!(Client::create_event_source_mapping)
        .match_requests(|sent| sent.event_source_arn() == Some(NEW))
        .then_output(|| CreateEventSourceMappingOutput::builder().uuid(OTHER).state("Creating").build());
    let get = mock!(Client::get_event_source_mapping).match_requests(|sent| sent.uuid() == Some(OTHER));
    let get = get.then_output(|| got("Enabled"));
    let before = live_as(reading(OLD));
    let cx = cx(&[&list, &tags, &create, &get]);
    let made = reading(NEW).reconcile(&cx, &name("consumer", OLD), Some(&before)).await.unwrap();
    assert_eq!((made.outputs["uuid"].as_str(), create.num_calls()), (OTHER, 1));
}

#[tokio::test(start_paused = true)]
async fn one_that_a_lost_answer_made_is_found_again() {
    let list = mock!(Client::list_event_source_mappings).then_output(|| {
        let new = answer("Enabled").uuid(OTHER).event_source_arn(NEW);
        listed(vec![answer("Enabled").event_source_arn(OLD), new])
    });
    let tags = mock!(Client::list_tags).then_output(|| ListTagsOutput::builder().build());
    let before = live_as(reading(OLD));
    let made = reading(NEW).reconcile(&cx(&[&list, &tags]), &name("consumer", OLD), Some(&before)).await.unwrap();
    assert_eq!(made.outputs["uuid"], OTHER);
}

fn ours() -> Tags {
    Tags::from([("pipe:pipeline".into(), "demo".into()), ("pipe:resource".into(), "mapping".into())])
}

/// What `list` and `list_tags` tell of both, whose settings may differ, with the new stream begun an hour ago.
fn both(tags_of_old: Tags) -> (String, [Rule; 2]) {
    let began = aws_smithy_types::DateTime::from_secs(
        aws_smithy_types::DateTime::from(std::time::SystemTime::now()).secs() - 3600,
    );
    let time = began.fmt(aws_smithy_types::date_time::Format::DateTime).unwrap();
    let new =
        format!("arn:aws:dynamodb:eu-central-1:111122223333:table/people/stream/{}.000", time.trim_end_matches('Z'));
    let source = new.clone();
    let list = mock!(Client::list_event_source_mappings).then_output(move || {
        listed(vec![answer("Enabled").uuid(OTHER).event_source_arn(&source), answer("Enabled").event_source_arn(OLD)])
    });
    let tags = mock!(Client::list_tags).then_compute_output(move |asked| {
        let tags = if asked.resource().is_some_and(|arn| arn.ends_with(OTHER)) { ours() } else { tags_of_old.clone() };
        ListTagsOutput::builder().set_tags(Some(tags.into_iter().collect())).build()
    });
    (new, [list, tags])
}

#[tokio::test(start_paused = true)]
async fn one_that_drains_gets_the_settings_of_the_one_in_its_place() {
    let (new, [list, tags]) = both(ours());
    let update = mock!(Client::update_event_source_mapping)
        .match_requests(|sent| {
            let cleared = sent.destination_config().is_some_and(|config| config.on_failure().is_none());
            (sent.uuid(), sent.enabled(), cleared) == (Some(UUID), Some(false), true)
        })
        .then_output(|| UpdateEventSourceMappingOutput::builder().state("Disabling").build());
    let other = mock!(Client::update_event_source_mapping)
        .match_requests(|sent| sent.uuid() == Some(OTHER))
        .then_output(|| UpdateEventSourceMappingOutput::builder().state("Disabling").build());
    let get = mock!(Client::get_event_source_mapping).then_output(|| got("Disabled"));
    let cx = cx(&[&list, &tags, &update, &other, &get]);
    let lives = Mapping::read(&cx, &name("consumer", OLD)).await.unwrap();
    let live = lives.iter().find(|live| live.state == State::Live).unwrap();
    let now = reading(&new);
    assert_eq!(now.keeping(&live.props).unwrap(), live.props, "nothing differs");
    let stopped = Mapping { enabled: false, ..now }.keeping(&live.props).unwrap();
    let cx = cx.for_resource(&crate::resource::Id::new("mapping"), ours());
    stopped.reconcile(&cx, &name("consumer", OLD), Some(live)).await.unwrap();
    assert_eq!((update.num_calls(), other.num_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn one_that_drains_and_is_somebody_elses_is_left_alone() {
    let (new, [list, tags]) = both(Tags::new());
    let lives = Mapping::read(&cx(&[&list, &tags]), &name("consumer", OLD)).await.unwrap();
    assert_eq!(lives.iter().find(|live| live.state == State::Live).unwrap().props, reading(&new));
}

/// In one apply: another view, and other settings.
#[tokio::test(start_paused = true)]
async fn the_one_before_gets_what_changes_with_its_successor() {
    let list =
        mock!(Client::list_event_source_mappings).then_output(|| listed(vec![answer("Enabled").event_source_arn(OLD)]));
    let tags = mock!(Client::list_tags).then_output(|| ListTagsOutput::builder().build());
    let update = mock!(Client::update_event_source_mapping)
        .match_requests(|sent| (sent.uuid(), sent.enabled()) == (Some(UUID), Some(false)))
        .then_output(|| UpdateEventSourceMappingOutput::builder().state("Disabling").build());
    let create = mock!(Client::create_event_source_mapping)
        .match_requests(|sent| sent.enabled() == Some(false))
        .then_output(|| CreateEventSourceMappingOutput::builder().uuid(OTHER).state("Creating").build());
    let get = mock!(Client::get_event_source_mapping).then_output(|| got("Disabled"));
    let cx = cx(&[&list, &tags, &update, &create, &get]);
    let stopped = Mapping { enabled: false, ..reading(NEW) };
    stopped.reconcile(&cx, &name("consumer", OLD), Some(&live_as(reading(OLD)))).await.unwrap();
    assert_eq!((update.num_calls(), create.num_calls()), (1, 1));
}

#[test]
fn what_happens_to_the_old_stream_is_said_once() {
    let heard = |source: &str| Mapping { on_failure: DLQ.into(), ..reading(source) };
    let with = |one: Mapping, old: Mapping| Mapping { draining: BTreeMap::from([(UUID.to_owned(), old)]), ..one };
    let edit = |desired: &Mapping, live: &Mapping| {
        means::advice(&Changed::Edit { desired, live, how: &crate::resource::How::default() })
    };
    let both = edit(&with(reading(NEW), reading(OLD)), &with(heard(NEW), heard(OLD)));
    assert!(both.loses.unwrap().starts_with("records that are given up"));
    let old = edit(&with(reading(NEW), reading(OLD)), &with(reading(NEW), heard(OLD)));
    assert!(old.loses.unwrap().starts_with("the mapping of the table's old stream: records that are given up"));
    let stopped = |one: Mapping| Mapping { enabled: false, ..one };
    let told = edit(&with(stopped(reading(NEW)), stopped(reading(OLD))), &with(reading(NEW), reading(OLD)));
    assert_eq!(told.means.len(), 1, "{:?}", told.means);
    let again = edit(&with(reading(NEW), reading(OLD)), &with(reading(NEW), stopped(reading(OLD))));
    assert!(again.widens[0].starts_with("the mapping of the table's old stream: it is disabled"), "{:?}", again.widens);
}
