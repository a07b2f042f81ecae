//! Lambda's.

use super::Words;

pub const WORDS: Words = Words {
    propagating: &[
        "execution role does not have permissions",
        "ensure the role can perform",
        "KMS key is invalid for CreateGrant",
        // A security group that was made just now.
        "EC2 Error Code: InvalidGroup.NotFound",
    ],
    busy: &[
        "concurrent update operation",
        "update is in progress",
        "currently in the following state: Pending",
        "because it is in use",
    ],
    busy_codes: &["ResourceNotReadyException"],
    ..Words::NONE
};
