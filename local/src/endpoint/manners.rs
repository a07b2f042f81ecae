//! An emulator for its deployers, with what AWS does and the emulator does not: the forwarder without its gate and its records.

use bytes::Bytes;
use hyper::Response;
use hyper::http::request::Parts;

use super::call::Call;
use super::quirks::{self, Exchange, Memory};
use super::upstream::{Passed, Upstream, read};
use crate::error::Result;

/// Whatever answers at an address, and what is remembered in its place. It looks at nobody's signature.
pub struct Mannered {
    upstream: Upstream,
    memory: Memory,
}

impl Mannered {
    /// Makes one in front of an address such as `http://127.0.0.1:4566`.
    ///
    /// # Errors
    /// It is not an address of plain HTTP.
    pub fn at(url: &str) -> Result<Self> {
        Ok(Self { upstream: Upstream::of_users(url)?, memory: Memory::default() })
    }

    /// Answers a call as AWS would. `root` is the access key of the root of the caller's account, which looks things up for it.
    ///
    /// # Errors
    /// The emulator does not answer.
    pub async fn answer(&self, head: Parts, body: Bytes, root: &str) -> Passed<Response<Bytes>> {
        if let Some(call) = Call::of(&head)
            && let Some(quirk) = quirks::find(&call, &head).filter(|quirk| quirk.is_for_deployers())
        {
            let (upstream, memory) = (&self.upstream, &self.memory);
            return quirk
                .answer(&Exchange { call: &call, head: &head, body, upstream, memory, root: Some(root) })
                .await;
        }
        self.forward(head, body).await
    }

    /// Passes a request on as it came.
    ///
    /// # Errors
    /// The emulator does not answer.
    pub async fn forward(&self, head: Parts, body: Bytes) -> Passed<Response<Bytes>> {
        read(self.upstream.pass(head, body).await?).await
    }
}
