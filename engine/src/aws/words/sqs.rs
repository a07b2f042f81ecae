//! SQS's.

use super::Words;

pub const WORDS: Words = Words {
    not_found: &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"],
    exists: &["QueueAlreadyExists", "QueueNameExists"],
    propagating: &["Invalid value for the parameter Policy"],
    busy_codes: &["AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently"],
    ..Words::NONE
};
