//! API Gateway's.

use super::Words;

pub const WORDS: Words = Words {
    propagating: &[
        "The role ARN does not have required permissions",
        "could not successfully write to CloudWatch Logs using the ARN specified",
        "CloudWatch Logs role ARN must be set in account settings",
    ],
    busy: &[
        // While AWS changes its endpoint, name or security policy.
        "already an update in progress",
        "deploy a RestApi while the apiStatus is UPDATING",
    ],
    ..Words::NONE
};
