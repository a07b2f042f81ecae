//! To come.
use crate::{error::*, event::Events, invoke::*, roles::Roles};
use bytes::Bytes;
use std::ffi::OsString;
use std::path::*;
pub struct Settings {
    pub supervisor: Vec<OsString>,
    pub cache: PathBuf,
    pub events: Events,
    pub roles: Roles,
    pub endpoint_url: String,
    pub region: String,
}
#[derive(Clone)]
pub struct Functions;
impl Functions {
    pub fn new(_: Settings) -> Self {
        Self
    }
    pub async fn invoke(&self, _: &str, _: Bytes) -> std::result::Result<Answer, Refusal> {
        Err(Refusal::NotFound)
    }
    pub fn as_invoke(&self) -> Invoke {
        let me = self.clone();
        std::sync::Arc::new(move |f, p| {
            let me = me.clone();
            Box::pin(async move { me.invoke(&f, p).await })
        })
    }
    pub async fn refresh(&self) -> Result<()> {
        Ok(())
    }
    pub async fn warm(&self, _: &str) -> Result<()> {
        Ok(())
    }
    pub async fn stop(&self) {}
}
