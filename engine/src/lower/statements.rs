//! IAM statements that the spec has, as IAM has them.

use serde_json::{Value, json};

use crate::lower::{Lowering, dlq, sink, stream};
use crate::spec::{Effect, Statement};

/// What the words of a statement of the spec stand for.
pub(super) struct Own<'a> {
    lowering: &'a Lowering<'a>,
    sink: Option<String>,
    stream: Option<String>,
    dlq: Option<String>,
}

impl<'a> Own<'a> {
    pub fn of(lowering: &'a Lowering<'a>) -> Self {
        Self { lowering, sink: sink::arn(lowering), stream: stream::arn(lowering), dlq: dlq::arn(lowering) }
    }

    /// A statement of the spec in IAM's form.
    pub fn statement(&self, own: &Statement) -> Value {
        let resources: Vec<String> = own.resources.iter().map(|resource| self.resource(resource)).collect();
        let effect = match own.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        let mut statement = json!({ "Effect": effect, "Action": own.actions, "Resource": resources });
        if !own.conditions.is_empty() {
            statement["Condition"] = json!(own.conditions);
        }
        statement
    }

    /// The ARN of a statement's resource: the pipeline's own by its word, or as it is written.
    fn resource(&self, written: &str) -> String {
        let (word, rest) = written.find('/').map_or((written, ""), |at| written.split_at(at));
        let own = match word {
            "sink" => self.sink.as_ref(),
            "stream" => self.stream.as_ref(),
            "dlq" => self.dlq.as_ref(),
            _ => None,
        };
        let place = self.lowering.place;
        match own {
            Some(arn) => format!("{arn}{rest}"),
            None => written.replace("${region}", &place.region).replace("${account}", &place.account),
        }
    }
}
