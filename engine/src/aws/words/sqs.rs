//! SQS's.

use super::Words;

pub const WORDS: Words = Words {
    not_found: &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"],
    exists: &["QueueAlreadyExists", "QueueNameExists"],
    // A queue can be used a second after it was made; another one's redrive may come before that.
    propagating: &["Invalid value for the parameter Policy", "Dead letter target does not exist"],
    busy_codes: &["AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently"],
    ..Words::NONE
};
