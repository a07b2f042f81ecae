//! The emulator behind the endpoint, with the manners that it lacks: those of `pipe-local`'s forwarder.

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response};
use pipe_local::endpoint::Mannered;
pub use pipe_local::endpoint::{Lost, Passed};
use serde_json::Value;

use super::message::{Answer, Request};
use crate::Kind;

/// The account of a key that belongs to none that the emulator knows.
const DEFAULT_ACCOUNT: &str = "000000000000";

pub struct Upstream {
    kind: Kind,
    emulator: Mannered,
    accounts: Mutex<HashMap<String, String>>,
}

impl Upstream {
    pub fn new(kind: Kind, url: &str) -> Self {
        let emulator = Mannered::at(url).expect("an emulator's address is one of plain HTTP");
        Self { kind, emulator, accounts: Mutex::default() }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Answers a call of an account as AWS would, as far as the forwarder's table goes.
    pub async fn answer(&self, request: &Request, account: &str) -> Passed<Answer> {
        Ok(of(self.emulator.answer(self.head(request, account)?, request.body.clone(), account).await?))
    }

    /// Passes a request on as it came, for an account.
    pub async fn forward(&self, request: &Request, account: &str) -> Passed<Answer> {
        Ok(of(self.emulator.forward(self.head(request, account)?, request.body.clone()).await?))
    }

    fn head(&self, request: &Request, account: &str) -> Passed<Parts> {
        let (mut head, ()) =
            hyper::Request::builder().method(&request.method).uri(&request.target).body(())?.into_parts();
        head.headers = request.headers.clone();
        if head.headers.contains_key(CONTENT_LENGTH) {
            // hyper does not say how long an empty body is, and signatures cover the header where it came with the call.
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(request.body.len()));
        }
        if self.kind == Kind::Moto && is_account(account) {
            // MiniStack takes a 12-digit access key as the account; moto wants it said apart.
            head.headers.insert(HeaderName::from_static("x-moto-account-id"), HeaderValue::from_str(account)?);
        }
        Ok(head)
    }

    /// Makes a call of the endpoint's own as the account's root, whose signature neither emulator looks at.
    pub async fn ask(&self, as_root: &Root<'_>, method: Method, target: &str, body: &Value) -> Passed<Answer> {
        let content = if as_root.operation.is_empty() { "application/json" } else { "application/x-amz-json-1.1" };
        let mut headers = as_root.headers()?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        self.forward(&Request { method, target: target.to_owned(), headers, body }, as_root.account).await
    }

    /// The account of an access key: the key itself where it has 12 digits, else what the emulator says.
    pub async fn account_of(&self, access_key: &str) -> String {
        if is_account(access_key) {
            return access_key.to_owned();
        }
        let known = self.accounts.lock().ok().and_then(|accounts| accounts.get(access_key).cloned());
        if let Some(account) = known {
            return account;
        }
        let asked = self.ask_account(access_key).await.ok().flatten();
        if let (Some(account), Ok(mut accounts)) = (&asked, self.accounts.lock()) {
            accounts.insert(access_key.to_owned(), account.clone());
        }
        asked.unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned())
    }

    async fn ask_account(&self, access_key: &str) -> Result<Option<String>, Lost> {
        let root = Root { account: DEFAULT_ACCOUNT, region: "us-east-1", service: "sts", operation: "" };
        let mut headers = root.headers()?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let body = Bytes::from(format!("Action=GetAccessKeyInfo&Version=2011-06-15&AccessKeyId={access_key}"));
        let request = Request { method: Method::POST, target: "/".to_owned(), headers, body };
        let answer = self.forward(&request, DEFAULT_ACCOUNT).await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let account = text.split_once("<Account>").and_then(|(_, rest)| rest.split_once("</Account>"));
        Ok(account.map(|(account, _)| account.to_owned()))
    }
}

/// Whom the endpoint's own calls come from, and what they call. `operation` is the `x-amz-target`, empty for REST-JSON.
pub struct Root<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub service: &'a str,
    pub operation: &'a str,
}

impl Root<'_> {
    fn headers(&self) -> Result<HeaderMap, Lost> {
        let scope = format!("{}/20260101/{}/{}/aws4_request", self.account, self.region, self.service);
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&authorization)?);
        headers.insert(HeaderName::from_static("x-amz-date"), HeaderValue::from_static("20260101T000000Z"));
        if !self.operation.is_empty() {
            headers.insert(HeaderName::from_static("x-amz-target"), HeaderValue::from_str(self.operation)?);
        }
        Ok(headers)
    }
}

fn of(answer: Response<Bytes>) -> Answer {
    let (mut head, body) = answer.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    Answer { status: head.status.as_u16(), headers: head.headers, body }
}

fn is_account(key: &str) -> bool {
    key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit())
}
