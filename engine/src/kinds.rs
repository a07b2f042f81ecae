//! The table of kinds: the only place where the engine and AWS's resources meet.

pub mod account_logging;
pub mod alarm;
pub mod api_key;
pub mod bucket;
pub mod bus;
pub mod dashboard;
pub mod domain_name;
pub mod endpoint;
pub mod function;
pub mod iot_rule;
pub mod log_filter;
pub mod log_group;
pub mod mapping;
pub mod notification;
pub mod permission;
pub mod queue;
pub mod rest_api;
pub mod role;
pub mod rule;
pub mod schedule;
pub mod secret;
pub mod security_group;
pub mod stream;
pub mod stream_consumer;
pub mod subscription;
pub mod table;
pub mod topic;
mod undelivered;
pub mod usage_plan;
pub mod user_pool;

use crate::resource::Kind;

/// Every kind, in the order in which they are made; orphans are deleted in reverse.
pub static KINDS: &[Kind] = &[
    // First made and last deleted: what the policies of roles name is known by them, log groups too.
    Kind::of::<role::Role>(),
    Kind::of::<log_group::LogGroup>(),
    Kind::of::<secret::Secret>(),
    Kind::of::<stream::Stream>(),
    Kind::of::<stream_consumer::StreamConsumer>(),
    Kind::of::<table::Table>(),
    Kind::of::<queue::Queue>(),
    Kind::of::<user_pool::UserPool>(),
    Kind::of::<security_group::SecurityGroup>(),
    Kind::of::<endpoint::Endpoint>(),
    Kind::of::<function::Function>(),
    Kind::of::<mapping::Mapping>(),
    // What lets a source in is made before it, and goes after it: it names what it lets in.
    Kind::of::<permission::Permission>(),
    Kind::of::<bucket::Bucket>(),
    Kind::of::<topic::Topic>(),
    Kind::of::<bus::Bus>(),
    Kind::of::<rule::Rule>(),
    Kind::of::<subscription::Subscription>(),
    Kind::of::<schedule::Schedule>(),
    Kind::of::<log_filter::LogFilter>(),
    Kind::of::<notification::Notification>(),
    Kind::of::<iot_rule::IotRule>(),
    Kind::of::<account_logging::AccountLogging>(),
    Kind::of::<rest_api::RestApi>(),
    Kind::of::<api_key::ApiKey>(),
    Kind::of::<usage_plan::UsagePlan>(),
    Kind::of::<domain_name::DomainName>(),
    Kind::of::<alarm::Alarm>(),
    Kind::of::<dashboard::Dashboard>(),
];
