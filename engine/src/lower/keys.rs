//! Keys of one's own (KMS): what a role may do with one is bound to what it encrypts there.

use serde_json::{Value, json};

use crate::aws::policy::allow;

/// A statement that allows `actions` on a key only where the call's encryption context names this resource.
pub(super) fn bound(sid: &str, actions: &[&str], key: &str, context: &str, resource: &str) -> Value {
    let mut statement = allow(sid, actions, &[key.to_owned()]);
    statement["Condition"] = json!({ "StringEquals": { format!("kms:EncryptionContext:{context}"): resource } });
    statement
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use crate::aws::mocked::place;
    use crate::bundle::Codes;
    use crate::lower::lower;
    use crate::spec::{Loaded, Report, parse};

    const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const SPEC: &str = include_str!("../../../tests/specs/good/key.yaml");

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
}
