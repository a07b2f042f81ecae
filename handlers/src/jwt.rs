//! JSON Web Tokens (RFC 7519) of one issuer, checked with its keys: RS256 and nothing else.
//!
//! Nothing here reads a network or a clock but the validation's own. No error holds a part of a token.

use std::collections::{BTreeMap, BTreeSet};

pub use jsonwebtoken::DecodingKey as Key;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

/// API Gateway takes no more bytes in all headers together.
const LONGEST: usize = 10_240;
/// Seconds by which clocks may differ.
const LEEWAY: u64 = 60;

/// What a token must be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Exactly as in the claim `iss`.
    pub issuer: String,
    /// Of an access token of Cognito the client ids (`client_id`), else the audiences (`aud`); one of them is enough.
    pub audience: BTreeSet<String>,
    /// What Cognito's claim `token_use` must say; nothing for tokens of other issuers.
    pub token: Option<TokenUse>,
}

/// The two tokens of Cognito.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenUse {
    Id,
    Access,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("it is no token")]
    Malformed,
    #[error("its algorithm is not RS256")]
    Algorithm,
    #[error("its signature is not the issuer's")]
    Signature,
    #[error("it has expired")]
    Expired,
    #[error("it is not valid yet")]
    Early,
    #[error("it is another issuer's")]
    Issuer,
    #[error("it is for another audience")]
    Audience,
    #[error("it is the other kind of token")]
    Use,
}

/// The claims of a token that was accepted. No `Debug`: they say who somebody is.
pub struct Claims(Map<String, Value>);

impl Rules {
    /// Returns the id of the key that the token says it is signed with.
    ///
    /// # Errors
    /// It is no token, or not one of RS256.
    pub fn key_of(token: &str) -> Result<String, Wrong> {
        if token.len() > LONGEST {
            return Err(Wrong::Malformed);
        }
        let header = decode_header(token).map_err(|_| Wrong::Malformed)?;
        if header.alg != Algorithm::RS256 {
            return Err(Wrong::Algorithm);
        }
        header.kid.ok_or(Wrong::Malformed)
    }

    /// Checks the token with the key that [`Rules::key_of`] names.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub fn check(&self, token: &str, key: &DecodingKey) -> Result<Claims, Wrong> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        // A token without a claim passes the check of it, unless the claim is required.
        if self.token == Some(TokenUse::Access) {
            validation.validate_aud = false;
            validation.set_required_spec_claims(&["exp", "iss"]);
        } else {
            validation.set_audience(&self.audience.iter().collect::<Vec<_>>());
            validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        }
        let claims = decode::<Map<String, Value>>(token, key, &validation);
        let claims = Claims(claims.map_err(|error| wrong(error.kind()))?.claims);
        match self.token {
            None => {}
            Some(TokenUse::Id) if claims.text("token_use") == Some("id") => {}
            Some(TokenUse::Access) if claims.text("token_use") == Some("access") => {
                let client = claims.text("client_id").ok_or(Wrong::Audience)?;
                self.audience.contains(client).then_some(()).ok_or(Wrong::Audience)?;
            }
            Some(_) => return Err(Wrong::Use),
        }
        Ok(claims)
    }
}

fn wrong(kind: &ErrorKind) -> Wrong {
    match kind {
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => Wrong::Algorithm,
        ErrorKind::InvalidSignature => Wrong::Signature,
        ErrorKind::ExpiredSignature => Wrong::Expired,
        ErrorKind::ImmatureSignature => Wrong::Early,
        ErrorKind::InvalidIssuer => Wrong::Issuer,
        ErrorKind::InvalidAudience => Wrong::Audience,
        ErrorKind::MissingRequiredClaim(claim) => match claim.as_str() {
            "iss" => Wrong::Issuer,
            "aud" => Wrong::Audience,
            _ => Wrong::Expired,
        },
        _ => Wrong::Malformed,
    }
}

impl Claims {
    /// Returns all of them.
    #[must_use]
    pub fn all(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Returns a claim that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Returns the texts of a claim: a list of them, or one alone. A group's name may hold spaces, so a text is not divided.
    #[must_use]
    pub fn texts(&self, name: &str) -> BTreeSet<&str> {
        match self.0.get(name) {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => BTreeSet::from([text.as_str()]),
            _ => BTreeSet::new(),
        }
    }

    /// Returns the words of a claim whose texts have spaces between words, as those of scopes do.
    #[must_use]
    pub fn words(&self, name: &str) -> BTreeSet<&str> {
        self.texts(name).into_iter().flat_map(|text| text.split(' ')).filter(|word| !word.is_empty()).collect()
    }
}

/// The keys of an issuer for RS256, by their ids: what of a JWK set (RFC 7517) is of use here.
///
/// # Errors
/// It is no JWK set, or has no key of use. A key that is not for signatures, or of another kind, is left out.
pub fn keys(set: &[u8]) -> Result<BTreeMap<String, DecodingKey>, &'static str> {
    let set: Value = serde_json::from_slice(set).map_err(|_| "the keys are no JSON")?;
    let all = set["keys"].as_array().ok_or("the keys are no JWK set")?;
    let usable = |key: &&Value| {
        let is = |member: &str, wanted: &str| key[member].is_null() || key[member] == wanted;
        key["kty"] == "RSA" && is("use", "sig") && is("alg", "RS256")
    };
    let read = |key: &Value| {
        let text = |member: &str| key[member].as_str();
        let read = DecodingKey::from_rsa_components(text("n")?, text("e")?).ok()?;
        Some((text("kid")?.to_owned(), read))
    };
    let all: BTreeMap<_, _> = all.iter().filter(usable).filter_map(read).collect();
    // Without this, one odd answer would take the place of keys that work.
    if all.is_empty() { Err("there is no key for RS256") } else { Ok(all) }
}

#[cfg(test)]
pub(crate) mod tests;
