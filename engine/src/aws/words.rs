//! The codes and texts by which refusals are told apart: those of all services here, those of one in a file of its own.

mod apigateway;
mod cloudwatch;
mod cognito_idp;
mod dynamodb;
mod ec2;
mod events;
mod iam;
mod iot;
mod kinesis;
mod lambda;
mod logs;
mod s3;
mod scheduler;
mod secretsmanager;
mod sns;
mod sqs;
mod ssm;
mod wafv2;

/// What a service says for a class of errors: codes, or parts of messages.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// Codes: there is no such thing.
    pub not_found: &'static [&'static str],
    /// Codes: there is one already.
    pub exists: &'static [&'static str],
    /// Messages: a role, a policy or a new resource has not reached all of AWS yet.
    pub propagating: &'static [&'static str],
    /// Messages: another change of the same thing is under way.
    pub busy: &'static [&'static str],
    /// Codes of the same.
    pub busy_codes: &'static [&'static str],
    /// Codes: too many calls, whatever the HTTP status. Of a `LimitExceededException` the message decides.
    pub throttled: &'static [&'static str],
}

impl Words {
    /// A service that says nothing of its own.
    pub const NONE: Self =
        Self { not_found: &[], exists: &[], propagating: &[], busy: &[], busy_codes: &[], throttled: &[] };
}

const COMMON: Words = Words {
    not_found: &["ResourceNotFoundException", "NotFoundException"],
    exists: &[],
    propagating: &["cannot be assumed", "Invalid principal in policy", "PrincipalNotFound"],
    busy: &["concurrent modification"],
    busy_codes: &["ConcurrentModificationException", "ResourceInUseException"],
    throttled: &[
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "SlowDown",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
    ],
};

/// By the service's name in IAM's actions.
const SERVICES: &[(&str, Words)] = &[
    ("apigateway", apigateway::WORDS),
    ("cloudwatch", cloudwatch::WORDS),
    ("cognito-idp", cognito_idp::WORDS),
    ("dynamodb", dynamodb::WORDS),
    ("events", events::WORDS),
    ("ec2", ec2::WORDS),
    ("iam", iam::WORDS),
    ("iot", iot::WORDS),
    ("kinesis", kinesis::WORDS),
    ("lambda", lambda::WORDS),
    ("logs", logs::WORDS),
    ("scheduler", scheduler::WORDS),
    ("s3", s3::WORDS),
    ("secretsmanager", secretsmanager::WORDS),
    ("sns", sns::WORDS),
    ("sqs", sqs::WORDS),
    ("ssm", ssm::WORDS),
    ("wafv2", wafv2::WORDS),
];

/// The words for the refusals of an operation such as `kinesis:CreateStream`: the common ones, and its service's own.
pub fn of(operation: &str) -> [Words; 2] {
    let service = operation.split(':').next().unwrap_or_default();
    let own = SERVICES.iter().find(|(name, _)| *name == service).map_or(Words::NONE, |(_, words)| *words);
    [COMMON, own]
}
