//! Keys of one's own (KMS): set, changed and left in place, each to its end. No emulator encrypts or asks KMS.

use pipe_test_support::Kind;

use crate::queues::EXAMPLE;
use crate::session::{Edit, each, sandbox, snapshot};

const CHANGES: &str = include_str!("../../../examples/table-changes.yaml");

/// Applies the spec, then makes each edit; the plans are the snapshot `name`.
fn shown(spec: &str, account: &str, name: &str, edits: &[Edit]) {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, account, spec);
    sandbox.pipe(&["apply", "--yes"]);
    snapshot(name, &each(&sandbox, edits));
}

#[test]
fn queues() {
    const EDITS: &[Edit] = &[
        ("key", "    max_receives: 5", "    max_receives: 5\n    key: arn:aws:kms:eu-central-1:200000000205:key/one"),
        ("another key", "key/one", "key/two"),
        ("encryption", "    key: arn:aws:kms:eu-central-1:200000000205:key/two", "    encryption: none"),
        ("key again", "    encryption: none", "    key: arn:aws:kms:eu-central-1:200000000205:key/one"),
        ("encryption, its default", "    key: arn:aws:kms:eu-central-1:200000000205:key/one\n", ""),
        ("the dlq's", "  queue: {}", "  queue: { key: 'arn:aws:kms:eu-central-1:200000000205:key/one' }"),
        ("no key of the dlq", "  queue: { key: 'arn:aws:kms:eu-central-1:200000000205:key/one' }", "  queue: {}"),
    ];
    shown(EXAMPLE, "200000000205", "edits_keys_queues", EDITS);
}

/// The consumer sends to the dlq, writes to the table, and the authorizer reads the secret.
#[test]
fn dlq_table_and_secret() {
    const EDITS: &[Edit] = &[
        ("the dlq's key", "    retention_days: 14", "    key: arn:aws:kms:eu-central-1:200000000206:key/dlq"),
        ("the table's key", "    capacity:", "    key: arn:aws:kms:eu-central-1:200000000206:key/one\n    capacity:"),
        ("another key of the table", "key/one", "key/two"),
        ("aws_owned", "    key: arn:aws:kms:eu-central-1:200000000206:key/two", "    encryption: aws_owned"),
        (
            "the table's key again",
            "    encryption: aws_owned",
            "    key: arn:aws:kms:eu-central-1:200000000206:key/one",
        ),
        ("no key of the table", "    key: arn:aws:kms:eu-central-1:200000000206:key/one\n", ""),
        ("the secret's key", "    cache_seconds: 0", "    key: arn:aws:kms:eu-central-1:200000000206:key/one"),
        ("another key of the secret", "key/one", "key/two"),
        ("no key of the secret", "    key: arn:aws:kms:eu-central-1:200000000206:key/two\n", ""),
    ];
    shown(crate::MAIN, "200000000206", "edits_keys_stores", EDITS);
}

#[test]
fn table_changes() {
    const EDITS: &[Edit] = &[
        (
            "key",
            "  table_changes: {}",
            "  table_changes: { table: { key: 'arn:aws:kms:eu-central-1:200000000207:key/one' } }",
        ),
        ("another key", "key/one", "key/two"),
        (
            "no key",
            "  table_changes: { table: { key: 'arn:aws:kms:eu-central-1:200000000207:key/two' } }",
            "  table_changes: {}",
        ),
    ];
    shown(CHANGES, "200000000207", "edits_keys_changes", EDITS);
}
