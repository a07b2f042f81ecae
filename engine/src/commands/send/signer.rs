//! Signatures of requests to an API that lets in who signs.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;

use crate::error::{Error, Result};

/// Who signs, for the APIs of one region.
#[derive(Clone)]
pub struct Signer {
    identity: Identity,
    region: String,
}

impl Signer {
    pub fn new(credentials: Credentials, region: &str) -> Self {
        Self { identity: credentials.into(), region: region.to_owned() }
    }

    /// What a request with these headers has beside them: its signature of this moment.
    ///
    /// # Errors
    /// A header or the URL cannot be signed; nothing secret is in the error.
    pub fn headers(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Vec<(String, String)>> {
        let failed = || Error::fatal(format!("the request to `{url}` cannot be signed"));
        let params = v4::SigningParams::builder().identity(&self.identity).region(&self.region).name("execute-api");
        let params = params.time(SystemTime::now()).settings(SigningSettings::default()).build();
        let params = params.map_err(|_| failed())?.into();
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let signable = SignableRequest::new(method, url, headers, SignableBody::Bytes(body)).map_err(|_| failed())?;
        let (instructions, _) = sign(signable, &params).map_err(|_| failed())?.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}
