//! Tokens that an attacker would make, and those that an issuer makes.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::json;

use super::*;

pub const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc";
pub const CLIENT: &str = "client1";

/// An issuer with one key.
pub struct Signer {
    pair: KeyPair,
    pub kid: &'static str,
}

pub static OURS: LazyLock<Signer> = LazyLock::new(|| Signer::new("ours+/="));
pub static THEIRS: LazyLock<Signer> = LazyLock::new(|| Signer::new("theirs"));

impl Signer {
    fn new(kid: &'static str) -> Self {
        Self { pair: KeyPair::generate(KeySize::Rsa2048).unwrap(), kid }
    }

    pub fn jwk(&self) -> Value {
        let public = self.pair.public_key();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kid": self.kid, "kty": "RSA", "alg": "RS256", "use": "sig",
            "n": number(public.modulus().big_endian_without_leading_zero()),
            "e": number(public.exponent().big_endian_without_leading_zero()),
        })
    }

    pub fn key(&self) -> DecodingKey {
        keys(json!({ "keys": [self.jwk()] }).to_string().as_bytes()).unwrap().remove(self.kid).unwrap()
    }

    pub fn token(&self, claims: &Value) -> String {
        self.with_header(&json!({ "alg": "RS256", "kid": self.kid }), claims)
    }

    pub fn with_header(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// An id token of Cognito, with these members in the place of its own; `null` takes one out.
pub fn id_token(more: Value) -> Value {
    let mut claims = json!({
        "sub": "u1", "aud": CLIENT, "iss": ISSUER, "token_use": "id", "exp": now() + 3600, "iat": now(),
        "cognito:username": "ann", "cognito:groups": ["Basic", "Other"], "email": "ann@example.com",
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

pub fn rules(token: TokenUse) -> Rules {
    Rules { issuer: ISSUER.into(), audience: [CLIENT.to_owned()].into(), token: Some(token) }
}

/// What comes of a token: its user, or why not.
fn asked(token: &str) -> Result<String, Wrong> {
    Rules::key_of(token)?;
    let claims = rules(TokenUse::Id).check(token, &OURS.key())?;
    Ok(claims.text("sub").unwrap_or_default().to_owned())
}

#[test]
fn an_id_token_of_the_pool_is_accepted() {
    let token = OURS.token(&id_token(json!({})));
    assert_eq!(asked(&token), Ok("u1".to_owned()));
    assert_eq!(Rules::key_of(&token), Ok(OURS.kid.to_owned()));
    let several = OURS.token(&id_token(json!({ "aud": ["other", CLIENT] })));
    assert_eq!(asked(&several), Ok("u1".to_owned()));
}

#[test]
fn what_lacks_or_has_another_claim_is_not() {
    for (more, why) in [
        (json!({ "iss": null }), Wrong::Issuer),
        (json!({ "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_other" }), Wrong::Issuer),
        (json!({ "iss": [ISSUER, "x"], "aud": null }), Wrong::Audience),
        (json!({ "aud": null }), Wrong::Audience),
        (json!({ "aud": "client2" }), Wrong::Audience),
        (json!({ "aud": [] }), Wrong::Audience),
        (json!({ "exp": null }), Wrong::Expired),
        (json!({ "exp": "soon" }), Wrong::Expired),
        (json!({ "exp": now() - 61 }), Wrong::Expired),
        (json!({ "nbf": now() + 120 }), Wrong::Early),
        (json!({ "token_use": "access" }), Wrong::Use),
        (json!({ "token_use": null }), Wrong::Use),
    ] {
        assert_eq!(asked(&OURS.token(&id_token(more.clone()))), Err(why), "{more}");
    }
    // Clocks may differ by a minute.
    assert!(asked(&OURS.token(&id_token(json!({ "exp": now() - 30, "nbf": now() + 30 })))).is_ok());
}

#[test]
fn an_access_token_is_known_by_its_client() {
    let check = |more: Value| {
        let claims = json!({ "aud": null, "client_id": CLIENT, "token_use": "access", "scope": "a b" });
        let mut claims = id_token(claims);
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let checked = rules(TokenUse::Access).check(&OURS.token(&claims), &OURS.key());
        checked.map(|claims| claims.words("scope").into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(check(json!({})), Ok(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(check(json!({ "client_id": "client2" })), Err(Wrong::Audience));
    assert_eq!(check(json!({ "client_id": null })), Err(Wrong::Audience));
    assert_eq!(check(json!({ "token_use": "id" })), Err(Wrong::Use));
    assert_eq!(check(json!({ "iss": null })), Err(Wrong::Issuer));
}

#[test]
fn no_other_algorithm_and_no_other_key_is_accepted() {
    let claims = id_token(json!({}));
    for alg in ["none", "None", "HS256", "RS384", "RS512", "PS256", "ES256", ""] {
        let token = OURS.with_header(&json!({ "alg": alg, "kid": OURS.kid }), &claims);
        assert!(asked(&token).is_err(), "{alg}");
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    // Without a signature.
    assert!(asked(&format!("{}.{}.", part(&json!({ "alg": "none" })), part(&claims))).is_err());
    // Signed with the public key as if that were a shared secret.
    let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "kid": OURS.kid })), part(&claims));
    for secret in [OURS.jwk()["n"].as_str().unwrap().as_bytes(), OURS.pair.public_key().as_ref()] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        assert_eq!(asked(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))), Err(Wrong::Algorithm));
    }
    // Another's key under our name, and a token of ours with other claims.
    let swapped = THEIRS.with_header(&json!({ "alg": "RS256", "kid": OURS.kid }), &claims);
    assert_eq!(asked(&swapped), Err(Wrong::Signature));
    let token = OURS.token(&claims);
    let (head, tail) = (token.split('.').next().unwrap(), token.rsplit('.').next().unwrap());
    let other = format!("{head}.{}.{tail}", part(&id_token(json!({ "sub": "root" }))));
    assert_eq!(asked(&other), Err(Wrong::Signature));
    assert_eq!(asked(&OURS.with_header(&json!({ "alg": "RS256" }), &claims)), Err(Wrong::Malformed), "no key is named");
}

#[test]
fn a_long_token_is_accepted_and_a_longer_one_is_not_looked_at() {
    let long = |length: usize| OURS.token(&id_token(json!({ "custom:x": "a".repeat(length) })));
    assert!(long(5200).len() > 7_500 && asked(&long(5200)).is_ok());
    assert_eq!(asked(&long(9000)), Err(Wrong::Malformed));
}

#[test]
fn only_keys_for_signatures_by_rs256_are_read() {
    let mut other = OURS.jwk();
    let mut all = vec![OURS.jwk(), THEIRS.jwk()];
    for (kid, member, value) in [("a", "use", "enc"), ("b", "alg", "RS512"), ("c", "kty", "EC"), ("d", "n", "!")] {
        other = OURS.jwk();
        (other["kid"], other[member]) = (json!(kid), json!(value));
        all.push(other.clone());
    }
    other.as_object_mut().unwrap().remove("kid");
    all.push(other);
    let read = keys(json!({ "keys": all }).to_string().as_bytes()).unwrap();
    assert_eq!(read.into_keys().collect::<Vec<_>>(), [OURS.kid, THEIRS.kid]);
    assert!(keys(b"<html>").is_err() && keys(b"{}").is_err());
    // The test's own key is a sound one.
    assert!(AsDer::<Pkcs8V1Der<'_>>::as_der(&OURS.pair).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_bytes_are_a_token(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(asked(&String::from_utf8_lossy(&bytes)).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_change_of_a_token_is_accepted(at in any::<prop::sample::Index>(), letter in "[A-Za-z0-9._=-]") {
        static TOKEN: LazyLock<String> = LazyLock::new(|| OURS.token(&id_token(json!({}))));
        let at = at.index(TOKEN.len());
        let mut changed = TOKEN.clone();
        changed.replace_range(at..=at, &letter);
        // The last letter of a part holds bits that say nothing: the decoder wants them to be zero.
        prop_assert!(changed == *TOKEN || asked(&changed).is_err(), "{at}");
    }
}
