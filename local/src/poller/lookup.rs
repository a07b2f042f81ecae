//! Reads the mappings of a function from the endpoint, as the deployer.

use aws_sdk_lambda::types::EventSourceMappingConfiguration;

use super::access::reason;
use super::mapping::{Properties, source};
use super::queue;
use super::source::{Service, dynamodb};
use crate::error::{Error, Result};
use crate::event::{Event, Events};
use crate::roles::Roles;

/// An existing mapping, and what it is set to do, if that can be run.
pub struct Found {
    pub uuid: String,
    pub properties: Result<Properties>,
}

/// The mappings of a function from streams and queues that are polled here. Others are named in a warning: nothing runs them here.
///
/// # Errors
/// The endpoint does not say: the function is not there, or a call fails.
pub async fn mappings(roles: &Roles, events: &Events, function: &str) -> Result<Vec<Found>> {
    let lambda = aws_sdk_lambda::Client::new(roles.root());
    let asked = lambda.get_function_configuration().function_name(function).send().await;
    let configuration = asked.map_err(|error| failed(function, &reason(&error)))?;
    let role = configuration.role().unwrap_or_default();
    let timeout_seconds = configuration.timeout().unwrap_or(3);
    let mut pages = lambda.list_event_source_mappings().function_name(function).into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(mapping) = pages.next().await {
        let mapping = mapping.map_err(|error| failed(function, &reason(&error)))?;
        if let Some(mut read) = read(roles, events, &mapping, function, role).await? {
            with_queue(&mut read, roles, &mapping, timeout_seconds).await;
            found.push(read);
        }
    }
    Ok(found)
}

async fn read(
    roles: &Roles,
    events: &Events,
    mapping: &EventSourceMappingConfiguration,
    function: &str,
    role: &str,
) -> Result<Option<Found>> {
    let uuid = mapping.uuid().unwrap_or_default().to_owned();
    let Some((service, arn)) = source(mapping) else {
        let source = mapping.event_source_arn().unwrap_or_default();
        let message = format!(
            "the mapping of `{function}` from `{source}` does not run locally: it reads no stream and no queue that is polled here"
        );
        let _gone = events.send(Event::Warning { message });
        return Ok(None);
    };
    let retention = match service {
        Service::Kinesis => stream_retention_hours(roles, arn).await,
        // No message is given up by its age: SQS forgets it itself.
        Service::Sqs => Ok(0),
        Service::DynamoDb => Ok(dynamodb::RETENTION_HOURS),
    };
    let properties = retention.map_err(|why| failed(function, &why));
    let properties = properties.and_then(|hours| Properties::read(mapping, function, role, hours));
    let unreadable = || Err(failed(function, "it reads no stream that is polled here"));
    Ok(Some(Found { uuid, properties: properties.and_then(|properties| properties.map_or_else(unreadable, Ok)) }))
}

/// Adds what must be known of the queue that a mapping reads.
async fn with_queue(found: &mut Found, roles: &Roles, mapping: &EventSourceMappingConfiguration, timeout_seconds: i32) {
    let Ok(properties) = &mut found.properties else { return };
    if properties.service == Service::Sqs {
        match queue::queued(roles, mapping, &properties.source_arn, timeout_seconds).await {
            Ok(queued) => properties.queued = Some(queued),
            Err(why) => found.properties = Err(failed(&properties.function.clone(), &why)),
        }
    }
}

/// How long a Kinesis stream keeps its records.
async fn stream_retention_hours(roles: &Roles, arn: &str) -> std::result::Result<i32, String> {
    let kinesis = aws_sdk_kinesis::Client::new(roles.root());
    let asked = kinesis.describe_stream_summary().stream_arn(arn).send().await;
    let answer = asked.map_err(|error| reason(&error))?;
    Ok(answer.stream_description_summary().map_or(24, |stream| stream.retention_period_hours()))
}

fn failed(function: &str, why: &str) -> Error {
    Error::new(format!("read the mappings of `{function}`: {why}"))
}
