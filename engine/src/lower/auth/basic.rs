//! Basic authentication: the secret, and the Lambda authorizer with its role and log group.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::aws::policy::allow;
use crate::error::Result;
use crate::graph::Node;
use crate::kinds::function::Function;
use crate::kinds::log_group::LogGroup;
use crate::kinds::rest_api::Authorizer;
use crate::kinds::role::Role;
use crate::kinds::secret::{self, Secret};
use crate::lower::auth::{Guard, called};
use crate::lower::existing::is_here;
use crate::lower::function::{Lambda, log_name, role_name};
use crate::lower::known::Known;
use crate::lower::{Lowering, keys};
use crate::resource::{Name, output_of};
use crate::spec::{Basic, OnDestroy};

const AUTHORIZER: &str = "authorizer";
pub(in crate::lower) const ROLE: &str = "authorizer-role";
const LOG: &str = "authorizer-log";
pub const SECRET: &str = "secret";

pub(in crate::lower) const IDS: &[Known] = &[
    Known::of::<LogGroup>(LOG, |spec, _| log_name(&spec.authorizer_name())),
    Known::of::<Role>(ROLE, |spec, place| role_name(&spec.name, ROLE, place)),
    Known::of::<Function>(AUTHORIZER, |spec, _| spec.authorizer_name()),
    Known::of::<Secret>(SECRET, |spec, _| spec.secret_name()),
];

/// Memory of the authorizer in MB: its work is one comparison.
const AUTHORIZER_MB: u32 = 128;
/// Seconds that the authorizer may take; API Gateway itself waits for 29.
const AUTHORIZER_SECONDS: u32 = 10;
/// Days that the authorizer's log is kept.
const AUTHORIZER_LOG_DAYS: u32 = 30;

pub(super) fn guard(lowering: &Lowering<'_>, basic: &Basic) -> Result<Guard> {
    let mut nodes = vec![secret(lowering, basic)?];
    nodes.extend(authorizer(lowering, basic)?);
    let name = lowering.spec.authorizer_name();
    let function = lowering.function_arn(&name);
    let guard = Authorizer {
        identity_source: "method.request.header.Authorization".to_owned(),
        cache_seconds: basic.cache_seconds,
        ..called(lowering, &function)
    };
    Ok(Guard {
        nodes,
        authorization: "CUSTOM",
        authorizer: Some((name, guard)),
        // RFC 7617: a challenge names a realm. A pipeline's name needs no escapes.
        challenge: Some(format!("Basic realm=\"{}\"", lowering.spec.name)),
        statements: vec![allow("Authorize", &["lambda:InvokeFunction"], &[function])],
        mentions: vec![AUTHORIZER.to_owned()],
        ..Guard::default()
    })
}

fn secret(lowering: &Lowering<'_>, basic: &Basic) -> Result<Node> {
    let spec = lowering.spec;
    match spec.existing_secret() {
        Some(existing) => {
            is_here(existing, "secretsmanager", lowering.place)?;
            keys::arn(basic.key.as_ref(), lowering.place)?;
            Ok(Node::existing::<Secret>(SECRET, existing.reference()))
        }
        None => {
            let description = format!("Basic credentials of the pipeline {}", spec.name);
            let props = Secret { description, key: keys::arn(basic.key.as_ref(), lowering.place)? };
            Ok(Node::new(SECRET, spec.secret_name(), &props)?.retained(basic.on_destroy == OnDestroy::Retain))
        }
    }
}

fn authorizer(lowering: &Lowering<'_>, basic: &Basic) -> Result<Vec<Node>> {
    let spec = lowering.spec;
    let (secret, arn) = match spec.existing_secret() {
        // As Secrets Manager gives it: IAM compares the six characters that an ARN ends in, which the spec may leave out.
        Some(existing) => (existing.reference().to_owned(), output_of(SECRET, "arn")),
        None => {
            let name = spec.secret_name();
            let pattern = secret::arn_pattern(lowering.place, &Name::new(&name));
            (name, pattern)
        }
    };
    lowering.function(Lambda {
        id: AUTHORIZER,
        role_id: ROLE,
        log_id: LOG,
        name: spec.authorizer_name(),
        memory_mb: AUTHORIZER_MB,
        timeout_seconds: AUTHORIZER_SECONDS,
        environment: BTreeMap::from([("PIPE_SECRET".to_owned(), secret)]),
        xray: spec.api().is_some_and(|api| api.xray),
        log_days: AUTHORIZER_LOG_DAYS,
        log_level: "info",
        reserved_concurrency: basic.reserved_concurrency,
        asynchronous: None,
        allows_recursion: false,
        code: lowering.codes.authorizer(),
        statements: read(lowering, basic, arn),
        mentions: vec![SECRET],
        placed: true,
    })
}

/// What reads the secret: Secrets Manager decrypts it in the reader's name
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html>).
fn read(lowering: &Lowering<'_>, basic: &Basic, arn: String) -> Vec<Value> {
    let place = lowering.place;
    let decrypt = || keys::bound(place, "DecryptSecret", &["kms:Decrypt"], "SecretARN", std::slice::from_ref(&arn));
    let key = basic.key.as_ref().map(|_| keys::through(decrypt(), "secretsmanager", place));
    let read = allow("ReadSecret", &["secretsmanager:GetSecretValue"], std::slice::from_ref(&arn));
    std::iter::once(read).chain(key).collect()
}
