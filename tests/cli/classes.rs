//! Every refusal that passes by itself, with AWS's code and text, on the call where it occurs: twice,
//! then the call is taken. One run copes, and says what it waited for.
//!
//! Not here: what VPCs, secrets' policies, Cognito and usage plans answer, which `pipe` does not make; and what the SDK repeats
//! by itself within a second (throttles, 5xx), which says nothing.

use std::collections::BTreeMap;

use pipe_test_support::{Rule, RuleId, in_parallel};

use crate::chance::AT_ONCE;
use crate::site::{LEFT, MAIN, Site, WHOLE};

use Begins::{Applied, Cold, Destroyed, Edited};

/// Where a command begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Begins {
    /// An apply of the main file to an empty account.
    Cold,
    /// An apply of an edit of everything.
    Edited,
    /// A destroy.
    Applied,
    /// An apply after a destroy.
    Destroyed,
}

/// A refusal: when, which call (service, operation), what (status, code, text), and what is then said to be waited for.
type Refusal = (Begins, &'static str, &'static str, u16, &'static str, &'static str, &'static str);

const CONCURRENT: &str = "Unable to complete operation due to concurrent modification. Please try again later.";
const NOT_ASSUMED: &str = "The role defined for the function cannot be assumed by Lambda.";
const NO_STREAM_ACCESS: &str = "Cannot access stream arn:aws:kinesis:eu-central-1:1:stream/GatewayEventsStream. Please ensure \
                                the role can perform the GetRecords, GetShardIterator, DescribeStream, ListShards, and \
                                ListStreams Actions on your stream in IAM.";
const NO_TABLE_ACCESS: &str = "Cannot access stream arn:aws:dynamodb:eu-central-1:1:table/t/stream/s. Please ensure the role \
                               can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your \
                               stream in IAM.";
const NO_QUEUE: &str = "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error \
                        Message: The specified queue does not exist.";
const ROLE_FOR_FUNCTION: &str = "the role of function `gateway-events-consumer` to be known to Lambda";
const ROLE_FOR_MAPPING: &str = "the function's role to reach Lambda";
const SOURCE_FOR_MAPPING: &str = "Lambda to know the source and the function";
const API: &str = "API Gateway to take the next change of the REST API";
const NOT_KNOWN: &str = "another look, because it is not known whether the last call took effect";

#[rustfmt::skip]
const IAM: &[Refusal] = &[
    (Cold, "iam", "CreateRole", 400, "MalformedPolicyDocument", "Invalid principal in policy: \"AWS\":\"arn:aws:iam::1:role/r\"", "IAM to know the principals of the trust policy"),
    (Cold, "iam", "CreateRole", 409, "EntityAlreadyExists", "Role with name gateway-events-consumer-role-eu-central-1 already exists.", NOT_KNOWN),
    (Cold, "iam", "PutRolePolicy", 404, "NoSuchEntity", "The role with name gateway-events-consumer-role-eu-central-1 cannot be found.", "IAM to take the change of the role"),
    (Cold, "iam", "PutRolePolicy", 409, "ConcurrentModification", "The request was rejected because multiple requests to change this object were submitted simultaneously.", "IAM to take the change of the role"),
    (Edited, "iam", "TagRole", 409, "ConcurrentModification", "The request was rejected because multiple requests to change this object were submitted simultaneously.", "IAM to take the change of the role"),
    (Applied, "iam", "DeleteRole", 409, "DeleteConflict", "Cannot delete entity, must detach all policies first.", "IAM to forget the role's policies"),
    (Applied, "iam", "DeleteRolePolicy", 409, "ConcurrentModification", "The request was rejected because multiple requests to change this object were submitted simultaneously.", "IAM to take the change of the role"),
];

#[rustfmt::skip]
const LAMBDA: &[Refusal] = &[
    (Cold, "lambda", "CreateFunction", 400, "InvalidParameterValueException", NOT_ASSUMED, ROLE_FOR_FUNCTION),
    (Cold, "lambda", "CreateFunction", 400, "InvalidParameterValueException", "The provided execution role does not have permissions to call SendMessage on SQS", ROLE_FOR_FUNCTION),
    (Cold, "lambda", "CreateFunction", 400, "InvalidParameterValueException", "Lambda was unable to configure access to your environment variables because the KMS key is invalid for CreateGrant. Please check your KMS key settings.", ROLE_FOR_FUNCTION),
    (Cold, "lambda", "CreateFunction", 409, "ResourceConflictException", "Function already exist: gateway-events-consumer", NOT_KNOWN),
    (Edited, "lambda", "UpdateFunctionConfiguration", 409, "ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:eu-central-1:1:function:gateway-events-consumer", "function `gateway-events-consumer` and its role to be ready for the change"),
    (Edited, "lambda", "UpdateFunctionConfiguration", 409, "ResourceConflictException", "The operation cannot be performed at this time. The function is currently in the following state: Pending", "function `gateway-events-consumer` and its role to be ready for the change"),
    (Edited, "lambda", "UpdateFunctionConfiguration", 409, "ResourceConflictException", "The function could not be updated due to a concurrent update operation", "function `gateway-events-consumer` and its role to be ready for the change"),
    (Edited, "lambda", "UpdateFunctionConfiguration", 400, "InvalidParameterValueException", NOT_ASSUMED, "function `gateway-events-consumer` and its role to be ready for the change"),
    (Applied, "lambda", "DeleteFunction", 409, "ResourceConflictException", "The operation cannot be performed at this time. The function is currently in the following state: Pending", "function `gateway-events-consumer` to be deletable"),
    (Cold, "lambda", "CreateEventSourceMapping", 400, "InvalidParameterValueException", NOT_ASSUMED, ROLE_FOR_MAPPING),
    (Cold, "lambda", "CreateEventSourceMapping", 400, "InvalidParameterValueException", NO_STREAM_ACCESS, ROLE_FOR_MAPPING),
    (Cold, "lambda", "CreateEventSourceMapping", 400, "InvalidParameterValueException", NO_TABLE_ACCESS, ROLE_FOR_MAPPING),
    (Cold, "lambda", "CreateEventSourceMapping", 400, "InvalidParameterValueException", "The function execution role does not have permissions to call ReceiveMessage on SQS", ROLE_FOR_MAPPING),
    (Cold, "lambda", "CreateEventSourceMapping", 400, "InvalidParameterValueException", "The function's execution role does not have permissions to call SendMessage on arn:aws:sqs:eu-central-1:1:q", ROLE_FOR_MAPPING),
    (Cold, "lambda", "CreateEventSourceMapping", 400, "InvalidParameterValueException", "Stream not found: arn:aws:kinesis:eu-central-1:1:stream/GatewayEventsStream", SOURCE_FOR_MAPPING),
    (Cold, "lambda", "CreateEventSourceMapping", 400, "InvalidParameterValueException", NO_QUEUE, SOURCE_FOR_MAPPING),
    (Cold, "lambda", "CreateEventSourceMapping", 400, "InvalidParameterValueException", "Function does not exist", SOURCE_FOR_MAPPING),
    (Cold, "lambda", "CreateEventSourceMapping", 429, "TooManyRequestsException", "Rate exceeded", ROLE_FOR_MAPPING),
    (Edited, "lambda", "UpdateEventSourceMapping", 400, "ResourceInUseException", "Cannot update the event source mapping because it is in use.", "to accept the change"),
    (Edited, "lambda", "UpdateEventSourceMapping", 400, "InvalidParameterValueException", NO_STREAM_ACCESS, "to accept the change"),
    (Edited, "lambda", "TagResource", 409, "ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:eu-central-1:1:function:gateway-events-consumer", "to be ready for its tags"),
    (Applied, "lambda", "DeleteEventSourceMapping", 400, "ResourceInUseException", "Cannot delete the event source mapping because it is in use.", "to accept its deletion"),
];

#[rustfmt::skip]
const API_GATEWAY: &[Refusal] = &[
    (Cold, "apigateway", "CreateRestApi", 429, "TooManyRequestsException", "Too Many Requests", "API Gateway's turn to make a REST API"),
    (Cold, "apigateway", "CreateAuthorizer", 409, "ConflictException", CONCURRENT, API),
    (Cold, "apigateway", "CreateModel", 409, "ConflictException", CONCURRENT, API),
    (Cold, "apigateway", "CreateResource", 409, "ConflictException", CONCURRENT, API),
    (Cold, "apigateway", "PutMethod", 409, "ConflictException", CONCURRENT, API),
    (Cold, "apigateway", "PutIntegration", 409, "ConflictException", CONCURRENT, API),
    (Cold, "apigateway", "CreateDeployment", 409, "ConflictException", CONCURRENT, API),
    (Cold, "apigateway", "CreateStage", 409, "ConflictException", CONCURRENT, API),
    (Cold, "apigateway", "UpdateStage", 400, "BadRequestException", "CloudWatch Logs role ARN must be set in account settings to enable logging", API),
    (Applied, "apigateway", "DeleteRestApi", 409, "ConflictException", CONCURRENT, API),
];

/// API Gateway looks at the account's role every 20 s at most, so these are refused once.
#[rustfmt::skip]
const ACCOUNT: &[Refusal] = &[
    (Cold, "apigateway", "UpdateAccount", 400, "BadRequestException", "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add the required role policy.", "API Gateway to accept the account's logging role"),
    (Cold, "apigateway", "UpdateAccount", 400, "BadRequestException", "API Gateway could not successfully write to CloudWatch Logs using the ARN specified", "API Gateway to accept the account's logging role"),
];

#[rustfmt::skip]
const STORES: &[Refusal] = &[
    (Cold, "dynamodb", "CreateTable", 400, "ResourceInUseException", "Table already exists: EventTable", NOT_KNOWN),
    (Cold, "dynamodb", "UpdateContinuousBackups", 400, "ContinuousBackupsUnavailableException", "Backups are being enabled for the table: EventTable. Please retry later", "the continuous backups of table `EventTable` to be available"),
    (Edited, "dynamodb", "UpdateTable", 400, "ResourceInUseException", "Attempt to change a resource which is still in use: Table is being updated: EventTable", "table `EventTable` to accept the next change"),
    (Edited, "dynamodb", "TagResource", 400, "ResourceInUseException", "Attempt to change a resource which is still in use: Table is being updated: EventTable", "table `EventTable` to accept its tags"),
    (Applied, "dynamodb", "DeleteTable", 400, "ResourceInUseException", "Cannot delete table while indexes are being created, updated, or deleted", "table `EventTable` to accept its deletion"),
    (Cold, "kinesis", "CreateStream", 400, "ResourceInUseException", "Stream GatewayEventsStream under account 1 already exists.", NOT_KNOWN),
    (Edited, "kinesis", "IncreaseStreamRetentionPeriod", 400, "ResourceInUseException", "Stream GatewayEventsStream under account 1 not ACTIVE, instead in state UPDATING", "stream `GatewayEventsStream` to accept the next change"),
    (Edited, "kinesis", "AddTagsToStream", 400, "ResourceInUseException", "Stream GatewayEventsStream under account 1 not ACTIVE, instead in state UPDATING", "stream `GatewayEventsStream` to accept its tags"),
    (Applied, "kinesis", "DeleteStream", 400, "ResourceInUseException", "Stream GatewayEventsStream under account 1 not ACTIVE, instead in state UPDATING", "stream `GatewayEventsStream` to accept its deletion"),
    (Cold, "sqs", "CreateQueue", 400, "AWS.SimpleQueueService.QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.", "SQS to free the name `LambdaDeadLetterQueue`"),
    (Cold, "sqs", "CreateQueue", 400, "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute MessageRetentionPeriod", NOT_KNOWN),
    (Edited, "sqs", "SetQueueAttributes", 400, "InvalidAttributeValue", "Invalid value for the parameter Policy.", "SQS to know the principals of the queue's policy"),
    (Cold, "secretsmanager", "CreateSecret", 400, "InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.", "Secrets Manager to free the name `gateway/credentials`"),
    (Destroyed, "secretsmanager", "TagResource", 400, "InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.", "Secrets Manager to bring the secret back"),
    (Cold, "logs", "CreateLogGroup", 400, "OperationAbortedException", "A conflicting operation is currently in progress against this resource. Please try again.", "another change of the log group to end"),
    (Cold, "logs", "CreateLogGroup", 400, "ResourceAlreadyExistsException", "The specified log group already exists", NOT_KNOWN),
    (Edited, "logs", "TagResource", 400, "OperationAbortedException", "A conflicting operation is currently in progress against this resource. Please try again.", "another change of the log group to end"),
    (Cold, "logs", "PutRetentionPolicy", 400, "OperationAbortedException", "A conflicting operation is currently in progress against this resource. Please try again.", "another change of the log group to end"),
];

/// What tells the calls for one resource from those for others of its kind.
fn about(service: &str, operation: &str) -> &'static str {
    match (service, operation) {
        ("lambda", "CreateFunction" | "UpdateFunctionConfiguration" | "DeleteFunction") => "gateway-events-consumer",
        ("lambda", "TagResource") => "function",
        ("iam", _) => "gateway-events-consumer-role",
        ("logs", _) => "/aws/lambda/gateway-events-consumer",
        _ => "",
    }
}

impl Begins {
    fn site(self) -> Site {
        if self == Cold {
            return Site::new(MAIN);
        }
        let site = Site::applied();
        let edits: &[(&str, &str)] = match self {
            Edited => &[
                ("memory_mb: 128", "memory_mb: 256"),
                ("retries: 100", "retries: 50"),
                ("write: 10", "write: 11"),
                ("retention_days: 14", "retention_days: 13"),
                ("retention_hours: 24", "retention_hours: 48"),
                ("source:\n", "tags: { team: events }\n\nsource:\n"),
            ],
            Destroyed => {
                site.user.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
                &[("source:\n", "tags: { team: events }\n\nsource:\n")]
            }
            Cold | Applied => &[],
        };
        edits.iter().for_each(|(from, to)| site.user.edit(from, to));
        site.user.account.clear();
        site
    }

    /// Runs the command while these calls are refused so often.
    fn copes(self, refusals: &[Refusal], times: usize) {
        let site = self.site();
        let set = |&(_, service, operation, status, code, text, _): &Refusal| {
            let rule = Rule::on(service, operation).containing(about(service, operation)).times(times);
            site.user.account.set(rule.fail(status, code, text))
        };
        let rules: Vec<RuleId> = refusals.iter().map(set).collect();
        let command = if self == Applied { "destroy" } else { "apply" };
        let run = site.user.run(&[command, "--yes", "--allow-data-loss", "all", "--allow-widening"]);
        assert_eq!(run.code, Some(0), "{self:?} {refusals:?}\n{}", run.err);
        for ((_, _, operation, _, code, text, waits), rule) in refusals.iter().zip(rules) {
            assert_eq!(site.user.account.fired(rule), times, "{self:?} {operation} {code} {text}");
            let said = run.err.lines().any(|line| line.contains(": waiting for ") && line.contains(waits));
            assert!(said, "{self:?} {operation} {code}: nothing of `{waits}` in\n{}", run.err);
        }
        assert_eq!(site.census(), if self == Applied { LEFT } else { WHOLE }, "{self:?} {refusals:?}");
        let (command, nothing) =
            if self == Applied { ("destroy", "There is nothing of") } else { ("diff", "Nothing to do") };
        let again = site.user.run(&[command]);
        assert!(again.out.contains(nothing), "{self:?} {refusals:?}\n{}", again.out);
    }
}

/// One run for each n: it takes the n-th refusal of every call.
fn each_copes(refusals: &[Refusal], times: usize) {
    let mut runs: BTreeMap<(Begins, usize), Vec<Refusal>> = BTreeMap::new();
    let mut counts: BTreeMap<(Begins, &str, &str), usize> = BTreeMap::new();
    for refusal in refusals {
        let count = counts.entry((refusal.0, refusal.1, refusal.2)).or_default();
        runs.entry((refusal.0, *count)).or_default().push(*refusal);
        *count += 1;
    }
    let runs: Vec<(Begins, Vec<Refusal>)> = runs.into_iter().map(|((begins, _), run)| (begins, run)).collect();
    in_parallel(AT_ONCE, &runs, |(begins, run)| begins.copes(run, times));
}

#[test]
fn what_passes_by_itself_is_waited_for() {
    each_copes(&[IAM, LAMBDA, API_GATEWAY, STORES].concat(), 2);
}

#[test]
fn the_accounts_logging_role_is_waited_for() {
    each_copes(ACCOUNT, 1);
}

/// With `--json` each wait is an event, once for all its attempts.
#[test]
fn a_wait_is_an_event() {
    let site = Site::new(MAIN);
    let refused = Rule::on("lambda", "CreateFunction").containing("gateway-events-consumer").times(2);
    site.user.account.set(refused.fail(400, "InvalidParameterValueException", NOT_ASSUMED));
    let out = site.user.pipe(&["apply", "--yes", "--json"]);
    let events = out.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let waits = events.filter(|event| event["event"] == "waiting" && event["id"] == "consumer");
    assert_eq!(waits.filter(|event| event["waiting_for"] == ROLE_FOR_FUNCTION).count(), 1, "{out}");
}
