//! The keys of a session: its root's, which is made up for it, and those that the endpoint gives out.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::http::request::Parts;
use uuid::Uuid;

use super::call::text;
use super::gate::{Refusal, UNKNOWN};
use crate::signature::Signature;

/// The access key that MiniStack takes as the root of its first account.
pub const MINISTACK_ROOT: &str = "000000000000";

/// The key of the root of a session's account: a secret of this session.
#[derive(Clone)]
pub struct RootKey {
    pub id: String,
    pub secret: String,
}

impl RootKey {
    /// Another one each time, from the system's source of randomness.
    pub fn random() -> Self {
        let word = || Uuid::new_v4().simple().to_string();
        Self { id: format!("AKIA{}", &word()[..16].to_uppercase()), secret: word() + &word() }
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RootKey").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Secret {
    secret: String,
    /// Empty for a key that lasts.
    token: String,
    /// When a key that does not last ends.
    end: Option<SystemTime>,
}

/// Which keys there are, and their secrets.
pub struct Keys {
    /// Of MiniStack's own account; absent on an endpoint of the user's.
    root: Option<String>,
    known: Mutex<HashMap<String, Secret>>,
}

/// Without the secrets.
impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keys").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Keys {
    /// Of a session with MiniStack, whose root has this key.
    pub fn new(root: RootKey) -> Self {
        let secret = Secret { secret: root.secret, token: String::new(), end: None };
        let known = HashMap::from([(root.id.clone(), secret)]);
        Self { root: Some(root.id), known: Mutex::new(known) }
    }

    /// Of a session on an endpoint of the user's.
    ///
    /// The user's own key and secret come from wherever the SDK finds them, and may change: calls with a key that is not known
    /// here are the endpoint's to judge. That opens nothing: a program that can call the forwarder and is not a web page can call
    /// that endpoint as well. Keys of roles are known, and checked.
    pub fn of_users() -> Self {
        Self { root: None, known: Mutex::default() }
    }

    /// Whether calls with this key may come at all, said before their body is read.
    ///
    /// # Errors
    /// The key is none of this session.
    pub fn expect(&self, signature: &Signature) -> Result<(), Refusal> {
        if self.root.is_some() && self.find(&signature.access_key).is_none() { Err(UNKNOWN) } else { Ok(()) }
    }

    /// Checks who signed a call, and makes a call of the session's root one of MiniStack's.
    ///
    /// # Errors
    /// The key is none of this session, or the call is not signed with its secret.
    pub fn admit(&self, signature: &Signature, head: &mut Parts, body: &[u8]) -> Result<(), Refusal> {
        self.expect(signature)?;
        let Some(known) = self.find(&signature.access_key) else { return Ok(()) };
        if text(&head.headers, "x-amz-security-token") != known.token {
            return Err(UNKNOWN);
        }
        signature.check(head, body, &known.secret, SystemTime::now())?;
        if self.root.as_ref() == Some(&signature.access_key) {
            let header = HeaderValue::from_str(&signature.header_as(MINISTACK_ROOT)).map_err(|_| UNKNOWN)?;
            head.headers.insert(AUTHORIZATION, header);
        }
        Ok(())
    }

    /// Whether the answer to this call may hold a key: STS's to AssumeRole, and IAM's to CreateAccessKey, asked for by the root. From
    /// the answer to another call whoever has a key could have one of his own making learned.
    pub fn comes_with(&self, signature: &Signature, head: &Parts, body: &[u8]) -> bool {
        let by_root = self.root.as_ref().is_none_or(|root| *root == signature.access_key);
        let is_query = head.uri.path() == "/" && !head.headers.contains_key("x-amz-target");
        let actions: Vec<_> = form_urlencoded::parse(body).filter(|(name, _)| name == "Action").collect();
        let [(_, action)] = actions.as_slice() else { return false };
        let gives = [("sts", "AssumeRole"), ("iam", "CreateAccessKey")];
        by_root && is_query && gives.contains(&(signature.service.as_str(), action))
    }

    /// Remembers the key in an answer, if there is one.
    pub fn learn(&self, answer: &[u8]) {
        let Ok(answer) = std::str::from_utf8(answer) else { return };
        let of = |tag: &str| Some(answer.split_once(&format!("<{tag}>"))?.1.split_once('<')?.0.to_owned());
        if let (Some(id), Some(secret)) = (of("AccessKeyId"), of("SecretAccessKey")) {
            let end = of("Expiration").and_then(|end| DateTime::from_str(&end, Format::DateTime).ok());
            let end = end.and_then(|end| SystemTime::try_from(end).ok());
            let secret = Secret { secret, token: of("SessionToken").unwrap_or_default(), end };
            // A key that is known stays what it is.
            self.known.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(secret);
        }
    }

    /// The credentials of a key of this session.
    pub fn given_out(&self, access_key: &str) -> Option<Credentials> {
        let Secret { secret, token, end } = self.find(access_key)?;
        let token = Some(token).filter(|token| !token.is_empty());
        Some(Credentials::new(access_key, secret, token, end, "pipe dev"))
    }

    fn find(&self, access_key: &str) -> Option<Secret> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(access_key).cloned()
    }
}
