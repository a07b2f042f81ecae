//! Basic credentials (RFC 7617), compared in constant time.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Clients leave the padding out or keep it; both are understood.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A user name with hashes of both halves: the password itself is not kept. It has no `Debug`, so that no log can show it.
pub struct Credentials {
    username: String,
    username_hash: [u8; 32],
    password_hash: [u8; 32],
}

impl Credentials {
    /// Takes a user name and a password.
    pub fn new(username: &[u8], password: &[u8]) -> Self {
        Credentials {
            username: String::from_utf8_lossy(username).into_owned(),
            username_hash: Sha256::digest(username).into(),
            password_hash: Sha256::digest(password).into(),
        }
    }

    /// Reads the value of an `Authorization` header. `None` when it holds no basic credentials.
    ///
    /// The scheme is read in any case; the password may hold colons and bytes that are no UTF-8.
    pub fn from_header(value: &str) -> Option<Self> {
        let (scheme, encoded) = value.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = BASE64.decode(encoded.trim()).ok()?;
        let colon = decoded.iter().position(|byte| *byte == b':')?;
        Some(Self::new(&decoded[..colon], &decoded[colon + 1..]))
    }

    /// Returns the user name.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Compares both halves in a time that depends on neither: hashes have one length, and the second half is compared
    /// even when the first differs.
    pub fn matches(&self, other: &Credentials) -> bool {
        let user = self.username_hash.ct_eq(&other.username_hash);
        let password = self.password_hash.ct_eq(&other.password_hash);
        (user & password).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Option<Credentials> {
        Credentials::from_header(text)
    }

    #[test]
    fn only_the_same_pair_matches() {
        let known = Credentials::new(b"ann", b"secret");
        for (user, password, same) in [
            ("ann", "secret", true),
            ("ann", "Secret", false),
            ("ann", "secre", false),
            ("ann", "", false),
            ("bob", "secret", false),
            ("anns", "ecret", false),
            ("", "", false),
        ] {
            assert_eq!(
                known.matches(&Credentials::new(user.as_bytes(), password.as_bytes())),
                same,
                "{user}:{password}"
            );
        }
    }

    #[test]
    fn a_header_is_read_with_any_scheme_case_and_padding() {
        let known = Credentials::new(b"ann", b"s:ecret");
        // `ann:s:ecret`
        for text in
            ["Basic YW5uOnM6ZWNyZXQ=", "basic YW5uOnM6ZWNyZXQ=", "BASIC   YW5uOnM6ZWNyZXQ", " Basic YW5uOnM6ZWNyZXQ= "]
        {
            let offered = header(text).expect(text);
            assert!(known.matches(&offered), "{text}");
            assert_eq!(offered.username(), "ann");
        }
    }

    #[test]
    fn what_is_no_basic_header_is_none() {
        for text in ["", "Basic", "Basic ", "Basic !!!!", "Bearer YW5uOnM6ZWNyZXQ=", "YW5uOnM6ZWNyZXQ=", "Basic YW5u"] {
            assert!(header(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_password_need_not_be_utf8() {
        // `a:` and the byte 0xff
        let offered = header("Basic YTr/").expect("credentials");
        assert!(Credentials::new(b"a", &[0xff]).matches(&offered));
    }
}
