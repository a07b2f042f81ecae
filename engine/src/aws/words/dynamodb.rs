//! DynamoDB's.

use super::Words;

pub const WORDS: Words = Words {
    not_found: &["TableNotFoundException"],
    busy: &[
        "can be created, updated, or deleted simultaneously",
        "online index can be created or deleted simultaneously",
        "indexed tables that can be created simultaneously",
        "Backups are being enabled",
    ],
    busy_codes: &["ContinuousBackupsUnavailableException"],
    ..Words::NONE
};
