//! The closed list of ids, and the name that each has where the spec gives it none.

use crate::aws::Place;
use crate::evidence::{Wanted, Why};
use crate::kinds::function::Function;
use crate::kinds::log_group::LogGroup;
use crate::kinds::mapping::{self, Mapping};
use crate::kinds::queue::Queue;
use crate::kinds::rest_api::RestApi;
use crate::kinds::role::Role;
use crate::kinds::secret::Secret;
use crate::kinds::stream::{self, Stream};
use crate::kinds::table::Table;
use crate::resource::{Id, Kind, Name, Resource};

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

/// Kind and name of everything that a pipeline of this name may have without its spec saying so: a plan looks at all of them,
/// so that nothing is forgotten when its section leaves the spec.
pub fn defaults(pipeline: &str, place: &Place) -> Vec<Wanted> {
    let (consumer, authorizer) = (format!("{pipeline}-consumer"), format!("{pipeline}-authorizer"));
    let stream = Name::new(format!("{pipeline}-stream"));
    let mut all = vec![
        of::<RestApi>(id::API, format!("{pipeline}-api")),
        of::<LogGroup>(id::API_LOG, api_log(&format!("{pipeline}-api"))),
        of::<LogGroup>(id::AUTHORIZER_LOG, function_log(&authorizer)),
        of::<LogGroup>(id::CONSUMER_LOG, function_log(&consumer)),
        of::<Mapping>(id::MAPPING, mapping::name(&consumer, &stream::arn(place, &stream)).to_string()),
        of::<Function>(id::AUTHORIZER, authorizer),
        of::<Function>(id::CONSUMER, consumer),
        of::<Secret>(id::SECRET, format!("{pipeline}/credentials")),
        of::<Stream>(id::STREAM, stream.to_string()),
        of::<Table>(id::TABLE, format!("{pipeline}-table")),
        of::<Queue>(id::DLQ, format!("{pipeline}-dlq")),
    ];
    let roles = [id::API_ROLE, id::AUTHORIZER_ROLE, id::CONSUMER_ROLE];
    all.extend(roles.map(|id| of::<Role>(id, role(pipeline, id, place))));
    all
}

fn of<R: Resource>(id: &str, name: impl Into<String>) -> Wanted {
    Wanted { kind: const { &Kind::of::<R>() }, name: Name::new(name), why: Why::Own(Id::new(id)) }
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
