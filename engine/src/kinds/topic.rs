use crate::aws::policy::Policy;
use crate::aws::{Cx, Place};
use crate::error::Result;
use crate::resource::*;
use serde::{Deserialize, Serialize};
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    pub policy: Policy,
    pub kms_key: String,
}
impl Resource for Topic {
    const KIND: &'static str = "sns:Topic";
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
pub fn arn(p: &Place, n: &Name) -> String {
    p.arn("sns", n.as_str())
}
pub fn tls_only(_: &Place, _: &Name) -> Policy {
    Policy::new(vec![])
}
