//! Keys of one's own (KMS): a deployer uses them through the services alone, and only where the spec names them.

use super::*;

const ALL: &str = include_str!("../../../../../tests/specs/good/kms_keys.yaml");
const ONE: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const TABLES: (&str, &str) = ("kms:ViaService", "dynamodb.eu-central-1.amazonaws.com");
const SECRETS: (&str, &str) = ("kms:ViaService", "secretsmanager.eu-central-1.amazonaws.com");

#[test]
fn the_deployer_may_what_the_services_ask_for_and_no_more() {
    let policy = of(ALL, None);
    for action in
        ["CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"]
    {
        let action = format!("kms:{action}");
        assert!(allows(&policy, &action, ONE, &[TABLES]), "{action}");
        assert!(!allows(&policy, &action, ONE, &[]), "{action} by itself");
    }
    for action in ["kms:Encrypt", "kms:GenerateDataKey", "kms:Decrypt"] {
        assert!(allows(&policy, action, ONE, &[SECRETS]), "{action}");
    }
    let of_the_sink = "arn:aws:kms:eu-central-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";
    assert!(allows(&policy, "kms:CreateGrant", of_the_sink, &[TABLES]));
    assert!(!allows(&policy, "kms:Decrypt", of_the_sink, &[SECRETS]), "it is no secret's");
    let other = "arn:aws:kms:eu-central-1:111122223333:key/other";
    assert!(!allows(&policy, "kms:Decrypt", other, &[SECRETS]) && !allows(&policy, "kms:Decrypt", other, &[TABLES]));
    assert!(!of(MAIN, None).to_string().contains("kms:"));
}

#[test]
fn with_keys_it_fits_a_managed_policy() {
    let key = |indent: &str| format!("{indent}key: {ONE}\n");
    let keyed = MAIN
        .replace("    cache_seconds: 0\n", &key("    "))
        .replace("    shards: 1\n", &key("    "))
        .replace("    capacity:", &(key("    ") + "    capacity:"))
        .replace("    retention_days: 14\n", &key("    "));
    assert_eq!(keyed.matches(ONE).count(), 4);
    let length = characters(&of(&keyed, None));
    assert!(length <= MOST_CHARACTERS, "{length}");
    // With a boundary it is too long for one.
    let both = of(&keyed, Some(BOUNDARY));
    assert!(characters(&both) > MOST_CHARACTERS);
    let parts = parts::parts(&both);
    assert!(parts.len() == 2 && parts.iter().all(|part| characters(part) <= MOST_CHARACTERS));
}
