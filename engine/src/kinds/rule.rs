use crate::aws::{Cx, Place};
use crate::error::Result;
use crate::resource::*;
use serde::{Deserialize, Serialize};
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub pattern: serde_json::Value,
    pub enabled: bool,
    pub target: Target,
}
impl Resource for Rule {
    const KIND: &'static str = "events:Rule";
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

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Target {
    pub arn: String,
    pub role: String,
    pub input: Option<Input>,
    pub retries: u32,
    pub max_age_seconds: u32,
    pub dead_letters: String,
    pub partition_key_path: String,
    pub message_group: String,
}
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Input {
    pub path: String,
    pub values: std::collections::BTreeMap<String, String>,
    pub template: String,
}
pub fn name(b: &str, r: &str) -> Name {
    Name::new(format!("{b}/{r}"))
}
pub fn arn(p: &Place, b: &str, r: &str) -> String {
    if b == "default" { p.arn("events", &format!("rule/{r}")) } else { p.arn("events", &format!("rule/{b}/{r}")) }
}
