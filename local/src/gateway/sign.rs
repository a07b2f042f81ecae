//! Signatures of the gateway's own calls of services.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as signed};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http_body_util::Full;

/// A call of a service.
pub type Request = hyper::Request<Full<Bytes>>;

/// Signs a call of a service in a region, by its names. None where a header is no text.
pub fn sign(
    request: &mut Request,
    (service, region): (&str, &str),
    body: &[u8],
    credentials: Credentials,
) -> Option<()> {
    let identity: Identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .ok()?
        .into();
    let headers = request.headers().iter().map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let headers = headers.collect::<Option<Vec<_>>>()?;
    let (method, url) = (request.method().as_str(), request.uri().to_string());
    let signable = SignableRequest::new(method, url, headers.into_iter(), SignableBody::Bytes(body)).ok()?;
    let (instructions, _) = signed(signable, &params).ok()?.into_parts();
    instructions.apply_to_request_http1x(request);
    Some(())
}
