//! The authorizer of tokens, with an issuer of its own on this machine.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::cloud::{Function, Request, lambda_environment};

const PROGRAM: &str = env!("CARGO_BIN_EXE_jwt-authorizer");
const ISSUER: &str = "https://idp.example.com/";

fn nothing(operation: &str, _: &Value) -> (u16, Value) {
    panic!("unexpected call {operation}")
}

fn jwk(pair: &KeyPair) -> Value {
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let public = pair.public_key();
    json!({
        "kid": "k", "kty": "RSA",
        "n": number(public.modulus().big_endian_without_leading_zero()),
        "e": number(public.exponent().big_endian_without_leading_zero()),
    })
}

fn token(pair: &KeyPair, groups: &Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let claims = json!({
        "iss": ISSUER, "aud": "app", "sub": "hunter2", "exp": now + 600, "groups": groups, "username": "hunter2",
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "RS256", "kid": "k" })), part(&claims));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).expect("a signature");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Returns the URL of a server that gives this to everybody.
fn served(body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/keys", listener.local_addr().expect("address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 200 x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    url
}

/// Asks with this token, and returns the answer and everything that was printed.
fn ask(jwks: &str, token: &str) -> (Request, String) {
    let event = json!({
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/people",
        "headers": { "authorization": format!("Bearer {token}") },
    });
    let environment = [
        ("PIPE_ISSUER", ISSUER),
        ("PIPE_JWKS_URL", jwks),
        ("PIPE_AUDIENCE", r#"["app"]"#),
        ("PIPE_GROUPS", r#"["Basic"]"#),
    ];
    let function = Function::start(PROGRAM, &environment, event, nothing);
    let (_, answer) = function.answer();
    let (lines, err) = function.end();
    (answer, format!("{lines:?}{err}"))
}

#[test]
fn a_token_is_let_in_denied_or_unauthorized_and_not_logged() {
    let (ours, theirs) = (KeyPair::generate(KeySize::Rsa2048), KeyPair::generate(KeySize::Rsa2048));
    let (ours, theirs) = (ours.expect("a key"), theirs.expect("a key"));
    let jwks = served(json!({ "keys": [jwk(&ours)] }).to_string());
    for (pair, groups, effect) in [
        (&ours, json!(["Basic"]), Some("Allow")),
        (&ours, json!(["hunter2"]), Some("Deny")),
        (&theirs, json!(["Basic"]), None),
    ] {
        let token = token(pair, &groups);
        let ((path, answer), printed) = ask(&jwks, &token);
        match effect {
            Some(effect) => assert_eq!(answer["policyDocument"]["Statement"][0]["Effect"], effect),
            None => assert_eq!((path.ends_with("/error"), &answer["errorMessage"]), (true, &json!("Unauthorized"))),
        }
        assert!(!token.split('.').chain(["hunter2"]).any(|part| printed.contains(part)), "{printed}");
    }
}

#[test]
fn without_keys_it_is_another_error() {
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let ((path, answer), _) = ask("http://127.0.0.1:9/keys", &token(&pair, &json!(["Basic"])));
    assert!(path.ends_with("/error"));
    assert_eq!(answer["errorMessage"], "failed to read the issuer's keys: connection failed");
}

#[test]
fn wrong_settings_are_named_when_the_function_starts() {
    for (name, value, message) in [
        ("PIPE_ISSUER", "", "failed to start: the environment variable `PIPE_ISSUER` is missing or empty"),
        ("PIPE_AUDIENCE", "[]", "failed to start: PIPE_AUDIENCE names nobody"),
        ("PIPE_AUDIENCE", "app", "failed to start: PIPE_AUDIENCE is no list"),
        ("PIPE_TOKEN_USE", "both", "failed to start: PIPE_TOKEN_USE is neither `id` nor `access`"),
    ] {
        let mut command = Command::new(PROGRAM);
        command.env_clear().envs(lambda_environment("127.0.0.1:9"));
        command.env("PIPE_ISSUER", ISSUER).env("PIPE_AUDIENCE", r#"["app"]"#).env(name, value);
        let output = command.output().expect("it starts");
        assert!(!output.status.success());
        let line: Value = serde_json::from_slice(&output.stdout).expect("one JSON line");
        assert_eq!(line["message"], message);
    }
}
