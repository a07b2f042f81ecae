//! To come.
use crate::{error::*, event::Events, invoke::*, roles::Roles};
use std::path::*;
pub struct Settings {
    pub roles: Roles,
    pub invoke: Invoke,
    pub events: Events,
    pub checkpoints: PathBuf,
}
pub struct Wanted {
    pub function: String,
    pub enabled: bool,
}
#[derive(Clone)]
pub struct Pollers;
impl Pollers {
    pub fn new(_: Settings) -> Self {
        Self
    }
    pub async fn sync(&self, _: Vec<Wanted>) -> Result<()> {
        Ok(())
    }
    pub async fn stop(&self) {}
}
