//! A door for signed callers: the session's own keys, a role with and without the right, and who is turned away.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde_json::json;

use super::client::{Answer, Client, JSON};
use super::dev::{Dev, wait};

const SPEC: &str = "name: signed
source:
  api:
    routes:
      - { put: /items, to: { table: put }, body: { schema: item.json } }
      - { get: /items, to: { table: scan } }
auth: { iam: {} }
sink: { table: { partition_key: id } }
";
const SCHEMA: &str = r#"{ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } }"#;
const TRUST: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;

/// Sends a request as these credentials sign it.
fn signed(dev: &Dev, client: &Client, credentials: &Credentials, method: &str, body: &str) -> Answer {
    let (url, identity) = (format!("{}/items", dev.url()), credentials.clone().into());
    let params = v4::SigningParams::builder().identity(&identity).region("eu-central-1").name("execute-api");
    let params = params.time(SystemTime::now()).settings(SigningSettings::default()).build().unwrap().into();
    let headers = std::iter::once(JSON);
    let signable = SignableRequest::new(method, &url, headers, SignableBody::Bytes(body.as_bytes())).unwrap();
    let (instructions, _) = sign(signable, &params).unwrap().into_parts();
    let headers: Vec<(&str, &str)> = std::iter::once(JSON).chain(instructions.headers()).collect();
    client.send(method, "/items", &headers, body.as_bytes())
}

/// A session of a new role without any right.
fn assumed(iam: &aws_sdk_iam::Client, sts: &aws_sdk_sts::Client) -> Credentials {
    let made = wait(iam.create_role().role_name("caller").assume_role_policy_document(TRUST).send()).unwrap();
    let assume = sts.assume_role().role_arn(made.role().unwrap().arn()).role_session_name("tests");
    let given = wait(assume.send()).unwrap().credentials.unwrap();
    let token = Some(given.session_token().to_owned());
    Credentials::new(given.access_key_id(), given.secret_access_key(), token, None, "tests")
}

#[test]
fn who_signs_and_may_invoke_gets_in() {
    let dev = Dev::start(SPEC, None, |folder| std::fs::write(folder.join("item.json"), SCHEMA).unwrap());
    let (client, sdk) = (Client::open_to(&dev), dev.sdk());
    let keys = dev.session()["keys"].clone();
    let (id, secret) = (keys[0].as_str().unwrap(), keys[1].as_str().unwrap());
    let root = Credentials::new(id, secret, None, None, "tests");
    assert_eq!(signed(&dev, &client, &root, "PUT", r#"{"id":"1"}"#).status, 200);
    assert_eq!(signed(&dev, &client, &root, "GET", "").json(), json!({ "items": [{ "id": "1" }] }));

    let unsigned = client.send("GET", "/items", &[], b"");
    assert_eq!(unsigned.refusal(), (403, "Missing Authentication Token".to_owned()));
    let stranger = signed(&dev, &client, &Credentials::new("AKIAOTHER", secret, None, None, "tests"), "GET", "");
    assert_eq!(stranger.refusal(), (403, "The security token included in the request is invalid.".to_owned()));
    let guessed = signed(&dev, &client, &Credentials::new(id, "guessed", None, None, "tests"), "GET", "");
    assert_eq!(guessed.header("x-amzn-errortype"), Some("InvalidSignatureException"), "{guessed:?}");

    let iam = aws_sdk_iam::Client::new(&sdk);
    let role = assumed(&iam, &aws_sdk_sts::Client::new(&sdk));
    let refused = signed(&dev, &client, &role, "GET", "");
    assert_eq!(
        (refused.status, refused.header("x-amzn-errortype")),
        (403, Some("AccessDeniedException")),
        "{refused:?}"
    );
    let message = refused.json()["Message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("assumed-role/caller/tests is not authorized to perform: execute-api:Invoke on"),
        "{message}"
    );
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "execute-api:Invoke",
        "Resource": "arn:aws:execute-api:eu-central-1:*:*/prod/GET/items" }] });
    let put = iam.put_role_policy().role_name("caller").policy_name("invoke").policy_document(policy.to_string());
    wait(put.send()).unwrap();
    assert_eq!(signed(&dev, &client, &role, "GET", "").status, 200);
    assert_eq!(signed(&dev, &client, &role, "PUT", r#"{"id":"2"}"#).status, 403, "the right is to one method");

    let sent = dev.pipe(&["send", "--route", "/items"]);
    assert!(sent.contains("200"), "{sent}");
    let said = dev.said();
    assert!(said.contains("curl -X PUT --aws-sigv4 \"aws:amz:eu-central-1:execute-api\" --user \"$("), "{said}");
    assert!(!said.contains(secret), "a secret is shown");
}
