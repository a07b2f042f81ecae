use crate::aws::{Cx, Place};
use crate::error::Result;
use crate::resource::*;
use serde::{Deserialize, Serialize};
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    pub expression: String,
    pub time_zone: String,
    pub flexible_minutes: u32,
    pub input: String,
    pub enabled: bool,
    pub starts: String,
    pub ends: String,
    pub target: String,
    pub role: String,
    pub retries: u32,
    pub max_age_seconds: u32,
    pub dead_letters: String,
    pub partition_key: String,
    pub message_group: String,
}
impl Resource for Schedule {
    const KIND: &'static str = "scheduler:Schedule";
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
pub fn group_arn(p: &Place, n: &Name) -> String {
    p.arn("scheduler", &format!("schedule-group/{n}"))
}
