//! To come.
use crate::{error::*, event::Events};
use std::ffi::OsString;
use std::path::*;
pub const MINISTACK: &str = "ministack==1.5.33";
pub async fn environment(_: &Path, _: &[&str], _: &mut (dyn FnMut(&str) + Send)) -> Result<PathBuf> {
    Err(Error::new("x"))
}
pub struct Emulator;
impl Emulator {
    pub async fn start(_: &Path, _: &[OsString], _: &Path, _: &str) -> Result<Self> {
        Ok(Self)
    }
    pub fn url(&self) -> String {
        String::new()
    }
    pub async fn stop(self) {}
    pub async fn ended(&mut self) -> Error {
        Error::new("x")
    }
}
#[derive(Clone)]
pub struct Forwarder;
impl Forwarder {
    pub async fn start(_: tokio::net::TcpListener, _: &str, _: Events) -> Result<Self> {
        Ok(Self)
    }
    pub fn url(&self) -> String {
        String::new()
    }
    pub async fn stop(&self) {}
}
