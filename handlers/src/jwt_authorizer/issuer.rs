//! The issuer's keys, over HTTPS.

use jsonwebtoken::DecodingKey;
use serde_json::Value;
use std::collections::BTreeMap;

use super::Jwks;
use crate::http::{Failed, Http};
use crate::jwt::keys;

/// An issuer and where its keys are.
pub struct Issuer {
    http: Http,
    issuer: String,
    /// The URL of its keys; looked up where it is not known (OpenID Connect Discovery 1.0, section 4).
    jwks: Option<String>,
    /// An endpoint in the place of AWS's, as the SDKs have one.
    endpoint: Option<String>,
}

impl Issuer {
    /// Makes a reader; nothing is called yet.
    pub fn new(http: Http, issuer: String, jwks: Option<String>, endpoint: Option<String>) -> Self {
        Self { http, issuer, jwks, endpoint }
    }

    async fn url(&self) -> Result<String, Failed> {
        if let Some(url) = &self.jwks {
            return Ok(at(url, self.endpoint.as_deref()));
        }
        let known = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let told = self.http.get(&at(&known, self.endpoint.as_deref()), None).await?;
        let told: Value =
            serde_json::from_slice(&told).map_err(|_| Failed("its configuration is no JSON".to_owned()))?;
        if told["issuer"] != self.issuer.as_str() {
            return Err(Failed("its configuration is another issuer's".to_owned()));
        }
        let url = told["jwks_uri"].as_str().map(str::to_owned);
        url.ok_or_else(|| Failed("its configuration does not say where its keys are".to_owned()))
    }
}

impl Jwks for Issuer {
    async fn read(&self) -> Result<BTreeMap<String, DecodingKey>, Failed> {
        let set = self.http.get(&self.url().await?, None).await?;
        keys(&set).map_err(|why| Failed(why.to_owned()))
    }
}

/// What is Cognito's is asked at the endpoint that stands for all of AWS, where there is one.
fn at(url: &str, endpoint: Option<&str>) -> String {
    let path = url.strip_prefix("https://cognito-idp.").and_then(|rest| rest.split_once('/')).map(|(_, path)| path);
    match (endpoint, path) {
        (Some(endpoint), Some(path)) => format!("{}/{path}", endpoint.trim_end_matches('/')),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_stands_for_cognito_alone() {
        let pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a/.well-known/jwks.json";
        let local = Some("http://127.0.0.1:4566/");
        assert_eq!(at(pool, local), "http://127.0.0.1:4566/eu-west-1_a/.well-known/jwks.json");
        assert_eq!(at(pool, None), pool);
        assert_eq!(at("https://idp.example.com/keys", local), "https://idp.example.com/keys");
    }

    #[tokio::test]
    async fn nothing_but_https_is_asked() {
        let issuer = Issuer::new(Http::default(), "http://idp.example.com".into(), None, None);
        assert_eq!(issuer.read().await.err(), Some(Failed("the URL is not one of https".into())));
    }
}
