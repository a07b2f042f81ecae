//! Requests that AWS's own signer signs.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;

use super::cloud::deployer;
use super::{Got, World};

pub const PATH: &str = "/prod/submit/Events/7";

/// A request, and how it is signed.
pub struct Call {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub credentials: Credentials,
    pub region: &'static str,
    pub service: &'static str,
    pub at: SystemTime,
}

impl Call {
    pub fn new(method: &'static str, path: &str) -> Self {
        let at = SystemTime::now();
        Self {
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            credentials: deployer(),
            region: "eu-central-1",
            service: "execute-api",
            at,
        }
    }

    pub fn post() -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { headers, body: br#"{"a":1}"#.to_vec(), ..Self::new("POST", PATH) }
    }

    pub fn signed(self, world: &World) -> Self {
        self.signed_as(world, SigningSettings::default())
    }

    pub fn presigned(self, world: &World, seconds: u64) -> Self {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(seconds));
        self.signed_as(world, settings)
    }

    fn signed_as(mut self, world: &World, settings: SigningSettings) -> Self {
        let url = format!("{}{}", world.url, self.path);
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder().identity(&identity).region(self.region).name(self.service);
        let params = params.time(self.at).settings(settings).build().unwrap().into();
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let body = SignableBody::Bytes(&self.body);
        let signable = SignableRequest::new(self.method, &url, headers.into_iter(), body).unwrap();
        let (headers, query) = sign(signable, &params).unwrap().into_parts().0.into_parts();
        self.headers.extend(headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned())));
        if !query.is_empty() {
            let more = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
            self.path += &format!("{}{more}", if self.path.contains('?') { "&" } else { "?" });
        }
        self
    }

    pub async fn send(&self, world: &World) -> Got {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        world.send(self.method, &self.path, &headers, self.body.clone()).await
    }

    pub fn header(&mut self, name: &str) -> &mut String {
        &mut self.headers.iter_mut().find(|(known, _)| known == name).unwrap().1
    }
}
