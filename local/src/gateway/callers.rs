//! Who signed a request, and whether that one may invoke a method: the endpoint is asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::error::DisplayErrorContext;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONTENT_TYPE, HeaderValue};

use super::reach::Reach;
use super::sign::{Request, sign};

/// The most that IAM's answer may have, in bytes.
const LONGEST: usize = 1024 * 1024;
/// Where IAM is, whatever the region of a pipeline.
const REGION: &str = "us-east-1";

/// The callers that are known by their access keys. A key is one caller's for ever.
#[derive(Debug, Default)]
pub struct Callers {
    known: Mutex<HashMap<String, Arc<Caller>>>,
}

/// As STS names a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub arn: String,
    /// Of a user, or of a role with the session's name.
    pub id: String,
    pub account: String,
}

/// What a caller's policies say of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    Granted,
    /// No statement allows it.
    NotGranted,
    /// A statement denies it.
    Denied,
}

impl Callers {
    /// Who has these credentials.
    ///
    /// # Errors
    /// Why the endpoint does not say.
    pub async fn who(&self, reach: &Reach, credentials: Credentials) -> Result<Arc<Caller>, String> {
        let key = credentials.access_key_id().to_owned();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).map(Arc::clone);
        if let Some(known) = known {
            return Ok(known);
        }
        let provider = SharedCredentialsProvider::new(credentials);
        let config = reach.roles.root().to_builder().credentials_provider(provider).build();
        let answer = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await;
        let answer = answer.map_err(|error| DisplayErrorContext(&error).to_string())?;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let caller = Caller { arn: text(answer.arn()), id: text(answer.user_id()), account: text(answer.account()) };
        let caller = Arc::new(caller);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&caller));
        Ok(caller)
    }
}

impl Caller {
    /// What the caller's policies say of `execute-api:Invoke` on a method, by its ARN. It is asked for each request: somebody may
    /// have changed them.
    ///
    /// # Errors
    /// Why the endpoint does not say.
    pub async fn may_invoke(&self, reach: &Reach, root: Credentials, method_arn: &str) -> Result<Right, String> {
        let Some(source) = self.source() else { return Ok(Right::NotGranted) };
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", "SimulatePrincipalPolicy")
            .append_pair("Version", "2010-05-08")
            .append_pair("PolicySourceArn", &source)
            .append_pair("ActionNames.member.1", "execute-api:Invoke")
            .append_pair("ResourceArns.member.1", method_arn)
            .finish();
        let endpoint = reach.roles.root().endpoint_url().ok_or("there is no endpoint")?;
        let request = request(endpoint, Bytes::from(body), root).ok_or("the endpoint has no address")?;
        let answer = reach.http.request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LONGEST).collect().await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        let decision = text.split_once("<EvalDecision>").and_then(|(_, rest)| rest.split('<').next());
        match decision {
            Some("allowed") => Ok(Right::Granted),
            Some("explicitDeny") => Ok(Right::Denied),
            Some(_) => Ok(Right::NotGranted),
            None => Err(format!("status {status}, and no decision")),
        }
    }

    /// Whose policies count: of a session its role's. Without paths, which a session does not name and MiniStack does not read.
    fn source(&self) -> Option<String> {
        let parts: Vec<&str> = self.arn.splitn(6, ':').collect();
        let [_, partition, service, _, account, resource] = parts[..] else { return None };
        let source = match (service, resource.split_once('/')?) {
            ("sts", ("assumed-role", session)) => format!("role/{}", session.split('/').next()?),
            ("iam", ("user", path)) => format!("user/{}", path.rsplit('/').next()?),
            _ => return None,
        };
        Some(format!("arn:{partition}:iam::{account}:{source}"))
    }
}

fn request(endpoint: &str, body: Bytes, root: Credentials) -> Option<Request> {
    let url = format!("{}/", endpoint.trim_end_matches('/'));
    let mut request = hyper::Request::post(url).body(Full::new(body.clone())).ok()?;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    sign(&mut request, ("iam", REGION), &body, root)?;
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_a_role_s_or_a_user_s() {
        let source = |arn: &str| Caller { arn: arn.to_owned(), id: String::new(), account: String::new() }.source();
        let is = |arn: &str, expected: &str| assert_eq!(source(arn).as_deref(), Some(expected));
        is("arn:aws:sts::1:assumed-role/consumer/session:1", "arn:aws:iam::1:role/consumer");
        is("arn:aws:iam::1:user/team/ada", "arn:aws:iam::1:user/ada");
        for other in ["arn:aws:iam::1:root", "arn:aws:sts::1:federated-user/ada", "", "arn:aws:iam::1"] {
            assert_eq!(source(other), None, "{other}");
        }
    }
}
