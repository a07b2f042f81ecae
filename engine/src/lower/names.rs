//! The closed list of ids, and the name that each has where the spec gives it none.

use crate::aws::Place;
use crate::kinds::function::Function;
use crate::kinds::log_group::LogGroup;
use crate::kinds::mapping::{self, Mapping};
use crate::kinds::queue::Queue;
use crate::kinds::rest_api::RestApi;
use crate::kinds::role::Role;
use crate::kinds::secret::Secret;
use crate::kinds::stream::{self, Stream};
use crate::kinds::table::Table;
use crate::resource::{Kind, Name, Resource};

/// Logical ids.
pub mod id {
    pub const API: &str = "api";
    pub const API_ROLE: &str = "api-role";
    pub const API_LOG: &str = "api-log";
    pub const API_LOGGING: &str = "api-logging";
    pub const AUTHORIZER: &str = "authorizer";
    pub const AUTHORIZER_ROLE: &str = "authorizer-role";
    pub const AUTHORIZER_LOG: &str = "authorizer-log";
    pub const SECRET: &str = "secret";
    pub const STREAM: &str = "stream";
    pub const CONSUMER: &str = "consumer";
    pub const CONSUMER_ROLE: &str = "consumer-role";
    pub const CONSUMER_LOG: &str = "consumer-log";
    pub const MAPPING: &str = "mapping";
    pub const TABLE: &str = "table";
    pub const DLQ: &str = "dlq";
}

/// Kinds and names of everything that a pipeline of this name may have without its spec saying so: a plan looks at all of them,
/// so that nothing is forgotten when its section leaves the spec.
pub fn defaults(pipeline: &str, place: &Place) -> Vec<(&'static Kind, Name)> {
    let (consumer, authorizer) = (format!("{pipeline}-consumer"), format!("{pipeline}-authorizer"));
    let stream = Name::new(format!("{pipeline}-stream"));
    let mut all = vec![
        of::<RestApi>(format!("{pipeline}-api")),
        of::<LogGroup>(api_log(&format!("{pipeline}-api"))),
        of::<LogGroup>(function_log(&authorizer)),
        of::<LogGroup>(function_log(&consumer)),
        of::<Mapping>(mapping::name(&consumer, &stream::arn(place, &stream)).to_string()),
        of::<Function>(authorizer),
        of::<Function>(consumer),
        of::<Secret>(format!("{pipeline}/credentials")),
        of::<Stream>(stream.to_string()),
        of::<Table>(format!("{pipeline}-table")),
        of::<Queue>(format!("{pipeline}-dlq")),
    ];
    all.extend([id::API_ROLE, id::AUTHORIZER_ROLE, id::CONSUMER_ROLE].map(|id| of::<Role>(role(pipeline, id, place))));
    all
}

fn of<R: Resource>(name: impl Into<String>) -> (&'static Kind, Name) {
    (const { &Kind::of::<R>() }, Name::new(name))
}

/// Roles are global, so their names hold the region.
pub fn role(pipeline: &str, id: &str, place: &Place) -> String {
    format!("{pipeline}-{id}-{}", place.region)
}

pub fn function_log(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

pub fn api_log(api: &str) -> String {
    format!("/aws/apigateway/{}", api.replace(' ', "-"))
}
