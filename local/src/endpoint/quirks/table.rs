//! What AWS does and MiniStack 1.5.33 does not, as far as a deployer or a session of `pipe dev` meets it: one table.

mod changes;
mod front;
mod functions;
mod readers;
mod tables;

use futures_util::future::BoxFuture;
use hyper::http::request::Parts;

use super::{
    Answering, Exchange, api_gateway, code, import, listing, logs, mappings, refusals, reshard, shards, streams,
    tagging, usage_plans, user_pools,
};
use crate::endpoint::call::Call;

type Answer = for<'a> fn(&'a Exchange<'a>) -> BoxFuture<'a, Answering>;

/// How a call is recognised.
enum Operation {
    /// By `x-amz-target`.
    Target(&'static str),
    /// By service, method and path, in which `*` is any one segment.
    Path(&'static str, &'static str, &'static str),
}

use Operation::{Path, Target};

/// Who is put right.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The deployer: also in front of moto, and on an endpoint of the user's.
    Deployers,
    /// Only the parts of a session, which share one account.
    Sessions,
}

use Whose::{Deployers, Sessions};

/// One thing that MiniStack does otherwise.
pub struct Quirk {
    whose: Whose,
    reason: &'static str,
    operations: &'static [Operation],
    answer: Answer,
}

/// The first that fits answers; what fits none goes to the endpoint as it is.
static QUIRKS: &[Quirk] = &[
    Quirk {
        whose: Deployers,
        reason: "an authorizer's patched TTL is kept as text, which the SDKs cannot read",
        operations: &[
            Path("apigateway", "GET", "restapis/*/authorizers"),
            Path("apigateway", "GET", "restapis/*/authorizers/*"),
            Path("apigateway", "PATCH", "restapis/*/authorizers/*"),
        ],
        answer: api_gateway::numeric_ttl,
    },
    Quirk {
        whose: Deployers,
        reason: "an authorizer without sources of identity gets one",
        operations: &[Path("apigateway", "POST", "restapis/*/authorizers")],
        answer: api_gateway::made_without_sources,
    },
    Quirk {
        whose: Deployers,
        reason: "a REST API shows the tags of its creation for ever, drops the security policy of its creation, gives its resource \
                 policy back as it came, and takes patched binary types apart",
        operations: &[
            Path("apigateway", "GET", "restapis"),
            Path("apigateway", "GET", "restapis/*"),
            Path("apigateway", "POST", "restapis"),
            Path("apigateway", "PATCH", "restapis/*"),
        ],
        answer: api_gateway::described,
    },
    Quirk {
        whose: Deployers,
        reason: "a whole definition cannot be put in the place of another",
        operations: &[Path("apigateway", "PUT", "restapis/*")],
        answer: import::put_rest_api,
    },
    Quirk {
        whose: Deployers,
        reason: "the schema of a model cannot be changed (in moto)",
        operations: &[Path("apigateway", "PATCH", "restapis/*/models/*")],
        answer: api_gateway::model_updated,
    },
    Quirk {
        whose: Deployers,
        reason: "a method that is there is overwritten",
        operations: &[Path("apigateway", "PUT", "restapis/*/resources/*/methods/*")],
        answer: refusals::method_exists,
    },
    Quirk {
        whose: Deployers,
        reason: "a resource of a name that its parent has is made twice (by moto)",
        operations: &[Path("apigateway", "POST", "restapis/*/resources/*")],
        answer: refusals::resource_exists,
    },
    Quirk {
        whose: Deployers,
        reason: "a deployment that a stage points to is deleted",
        operations: &[Path("apigateway", "DELETE", "restapis/*/deployments/*")],
        answer: refusals::deployment_in_use,
    },
    Quirk {
        whose: Deployers,
        reason: "keys and plans show the tags of their creation for ever, a patched key its state as text, and plans empty limits",
        operations: &[
            Path("apigateway", "GET", "apikeys"),
            Path("apigateway", "PATCH", "apikeys/*"),
            Path("apigateway", "GET", "apikeys/*"),
            Path("apigateway", "GET", "usageplans/*"),
            Path("apigateway", "POST", "usageplans"),
        ],
        answer: usage_plans::described,
    },
    Quirk {
        whose: Deployers,
        reason: "a plan's patched limits are kept as text, and a patched stage in the place of all",
        operations: &[Path("apigateway", "PATCH", "usageplans/*")],
        answer: usage_plans::updated,
    },
    Quirk {
        whose: Deployers,
        reason: "a plan that has stages is deleted",
        operations: &[Path("apigateway", "DELETE", "usageplans/*")],
        answer: usage_plans::deleted,
    },
    Quirk {
        whose: Deployers,
        reason: "a secret in its recovery window is refused with other texts, or not at all",
        operations: &[
            Target("secretsmanager.CreateSecret"),
            Target("secretsmanager.GetSecretValue"),
            Target("secretsmanager.PutSecretValue"),
            Target("secretsmanager.TagResource"),
            Target("secretsmanager.UntagResource"),
            Target("secretsmanager.UpdateSecret"),
        ],
        answer: refusals::secret_in_window,
    },
    Quirk {
        whose: Deployers,
        reason: "a mapping's StartingPositionTimestamp is dropped, and a queue's is made with what AWS refuses, and none reads as a consumer",
        operations: &[
            Path("lambda", "POST", "2015-03-31/event-source-mappings"),
            Path("lambda", "GET", "2015-03-31/event-source-mappings"),
            Path("lambda", "GET", "2015-03-31/event-source-mappings/*"),
            Path("lambda", "PUT", "2015-03-31/event-source-mappings/*"),
        ],
        answer: mappings::described,
    },
    Quirk {
        whose: Sessions,
        reason: "the code of a function is at an address that can be guessed",
        operations: &[Path("lambda", "GET", "2015-03-31/functions/*")],
        answer: code::location,
    },
    Quirk {
        whose: Deployers,
        reason: "UpdateStreamMode is unknown",
        operations: &[Target("Kinesis_20131202.UpdateStreamMode")],
        answer: streams::update_mode,
    },
    Quirk {
        whose: Deployers,
        reason: "UpdateMaxRecordSize is unknown",
        operations: &[Target("Kinesis_20131202.UpdateMaxRecordSize")],
        answer: streams::update_size,
    },
    Quirk {
        whose: Deployers,
        reason: "and so the mode that it set is not shown",
        operations: &[
            Target("Kinesis_20131202.DescribeStream"),
            Target("Kinesis_20131202.DescribeStreamSummary"),
            Target("Kinesis_20131202.ListStreams"),
        ],
        answer: streams::current_mode,
    },
    Quirk {
        whose: Sessions,
        reason: "the refusal of an empty partition key does not name it, and nobody tells the pollers of records",
        operations: &[Target("Kinesis_20131202.PutRecord"), Target("Kinesis_20131202.PutRecords")],
        answer: streams::put_record,
    },
    Quirk {
        whose: Sessions,
        reason: "UpdateShardCount makes new, empty shards under the ids of the old ones; split and merged ones are deleted",
        operations: &[
            Target("Kinesis_20131202.UpdateShardCount"),
            Target("Kinesis_20131202.SplitShard"),
            Target("Kinesis_20131202.MergeShards"),
        ],
        answer: reshard::update_count,
    },
    Quirk {
        whose: Sessions,
        reason: "and so closed shards are not listed",
        operations: &[Target("Kinesis_20131202.ListShards")],
        answer: listing::list,
    },
    Quirk {
        whose: Sessions,
        reason: "nor can one be read",
        operations: &[Target("Kinesis_20131202.GetShardIterator")],
        answer: shards::iterate,
    },
    Quirk {
        whose: Sessions,
        reason: "and an iterator from before goes on in another shard",
        operations: &[Target("Kinesis_20131202.GetRecords")],
        answer: shards::read,
    },
    Quirk {
        whose: Sessions,
        reason: "what the forwarder keeps of a stream ends with it",
        operations: &[Target("Kinesis_20131202.DeleteStream")],
        answer: shards::forget,
    },
    Quirk {
        whose: Deployers,
        reason: "the tags of CreateStream are dropped",
        operations: &[Target("Kinesis_20131202.CreateStream")],
        answer: streams::create,
    },
    Quirk {
        whose: Deployers,
        reason: "UpdateUserPool drops the name",
        operations: &[Target("AWSCognitoIdentityProviderService.UpdateUserPool")],
        answer: user_pools::rename,
    },
    Quirk {
        whose: Deployers,
        reason: "and so a new name is not shown",
        operations: &[
            Target("AWSCognitoIdentityProviderService.DescribeUserPool"),
            Target("AWSCognitoIdentityProviderService.ListUserPools"),
        ],
        answer: user_pools::named,
    },
    Quirk {
        whose: Sessions,
        reason: "logs stay in memory for ever",
        operations: &[Target("Logs_20140328.PutLogEvents")],
        answer: logs::put,
    },
    Quirk {
        whose: Sessions,
        reason: "the tagging API knows no streams, secrets and log groups",
        operations: &[Target("ResourceGroupsTaggingAPI_20170126.GetResources")],
        answer: tagging::get_resources,
    },
];

impl Quirk {
    /// Whether it is for the deployer, and not for a session's parts alone.
    pub fn is_for_deployers(&self) -> bool {
        self.whose == Deployers
    }

    /// Answers a call as AWS would.
    ///
    /// # Errors
    /// The endpoint gave no answer.
    pub async fn answer(&self, exchange: &Exchange<'_>) -> Answering {
        tracing::trace!(reason = self.reason, "the endpoint's answer is put right");
        (self.answer)(exchange).await
    }
}

/// The quirk that answers this call, if one does.
pub fn find(call: &Call, head: &Parts) -> Option<&'static Quirk> {
    let fits = |operation: &Operation| match operation {
        Target(target) => *target == call.target,
        Path(service, method, pattern) => {
            *service == call.service && *method == head.method && matches(pattern, head.uri.path())
        }
    };
    let more = front::QUIRKS.iter().chain(tables::QUIRKS).chain(changes::QUIRKS).chain(readers::QUIRKS);
    let more = more.chain(functions::QUIRKS);
    QUIRKS.iter().chain(more).find(|quirk| quirk.operations.iter().any(fits))
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.trim_matches('/').split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(want), Some(have)) if want == "*" || want == have => {}
            _ => return false,
        }
    }
}
