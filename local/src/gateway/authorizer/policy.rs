//! What an authorizer answers, and whether its policy lets a method be called.

use serde_json::{Map, Value};

/// A parsed answer.
pub struct Decision {
    principal: String,
    context: Map<String, Value>,
    usage_key: Option<String>,
    statements: Vec<Statement>,
}

/// Without the key, which is a secret.
impl std::fmt::Debug for Decision {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Decision").field("statements", &self.statements).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Statement {
    deny: bool,
    /// A condition, or `Not...`, which are not evaluated here: such a statement can deny but never allow.
    partial: bool,
    actions: Vec<String>,
    resources: Vec<String>,
}

/// Why a method may not be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// By a statement that says so.
    Denied,
    /// Because no statement allows it.
    NotAllowed,
}

impl Decision {
    /// None where AWS takes the answer for a configuration error.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let answer: Value = serde_json::from_slice(payload).ok()?;
        let principal = answer.get("principalId")?.as_str()?.to_owned();
        let statements = match answer.get("policyDocument")?.get("Statement")? {
            Value::Array(all) => all.iter().map(Statement::parse).collect::<Option<Vec<_>>>()?,
            one => vec![Statement::parse(one)?],
        };
        let context = match answer.get("context") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(members)) => stringified(members)?,
            Some(_) => return None,
        };
        let usage_key = answer.get("usageIdentifierKey").and_then(Value::as_str).map(str::to_owned);
        Some(Self { principal, context, usage_key, statements })
    }

    /// Whether the policy allows `execute-api:Invoke` on the method.
    pub fn verdict(&self, method_arn: &str) -> Result<(), Verdict> {
        let matching = || self.statements.iter().filter(|statement| statement.covers(method_arn));
        if matching().any(|statement| statement.deny) {
            return Err(Verdict::Denied);
        }
        if matching().any(|statement| !statement.deny && !statement.partial) {
            Ok(())
        } else {
            Err(Verdict::NotAllowed)
        }
    }

    /// The value of the API key that the request counts for.
    pub fn usage_key(&self) -> Option<String> {
        self.usage_key.clone()
    }

    /// `$context.authorizer`.
    pub fn context(&self, latency: u64) -> Value {
        let mut context = self.context.clone();
        context.insert("principalId".to_owned(), Value::from(self.principal.as_str()));
        context.insert("integrationLatency".to_owned(), Value::from(latency));
        Value::Object(context)
    }
}

/// Flat values as texts; none where one is a list or an object, which AWS refuses.
fn stringified(members: &Map<String, Value>) -> Option<Map<String, Value>> {
    let mut texts = Map::new();
    for (name, value) in members {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null => continue,
            Value::Array(_) | Value::Object(_) => return None,
        };
        texts.insert(name.clone(), Value::from(text));
    }
    Some(texts)
}

impl Statement {
    fn parse(value: &Value) -> Option<Self> {
        let deny = match value.get("Effect")?.as_str()? {
            "Allow" => false,
            "Deny" => true,
            _ => return None,
        };
        let partial = ["Condition", "NotAction", "NotResource"].iter().any(|name| value.get(name).is_some());
        let (actions, resources) = (texts(value.get("Action")), texts(value.get("Resource")));
        if !partial && (actions.is_empty() || resources.is_empty()) {
            return None;
        }
        Some(Self { deny, partial, actions, resources })
    }

    fn covers(&self, method_arn: &str) -> bool {
        let action = |pattern: &String| matches(&pattern.to_ascii_lowercase(), "execute-api:invoke");
        let acts = self.actions.iter().any(action) || (self.partial && self.actions.is_empty());
        let reaches = self.resources.iter().any(|pattern| matches(pattern, method_arn));
        acts && (reaches || (self.partial && self.resources.is_empty()))
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// IAM's wildcards: `*` is any text, `?` one character. Takes time in the product of both lengths at most.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut on) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while on < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, on));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[on] => (at, on) = (at + 1, on + 1),
            _ => {
                // The last star takes one more.
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                (at, on) = (star_at + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}
