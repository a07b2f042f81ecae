use crate::aws::policy::Policy;
use crate::aws::{Cx, Place};
use crate::error::Result;
use crate::resource::*;
use serde::{Deserialize, Serialize};
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    pub topic: String,
    pub protocol: String,
    pub endpoint: String,
    pub filter: Option<serde_json::Value>,
    pub filter_on: String,
    pub raw: bool,
    pub dead_letters: String,
}
impl Resource for Subscription {
    const KIND: &'static str = "sns:Subscription";
    fn grants(_: &Scope, _: &Name) -> Vec<Grant> {
        vec![]
    }
    async fn read(_: &Cx, _: &Name) -> Result<Vec<Live<Self>>> {
        Ok(vec![])
    }
    async fn reconcile(&self, _: &Cx, _: &Name, _: Option<&Live<Self>>) -> Result<Made> {
        Ok(Made::default())
    }
    async fn delete(_: &Cx, _: &Name, _: &Handle) -> Result<()> {
        Ok(())
    }
}
pub fn name(t: &str, p: &str, e: &str) -> Name {
    Name::new(format!("{t}/{p}:{e}"))
}
