//! The operations of the services that spell them as method and path.

use hyper::Method;

/// Method, path (`*` is any one segment), operation. A Lambda path is without its date.
type Operation = (&'static str, &'static str, &'static str);

const LAMBDA: &[Operation] = &[
    ("POST", "functions", "CreateFunction"),
    ("GET", "functions", "ListFunctions"),
    ("GET", "functions/*", "GetFunction"),
    ("DELETE", "functions/*", "DeleteFunction"),
    ("GET", "functions/*/configuration", "GetFunctionConfiguration"),
    ("PUT", "functions/*/configuration", "UpdateFunctionConfiguration"),
    ("PUT", "functions/*/code", "UpdateFunctionCode"),
    ("GET", "functions/*/concurrency", "GetFunctionConcurrency"),
    ("PUT", "functions/*/concurrency", "PutFunctionConcurrency"),
    ("DELETE", "functions/*/concurrency", "DeleteFunctionConcurrency"),
    ("POST", "functions/*/invocations", "Invoke"),
    ("GET", "functions/*/event-invoke-config", "GetFunctionEventInvokeConfig"),
    ("PUT", "functions/*/event-invoke-config", "PutFunctionEventInvokeConfig"),
    ("DELETE", "functions/*/event-invoke-config", "DeleteFunctionEventInvokeConfig"),
    ("POST", "functions/*/policy", "AddPermission"),
    ("GET", "functions/*/policy", "GetPolicy"),
    ("DELETE", "functions/*/policy/*", "RemovePermission"),
    ("POST", "event-source-mappings", "CreateEventSourceMapping"),
    ("GET", "event-source-mappings", "ListEventSourceMappings"),
    ("GET", "event-source-mappings/*", "GetEventSourceMapping"),
    ("PUT", "event-source-mappings/*", "UpdateEventSourceMapping"),
    ("DELETE", "event-source-mappings/*", "DeleteEventSourceMapping"),
    ("GET", "tags/*", "ListTags"),
    ("POST", "tags/*", "TagResource"),
    ("DELETE", "tags/*", "UntagResource"),
    ("GET", "account-settings", "GetAccountSettings"),
];

const SCHEDULER: &[Operation] = &[
    ("POST", "schedule-groups/*", "CreateScheduleGroup"),
    ("GET", "schedule-groups", "ListScheduleGroups"),
    ("GET", "schedule-groups/*", "GetScheduleGroup"),
    ("DELETE", "schedule-groups/*", "DeleteScheduleGroup"),
    ("GET", "schedules", "ListSchedules"),
    ("POST", "schedules/*", "CreateSchedule"),
    ("GET", "schedules/*", "GetSchedule"),
    ("PUT", "schedules/*", "UpdateSchedule"),
    ("DELETE", "schedules/*", "DeleteSchedule"),
    ("GET", "tags/*", "ListTagsForResource"),
    ("POST", "tags/*", "TagResource"),
    ("DELETE", "tags/*", "UntagResource"),
];

const IOT: &[Operation] = &[
    ("GET", "rules", "ListTopicRules"),
    ("POST", "rules/*", "CreateTopicRule"),
    ("GET", "rules/*", "GetTopicRule"),
    ("PATCH", "rules/*", "ReplaceTopicRule"),
    ("DELETE", "rules/*", "DeleteTopicRule"),
    ("GET", "tags", "ListTagsForResource"),
    ("POST", "tags", "TagResource"),
    ("POST", "untag", "UntagResource"),
];

/// The path is the bucket, and the part that is meant, which S3 has in the query.
const S3: &[Operation] = &[
    ("PUT", "*", "CreateBucket"),
    ("DELETE", "*", "DeleteBucket"),
    ("GET", "*/policy", "GetBucketPolicy"),
    ("PUT", "*/policy", "PutBucketPolicy"),
    ("DELETE", "*/policy", "DeleteBucketPolicy"),
    ("GET", "*/tagging", "GetBucketTagging"),
    ("PUT", "*/tagging", "PutBucketTagging"),
    ("GET", "*/notification", "GetBucketNotification"),
    ("PUT", "*/notification", "PutBucketNotification"),
];

const API_GATEWAY: &[Operation] = &[
    ("GET", "account", "GetAccount"),
    ("PATCH", "account", "UpdateAccount"),
    ("GET", "tags/*", "GetTags"),
    ("PUT", "tags/*", "TagResource"),
    ("DELETE", "tags/*", "UntagResource"),
    ("POST", "apikeys", "CreateApiKey"),
    ("GET", "apikeys", "GetApiKeys"),
    ("GET", "apikeys/*", "GetApiKey"),
    ("PATCH", "apikeys/*", "UpdateApiKey"),
    ("DELETE", "apikeys/*", "DeleteApiKey"),
    ("POST", "usageplans", "CreateUsagePlan"),
    ("GET", "usageplans", "GetUsagePlans"),
    ("GET", "usageplans/*", "GetUsagePlan"),
    ("PATCH", "usageplans/*", "UpdateUsagePlan"),
    ("DELETE", "usageplans/*", "DeleteUsagePlan"),
    ("POST", "usageplans/*/keys", "CreateUsagePlanKey"),
    ("GET", "usageplans/*/keys", "GetUsagePlanKeys"),
    ("DELETE", "usageplans/*/keys/*", "DeleteUsagePlanKey"),
    ("POST", "domainnames", "CreateDomainName"),
    ("GET", "domainnames", "GetDomainNames"),
    ("GET", "domainnames/*", "GetDomainName"),
    ("PATCH", "domainnames/*", "UpdateDomainName"),
    ("DELETE", "domainnames/*", "DeleteDomainName"),
    ("POST", "domainnames/*/basepathmappings", "CreateBasePathMapping"),
    ("GET", "domainnames/*/basepathmappings", "GetBasePathMappings"),
    ("PATCH", "domainnames/*/basepathmappings/*", "UpdateBasePathMapping"),
    ("DELETE", "domainnames/*/basepathmappings/*", "DeleteBasePathMapping"),
    ("POST", "restapis", "CreateRestApi"),
    ("GET", "restapis", "GetRestApis"),
    ("GET", "restapis/*", "GetRestApi"),
    ("PUT", "restapis/*", "PutRestApi"),
    ("PATCH", "restapis/*", "UpdateRestApi"),
    ("DELETE", "restapis/*", "DeleteRestApi"),
    ("GET", "restapis/*/resources", "GetResources"),
    ("GET", "restapis/*/resources/*", "GetResource"),
    ("POST", "restapis/*/resources/*", "CreateResource"),
    ("PATCH", "restapis/*/resources/*", "UpdateResource"),
    ("DELETE", "restapis/*/resources/*", "DeleteResource"),
    ("GET", "restapis/*/resources/*/methods/*", "GetMethod"),
    ("PUT", "restapis/*/resources/*/methods/*", "PutMethod"),
    ("PATCH", "restapis/*/resources/*/methods/*", "UpdateMethod"),
    ("DELETE", "restapis/*/resources/*/methods/*", "DeleteMethod"),
    ("GET", "restapis/*/resources/*/methods/*/responses/*", "GetMethodResponse"),
    ("PUT", "restapis/*/resources/*/methods/*/responses/*", "PutMethodResponse"),
    ("PATCH", "restapis/*/resources/*/methods/*/responses/*", "UpdateMethodResponse"),
    ("DELETE", "restapis/*/resources/*/methods/*/responses/*", "DeleteMethodResponse"),
    ("GET", "restapis/*/resources/*/methods/*/integration", "GetIntegration"),
    ("PUT", "restapis/*/resources/*/methods/*/integration", "PutIntegration"),
    ("PATCH", "restapis/*/resources/*/methods/*/integration", "UpdateIntegration"),
    ("DELETE", "restapis/*/resources/*/methods/*/integration", "DeleteIntegration"),
    ("GET", "restapis/*/resources/*/methods/*/integration/responses/*", "GetIntegrationResponse"),
    ("PUT", "restapis/*/resources/*/methods/*/integration/responses/*", "PutIntegrationResponse"),
    ("PATCH", "restapis/*/resources/*/methods/*/integration/responses/*", "UpdateIntegrationResponse"),
    ("DELETE", "restapis/*/resources/*/methods/*/integration/responses/*", "DeleteIntegrationResponse"),
    ("GET", "restapis/*/authorizers", "GetAuthorizers"),
    ("POST", "restapis/*/authorizers", "CreateAuthorizer"),
    ("GET", "restapis/*/authorizers/*", "GetAuthorizer"),
    ("PATCH", "restapis/*/authorizers/*", "UpdateAuthorizer"),
    ("DELETE", "restapis/*/authorizers/*", "DeleteAuthorizer"),
    ("GET", "restapis/*/models", "GetModels"),
    ("POST", "restapis/*/models", "CreateModel"),
    ("GET", "restapis/*/models/*", "GetModel"),
    ("PATCH", "restapis/*/models/*", "UpdateModel"),
    ("DELETE", "restapis/*/models/*", "DeleteModel"),
    ("GET", "restapis/*/requestvalidators", "GetRequestValidators"),
    ("POST", "restapis/*/requestvalidators", "CreateRequestValidator"),
    ("GET", "restapis/*/requestvalidators/*", "GetRequestValidator"),
    ("PATCH", "restapis/*/requestvalidators/*", "UpdateRequestValidator"),
    ("DELETE", "restapis/*/requestvalidators/*", "DeleteRequestValidator"),
    ("GET", "restapis/*/gatewayresponses", "GetGatewayResponses"),
    ("GET", "restapis/*/gatewayresponses/*", "GetGatewayResponse"),
    ("PUT", "restapis/*/gatewayresponses/*", "PutGatewayResponse"),
    ("PATCH", "restapis/*/gatewayresponses/*", "UpdateGatewayResponse"),
    ("DELETE", "restapis/*/gatewayresponses/*", "DeleteGatewayResponse"),
    ("GET", "restapis/*/deployments", "GetDeployments"),
    ("POST", "restapis/*/deployments", "CreateDeployment"),
    ("GET", "restapis/*/deployments/*", "GetDeployment"),
    ("PATCH", "restapis/*/deployments/*", "UpdateDeployment"),
    ("DELETE", "restapis/*/deployments/*", "DeleteDeployment"),
    ("GET", "restapis/*/stages", "GetStages"),
    ("POST", "restapis/*/stages", "CreateStage"),
    ("GET", "restapis/*/stages/*", "GetStage"),
    ("PATCH", "restapis/*/stages/*", "UpdateStage"),
    ("DELETE", "restapis/*/stages/*", "DeleteStage"),
];

/// Names the operation; one that the tables do not know is named by its method and path.
pub fn name(service: &str, method: &Method, segments: &[String], query: &str) -> String {
    let mut segments = segments.to_vec();
    let table = match service {
        "lambda" => {
            segments = segments.split_off(segments.len().min(1));
            LAMBDA
        }
        "scheduler" => SCHEDULER,
        "iot" => IOT,
        "s3" => {
            let part = query.split(['&', '=']).next().unwrap_or_default();
            segments.extend(
                ["policy", "tagging", "notification"].into_iter().filter(|known| *known == part).map(str::to_owned),
            );
            S3
        }
        _ => API_GATEWAY,
    };
    let matches = |pattern: &str| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        pattern.len() == segments.len() && pattern.iter().zip(&segments).all(|(p, segment)| *p == "*" || p == segment)
    };
    let found = table.iter().find(|(verb, path, _)| method == verb && matches(path));
    found.map_or_else(|| format!("{method} /{}", segments.join("/")), |(_, _, operation)| (*operation).to_owned())
}
