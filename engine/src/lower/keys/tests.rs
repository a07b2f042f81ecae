use std::path::Path;

use serde_json::{Value, json};

use crate::aws::mocked::place;
use crate::bundle::Codes;
use crate::lower::lower;
use crate::spec::{Loaded, Report, parse};

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const SPEC: &str = include_str!("../../../../tests/specs/good/key.yaml");

fn loaded(text: &str) -> Result<Loaded, Report> {
    parse("pipeline.yaml", text.as_bytes(), Path::new("."))
}

/// The statement of a role, where it has it.
fn may(spec: &str, role: &str, sid: &str) -> Option<Value> {
    let graph = lower(&loaded(spec).unwrap(), &place(), &Codes::unbuilt()).unwrap();
    let policy = graph.node(role).unwrap().desired["policies"]["pipe"].clone();
    policy["Statement"].as_array().unwrap().iter().find(|one| one["Sid"] == sid).cloned()
}

#[test]
fn a_key_of_ones_own_is_used_for_the_stream_alone() {
    let graph = lower(&loaded(SPEC).unwrap(), &place(), &Codes::unbuilt()).unwrap();
    assert_eq!(graph.node("stream").unwrap().desired["encryption"], KEY);
    let without = SPEC.replace(&format!("    key: {KEY}\n"), "    shards: 1\n");
    let stream = "arn:aws:kinesis:eu-central-1:111122223333:stream/orders-stream";
    let bound = json!({ "StringEquals": { "kms:EncryptionContext:aws:kinesis:arn": [stream] } });
    for (role, sid, action) in
        [("api-role", "EncryptRecords", "kms:GenerateDataKey"), ("consumer-role", "DecryptRecords", "kms:Decrypt")]
    {
        let told = may(SPEC, role, sid).unwrap();
        let on = json!(["arn:aws:kms:eu-central-1:111122223333:key/*"]);
        assert_eq!((&told["Action"], &told["Resource"]), (&json!([action]), &on));
        assert_eq!(told["Condition"], bound);
        assert_eq!(may(&without, role, sid), None);
    }
}

#[test]
fn a_key_of_another_region_or_account_is_refused() {
    for (from, to) in [("kms:eu-central-1", "kms:eu-west-1"), (":111122223333:", ":999988887777:")] {
        let loaded = loaded(&SPEC.replace(from, to)).unwrap();
        let refused = lower(&loaded, &place(), &Codes::unbuilt()).unwrap_err();
        assert!(refused.to_string().contains("is not in region"), "{refused}");
        let here = loaded.with_stand_ins();
        let local = crate::aws::Place { account: "000000000000".into(), ..place() };
        assert!(lower(&here, &local, &Codes::unbuilt()).is_ok(), "`pipe dev` does not encrypt with it");
    }
}

#[test]
fn a_key_stands_without_encryption_and_is_no_alias() {
    for (bad, why) in [
        (SPEC.replace("    key:", "    encryption: none\n    key:"), "`encryption` does not go with `key`"),
        (SPEC.replace(KEY, "alias/mine"), "must be the ARN of a KMS key (not of an alias)"),
    ] {
        let report = loaded(&bad).unwrap_err().to_string();
        assert!(report.contains(why), "{report}");
    }
}

const ALL: &str = include_str!("../../../../tests/specs/good/kms_keys.yaml");
const QUEUES: &str = include_str!("../../../../tests/specs/good/queue_key.yaml");

/// The spec without its keys.
fn without(spec: &str) -> String {
    let kept = spec.lines().filter(|line| !line.trim_start().starts_with("key: arn:"));
    // What has lost its only key is `{}`.
    let text: String = kept.map(|line| format!("{line}\n")).collect();
    text.replace("  basic:\n", "  basic: {}\n")
        .replace("    table:\nconsumer", "    table: {}\nconsumer")
        .replace("  queue:\n    allow", "  queue:\n    delay_seconds: 0\n    allow")
        .replace("dlq:\n  queue:\n", "dlq:\n  queue: {}\n")
}

/// What a statement allows: its actions and its condition. Every one is about the keys of the account and region.
fn bounds(spec: &str, role: &str, sid: &str) -> (Value, Value) {
    assert_eq!(may(&without(spec), role, sid), None, "no key, no right");
    let told = may(spec, role, sid).unwrap_or_else(|| panic!("{role} lacks {sid}"));
    assert_eq!(told["Resource"], json!(["arn:aws:kms:eu-central-1:111122223333:key/*"]));
    (told["Action"].clone(), told["Condition"].clone())
}

fn on_queue(name: &str) -> Value {
    let arn = format!("arn:aws:sqs:eu-central-1:111122223333:{name}");
    json!({ "StringEquals": { "kms:EncryptionContext:aws:sqs:arn": [arn] } })
}

fn on_table(name: &str) -> Value {
    json!({ "StringEquals": {
        "kms:EncryptionContext:aws:dynamodb:tableName": [name],
        "kms:ViaService": ["dynamodb.eu-central-1.amazonaws.com"],
    } })
}

#[test]
fn senders_and_the_reader_of_a_queue_use_its_key_for_it_alone() {
    let both = json!(["kms:Decrypt", "kms:GenerateDataKey"]);
    assert_eq!(bounds(QUEUES, "api-role", "EncryptMessages"), (both.clone(), on_queue("jobs-queue")));
    assert_eq!(bounds(QUEUES, "consumer-role", "DecryptMessages"), (json!(["kms:Decrypt"]), on_queue("jobs-queue")));
    assert_eq!(may(QUEUES, "consumer-role", "EncryptLetters"), None, "SQS moves its messages itself");
    assert_eq!(bounds(ALL, "consumer-role", "EncryptLetters"), (both, on_queue("people-dlq")));
}

#[test]
fn users_of_a_table_decrypt_through_dynamodb_alone() {
    let decrypt = json!(["kms:Decrypt"]);
    let stream = may(ALL, "consumer-role", "ReadStream").unwrap()["Resource"][0].as_str().unwrap().to_owned();
    let changing = stream.split('/').nth(1).unwrap();
    assert_eq!(bounds(ALL, "consumer-role", "DecryptTable"), (decrypt.clone(), on_table("people-table")));
    assert_eq!(bounds(ALL, "consumer-role", "DecryptChanges"), (decrypt.clone(), on_table(changing)));
    let graph = lower(&loaded(ALL).unwrap(), &place(), &Codes::unbuilt()).unwrap();
    let scanned = may(ALL, "api-role", "Scan").unwrap()["Resource"][0].as_str().unwrap().to_owned();
    let scanned = scanned.rsplit('/').next().unwrap();
    assert_eq!(bounds(ALL, "api-role", "DecryptTables"), (decrypt, on_table(scanned)));
    assert!(graph.node("table").unwrap().desired["encryption"].as_str().unwrap().contains("key/mrk-"));
    assert_eq!(graph.node("stream").unwrap().desired["encryption"], KEY);
}

#[test]
fn the_authorizer_decrypts_its_secret_through_secrets_manager_alone() {
    let context = json!({
        "StringEquals": { "kms:ViaService": ["secretsmanager.eu-central-1.amazonaws.com"] },
        "StringLike": { "kms:EncryptionContext:SecretARN":
            ["arn:aws:secretsmanager:eu-central-1:111122223333:secret:people/credentials-??????"] },
    });
    assert_eq!(bounds(ALL, "authorizer-role", "DecryptSecret"), (json!(["kms:Decrypt"]), context));
    let existing = ALL.replace("  basic:\n", "  basic:\n    secret: { existing: theirs }\n");
    let told = may(&existing, "authorizer-role", "DecryptSecret").unwrap();
    assert_eq!(told["Action"], json!(["kms:Decrypt"]), "the key of an existing secret is used, and never set");
}

#[test]
fn without_keys_nothing_says_so() {
    for spec in [ALL, QUEUES] {
        let graph = lower(&loaded(&without(spec)).unwrap(), &place(), &Codes::unbuilt()).unwrap();
        let all: String = graph.nodes().iter().map(|node| node.desired.to_string()).collect();
        assert!(!all.contains("kms") && !all.contains("\"key\":\""), "{all}");
    }
}

#[test]
fn every_key_is_of_this_account_and_region_and_none_is_used_here() {
    for spec in [ALL, QUEUES] {
        let elsewhere = spec.replace("kms:eu-central-1", "kms:eu-west-1");
        let refused = lower(&loaded(&elsewhere).unwrap(), &place(), &Codes::unbuilt()).unwrap_err();
        assert!(refused.to_string().contains("is not in region"), "{refused}");
        let here = loaded(&elsewhere).unwrap().with_stand_ins();
        let local = crate::aws::Place { account: "000000000000".into(), ..place() };
        let graph = lower(&here, &local, &Codes::unbuilt()).unwrap();
        assert!(graph.nodes().iter().all(|node| !node.desired.to_string().contains("kms")));
        let told: Vec<&String> = here.stand_ins.iter().filter(|line| line.contains("encrypted")).collect();
        assert_eq!(told.len(), 1, "{told:?}");
    }
}
