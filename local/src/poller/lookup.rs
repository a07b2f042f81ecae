//! Reads the mappings of a function from the endpoint, as the deployer.

use aws_sdk_lambda::types::EventSourceMappingConfiguration;

use super::access::reason;
use super::mapping::{Properties, source};
use super::source::{Service, dynamodb};
use crate::error::{Error, Result};
use crate::event::{Event, Events};
use crate::roles::Roles;

/// An existing mapping, and what it is set to do, if that can be run.
pub struct Found {
    pub uuid: String,
    pub properties: Result<Properties>,
}

/// The mappings of a function from streams that are polled here. Others are named in a warning: nothing runs them here.
///
/// # Errors
/// The endpoint does not say: the function is not there, or a call fails.
pub async fn mappings(roles: &Roles, events: &Events, function: &str) -> Result<Vec<Found>> {
    let lambda = aws_sdk_lambda::Client::new(roles.root());
    let asked = lambda.get_function_configuration().function_name(function).send().await;
    let configuration = asked.map_err(|error| failed(function, &reason(&error)))?;
    let role = configuration.role().unwrap_or_default();
    let mut pages = lambda.list_event_source_mappings().function_name(function).into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(mapping) = pages.next().await {
        let mapping = mapping.map_err(|error| failed(function, &reason(&error)))?;
        if let Some(read) = read(roles, events, &mapping, function, role).await? {
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
            "the mapping of `{function}` from `{source}` does not run locally: it reads neither a Kinesis stream nor a table's"
        );
        let _gone = events.send(Event::Warning { message });
        return Ok(None);
    };
    let retention = match service {
        Service::Kinesis => stream_retention_hours(roles, arn).await,
        Service::DynamoDb => Ok(dynamodb::RETENTION_HOURS),
    };
    let properties = retention.map_err(|why| failed(function, &why));
    let properties = properties.and_then(|hours| Properties::read(mapping, function, role, hours));
    let unreadable = || Err(failed(function, "it reads no stream that is polled here"));
    Ok(Some(Found { uuid, properties: properties.and_then(|properties| properties.map_or_else(unreadable, Ok)) }))
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
