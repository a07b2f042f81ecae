//! What Lambda says of a mapping, in canonical form.

use aws_sdk_lambda::operation::list_event_source_mappings::builders::ListEventSourceMappingsFluentBuilder;
use aws_sdk_lambda::types::{EventSourceMappingConfiguration, FilterCriteria, FunctionResponseType};
use serde_json::Value;

use super::start::start;
use super::{Mapping, arn, name, outputs};
use crate::aws::{Cx, lacking, nothing_if_absent, poll};
use crate::error::{Class, Error, Result};
use crate::kinds::stream::{self, Stream};
use crate::kinds::stream_consumer::{self, StreamConsumer};
use crate::resource::{Handle, Live, Name, Resource, State};

/// All mappings of a function; none where there is no such function.
pub async fn list(cx: &Cx, function: &str) -> Result<Vec<EventSourceMappingConfiguration>> {
    pages(cx.aws.lambda.list_event_source_mappings().function_name(function)).await
}

/// The same; asked once in one look.
pub async fn listed(cx: &Cx, function: &str) -> Result<Vec<EventSourceMappingConfiguration>> {
    cx.asked_once("ListEventSourceMappings", function, || list(cx, function)).await
}

/// The mappings of this name, when none of them is on its way from one state to another.
pub async fn settled(cx: &Cx, name: &Name) -> Result<Vec<EventSourceMappingConfiguration>> {
    let function = super::function_in(name);
    let settled = |mut all: Vec<EventSourceMappingConfiguration>| {
        all.retain(|found| name_in(found) == *name);
        // Creating and Updating do not show whether it is enabled; both pass within seconds.
        let passing = all.iter().any(|found| matches!(found.state(), Some("Creating" | "Updating")));
        (!passing).then_some(all)
    };
    if let Some(all) = settled(listed(cx, function).await?) {
        return Ok(all);
    }
    let look = || async { Ok(settled(list(cx, function).await?)) };
    poll(cx, &format!("mapping `{name}` to settle"), super::SETTLED_WITHIN, look).await
}

/// The names of all mappings that read this stream, or read one as this consumer; none where there is no such thing.
pub async fn from(cx: &Cx, kind: &str, from: &Name) -> Result<Vec<Name>> {
    let source = match kind {
        Stream::KIND => Some(stream::arn(&cx.aws.place, from)),
        StreamConsumer::KIND => stream_consumer::find(cx, from).await?,
        _ => None,
    };
    let Some(source) = source else { return Ok(Vec::new()) };
    let request = cx.aws.lambda.list_event_source_mappings().event_source_arn(source);
    Ok(pages(request).await?.iter().map(name_in).collect())
}

async fn pages(request: ListEventSourceMappingsFluentBuilder) -> Result<Vec<EventSourceMappingConfiguration>> {
    let mut pages = request.into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let Some(page) = nothing_if_absent(page)? else { break };
        all.extend(page.event_source_mappings.unwrap_or_default());
    }
    Ok(all)
}

/// The state of a mapping; nothing where it is gone.
pub async fn state(cx: &Cx, uuid: &str) -> Result<Option<String>> {
    let sent = cx.aws.lambda.get_event_source_mapping().uuid(uuid).send().await;
    Ok(nothing_if_absent(sent)?.map(|found| found.state.unwrap_or_default()))
}

/// Waits until the mapping is gone.
pub async fn gone(cx: &Cx, name: &Name, handle: &Handle) -> Result<()> {
    let ask = || async { Ok(state(cx, handle.as_str()).await?.is_none().then_some(())) };
    poll(cx, &format!("mapping `{name}` to be gone"), super::SETTLED_WITHIN, ask).await
}

/// The name that a mapping has here.
pub fn name_in(found: &EventSourceMappingConfiguration) -> Name {
    name(function(found), found.event_source_arn().unwrap_or_default())
}

/// The mapping as the engine knows it; nothing where it is gone by now.
pub async fn live(cx: &Cx, found: &EventSourceMappingConfiguration) -> Result<Option<Live<Mapping>>> {
    let uuid = found.uuid().ok_or_else(|| Error::new(Class::Unclear, "Lambda lists a mapping without a UUID"))?;
    let sent = cx.aws.lambda.list_tags().resource(arn(&cx.aws.place, uuid)).send().await;
    let leaving = found.state() == Some("Deleting");
    let tags = match nothing_if_absent(sent)? {
        Some(answer) => answer.tags.unwrap_or_default(),
        None if leaving => Default::default(),
        None => return Ok(None),
    };
    Ok(Some(Live {
        handle: Handle::new(uuid),
        props: props(found),
        outputs: outputs(cx, uuid),
        tags: tags.into_iter().collect(),
        identity: String::new(),
        state: if leaving { State::Leaving } else { State::Live },
    }))
}

/// The managed properties in canonical form, with AWS's defaults where it leaves one out.
pub fn props(found: &EventSourceMappingConfiguration) -> Mapping {
    let source = found.event_source_arn().unwrap_or_default();
    let on_failure = found.destination_config().and_then(|config| config.on_failure());
    Mapping {
        function: function(found).to_owned(),
        source: source.to_owned(),
        // `Enabled` is never returned; what is on its way counts as what it leads to.
        enabled: matches!(found.state(), Some("Enabled" | "Enabling")),
        batch_size: found.batch_size().unwrap_or(if source.contains(":sqs:") { 10 } else { 100 }).unsigned_abs(),
        window_seconds: found.maximum_batching_window_in_seconds().unwrap_or_default().unsigned_abs(),
        parallelization: found.parallelization_factor().unwrap_or(1).unsigned_abs(),
        start: start(found.starting_position(), found.starting_position_timestamp()),
        retries: found.maximum_retry_attempts().unwrap_or(-1),
        max_age_seconds: found.maximum_record_age_in_seconds().unwrap_or(-1),
        bisect: found.bisect_batch_on_function_error().unwrap_or_default(),
        partial: found.function_response_types().contains(&FunctionResponseType::ReportBatchItemFailures),
        on_failure: on_failure.and_then(|it| it.destination()).unwrap_or_default().to_owned(),
        max_concurrency: found.scaling_config().and_then(|it| it.maximum_concurrency()).map(i32::unsigned_abs),
        filters: filters(found),
        draining: Default::default(),
    }
}

/// The canonical text of a filter's pattern: compact, with the keys of each object in the order of the alphabet.
#[must_use]
pub fn pattern(mut of: Value) -> String {
    of.sort_all_objects();
    of.to_string()
}

/// Lambda gives patterns as they were written.
fn filters(found: &EventSourceMappingConfiguration) -> Vec<String> {
    let patterns = found.filter_criteria().map(FilterCriteria::filters).unwrap_or_default().iter();
    let compact = |text: &str| serde_json::from_str(text).map_or_else(|_| text.to_owned(), pattern);
    let mut all: Vec<String> = patterns.filter_map(|filter| filter.pattern()).map(compact).collect();
    all.sort();
    all
}

/// The function's name, with its qualifier where it has one: Lambda always answers with the ARN.
fn function(found: &EventSourceMappingConfiguration) -> &str {
    let arn = found.function_arn().unwrap_or_default();
    arn.split_once(":function:").map_or(arn, |(_, name)| name)
}

/// Says which role it was, where the wait for a role was in vain.
pub async fn told(cx: &Cx, function: &str, error: Error) -> Error {
    if error.class() != Class::Propagating {
        return error;
    }
    let sent = cx.aws.lambda.get_function().function_name(function).send().await;
    match sent.ok().and_then(|found| found.configuration?.role) {
        Some(role) => lacking(error, &role, "lambda.amazonaws.com"),
        None => error,
    }
}

/// Waits until the list shows the mapping that is in the way, so that the engine sees it, and whose it is, when it looks again.
pub async fn taken(cx: &Cx, name: &Name, error: Error) -> Error {
    let uuid = error.message().rsplit_once("UUID ").map_or("", |(_, rest)| rest.trim_end_matches('.')).to_owned();
    let function = super::function_in(name);
    let listed =
        || async { Ok(list(cx, function).await?.iter().any(|found| found.uuid() == Some(&uuid)).then_some(())) };
    match poll(cx, &format!("Lambda to list mapping {uuid}"), super::KNOWN_WITHIN, listed).await {
        Ok(()) => error.class_as(Class::Unclear),
        Err(_) => error.hint("delete the mapping with this UUID, or wait a minute and apply again"),
    }
}

/// Whether Lambda does not know the source, the destination or the function (yet).
pub fn unknown(error: &Error) -> bool {
    const TEXTS: [&str; 3] = ["NonExistentQueue", "Function does not exist", "Function not found"];
    let said = TEXTS.iter().any(|text| error.message().contains(text));
    said || no_source(error) || no_destination(error) || hides_too_short(error)
}

/// Whether there is no such stream.
pub fn no_source(error: &Error) -> bool {
    error.message().contains("Stream not found")
}

/// Whether Lambda does not know the queue for what is given up: one that was made just now may be none for a moment.
fn no_destination(error: &Error) -> bool {
    ["The destination ARN", "The destination queue does not exist"].iter().any(|text| error.message().contains(text))
}

/// The error of a change, to be waited for while that may help: a queue may hide messages longer from now on, or be a new destination, which
/// takes SQS up to a minute to spread.
pub fn spreading(error: Error, helps: bool) -> Error {
    let spreads = hides_too_short(&error) || no_destination(&error);
    if helps && spreads { error.class_as(Class::Propagating) } else { error }
}

/// What is waited for after this error of a create.
pub fn waits_for(error: &Error) -> String {
    let what = match () {
        () if no_destination(error) => "Lambda to know the queue for what is given up",
        () if hides_too_short(error) => "Lambda to see how long the queue hides a message",
        () if unknown(error) => "Lambda to know the source and the function",
        () => "the function's role to reach Lambda",
    };
    what.to_owned()
}

/// Whether the queue hides a message for less than the function may work on it, as far as Lambda knows.
fn hides_too_short(error: &Error) -> bool {
    error.message().contains("Queue visibility timeout")
}
