//! Requests that nobody sends: only the exact credentials are let in, and everybody else gets exactly `Unauthorized`.
//!
//! Inputs that fail belong in `tests/hostile/corpus/event/authorizer_*.json`, all of which are run here and refused.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const USER: &str = "ann";
const PASSWORD: &str = "p:ss wörd";
const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/POST/submit";

/// A secret that is always there.
struct Known;

impl Secrets for Known {
    async fn read(&self) -> Result<Credentials, Unreadable> {
        Ok(Credentials::new(USER.as_bytes(), PASSWORD.as_bytes()))
    }
}

/// The answer to an event, as API Gateway is given it; nothing where the event is none.
fn ask(event: &[u8]) -> Option<Result<Value, String>> {
    let request: Request = serde_json::from_slice(event).ok()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let answer = runtime.expect("runtime").block_on(async {
        Authorizer::new(Known).authorize(&request, Instant::now() + Duration::from_secs(3)).await.answer
    });
    Some(answer.map(|policy| serde_json::to_value(policy).expect("json")).map_err(|refusal| refusal.to_string()))
}

fn basic(pair: &[u8]) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

fn allowed() -> Value {
    json!({
        "principalId": USER,
        "policyDocument": { "Version": "2012-10-17", "Statement": [{
            "Action": "execute-api:Invoke", "Effect": "Allow",
            "Resource": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/*/*",
        }] },
    })
}

/// User name and password in one, right or off by little.
fn pair() -> impl Strategy<Value = Vec<u8>> {
    let right = format!("{USER}:{PASSWORD}").into_bytes();
    let near = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8).prop_map(|(at, byte, what)| {
        let mut pair = format!("{USER}:{PASSWORD}").into_bytes();
        let at = at.index(pair.len());
        match what {
            0 => pair[at] = byte,
            1 => pair.insert(at, byte),
            2 => drop(pair.remove(at)),
            _ => pair.truncate(at),
        }
        pair
    });
    prop_oneof![1 => Just(right), 4 => near, 1 => prop::collection::vec(any::<u8>(), 0..40)]
}

/// Values of an `Authorization` header that hold no right credentials, save by a miracle.
fn header() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}|(?s:.{0,40})",
        "[Bb]asic [A-Za-z0-9+/=]{0,40}",
        Just("Basic ".to_owned()),
        Just(format!("Bearer {}", STANDARD.encode(format!("{USER}:{PASSWORD}")))),
        Just(format!("Basic {USER}:{PASSWORD}")),
        (1..2000_usize).prop_map(|length| format!("Basic {}", "A".repeat(length))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_the_exact_pair_is_let_in(pair in pair(), name in "[Aa]uthorizatio[Nn]", several in any::<bool>()) {
        let value = basic(&pair);
        let event = match several {
            true => json!({ "methodArn": ARN, "multiValueHeaders": { name: ["Basic eDp5", value] } }),
            false => json!({ "methodArn": ARN, "headers": { name: value, "X-Authorization": basic(b"x:y") } }),
        };
        let right = pair == format!("{USER}:{PASSWORD}").into_bytes();
        let expected = if right { Ok(allowed()) } else { Err("Unauthorized".to_owned()) };
        prop_assert_eq!(ask(event.to_string().as_bytes()), Some(expected));
    }

    #[test]
    fn no_other_header_is_let_in(value in header(), arn in prop_oneof![Just(ARN.to_owned()), "\\PC{0,40}"]) {
        let event = json!({ "methodArn": arn, "headers": { "Authorization": value }, "path": value, "body": null });
        prop_assert_eq!(ask(event.to_string().as_bytes()), Some(Err("Unauthorized".to_owned())));
    }

    /// The ARN is API Gateway's; whatever it were, no answer is wider than one stage of it.
    #[test]
    fn no_arn_widens_the_answer(path in "(?s:.{0,60})|[*?/:]{0,30}", stage in "[A-Za-z0-9_-]{1,20}") {
        let api = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234";
        let right = basic(format!("{USER}:{PASSWORD}").as_bytes());
        let event = json!({ "methodArn": format!("{api}/{stage}/POST/{path}"), "headers": { "Authorization": right } });
        let answer = ask(event.to_string().as_bytes()).expect("a request").expect("allowed");
        let resource = format!("{api}/{stage}/*/*");
        prop_assert_eq!(&answer["policyDocument"]["Statement"][0]["Resource"], &json!(resource));
    }

    #[test]
    fn no_bytes_of_a_request_break_the_authorizer(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..6),
    ) {
        let event = json!({ "methodArn": ARN, "headers": { "Authorization": basic(b"ann:wrong"), "X": null } });
        let mut bytes = event.to_string().into_bytes();
        for (at, byte, insert) in edits {
            let at = at.index(bytes.len());
            if insert { bytes.insert(at, byte) } else { bytes[at] = byte }
        }
        if let Some(answer) = ask(&bytes) {
            let refusal = answer.expect_err("wrong credentials");
            prop_assert!(refusal == "Unauthorized" || refusal.contains("`methodArn`"), "{}", refusal);
        }
    }
}

#[test]
fn the_kept_requests_are_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/hostile/corpus/event");
    let mut understood = 0;
    for file in fs::read_dir(folder).expect("corpus") {
        let file = file.expect("file").path();
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("authorizer_")) {
            let Some(answer) = ask(&fs::read(&file).expect("request")) else { continue };
            assert_eq!(answer, Err("Unauthorized".to_owned()), "{}", file.display());
            understood += 1;
        }
    }
    assert!(understood >= 6, "only {understood} kept requests are some");
}
