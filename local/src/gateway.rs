//! To come.
use crate::{error::*, event::Events, invoke::*, roles::Roles};
pub struct Settings {
    pub roles: Roles,
    pub invoke: Invoke,
    pub events: Events,
    pub api: String,
    pub stage: String,
}
#[derive(Clone)]
pub struct Gateway;
impl Gateway {
    pub async fn start(_: tokio::net::TcpListener, _: Settings) -> Result<Self> {
        Ok(Self)
    }
    pub async fn refresh(&self, _: &str, _: &str) -> Result<()> {
        Ok(())
    }
    pub async fn stop(&self) {}
}
