//! S3's.

use super::Words;

pub const WORDS: Words = Words {
    not_found: &["NoSuchBucket"],
    exists: &["BucketAlreadyOwnedByYou"],
    // Just after a delete of the same name, and while another change of the bucket's settings is under way.
    busy_codes: &["OperationAborted"],
    ..Words::NONE
};
