//! Request validation: required parameters, and bodies against their models.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonschema::{Draft, Retrieve, Uri, Validator};
use serde_json::Value;

use super::definition::{Definition, Method, Texts};
use super::exchange::Exchange;
use super::mapping::Source;
use super::refusal::Refusal;
use crate::lenient;

/// How many of a body's errors are named.
const MOST_ERRORS: usize = 10;

/// What of a method's requests is checked, compiled once.
#[derive(Debug, Default)]
pub struct Checks {
    /// Names and where they must be, in the order in which AWS names them: header, path, query.
    required: Vec<(String, Source)>,
    /// By content type in lower case, or `$default`. None where the model cannot be used.
    bodies: BTreeMap<String, Option<Arc<Validator>>>,
}

impl Checks {
    pub fn new(definition: &Definition, method: &Method, problems: &mut Vec<String>) -> Self {
        let validator = definition.validators.get(&method.validator).copied().unwrap_or_default();
        let required = method.parameters.iter().filter(|(_, required)| **required && validator.parameters);
        let name = |key: &str| key.splitn(4, '.').nth(3).unwrap_or_default().to_owned();
        let mut checks = Self {
            required: required.map(|(key, _)| (name(key), Source::parse(key))).collect(),
            bodies: BTreeMap::new(),
        };
        for (media, model) in method.models.iter().filter(|_| validator.body) {
            let schema = compile(model, &definition.models);
            if let Err(reason) = &schema {
                problems.push(format!("the model `{model}` cannot be used: {reason}"));
            }
            checks.bodies.insert(media.to_ascii_lowercase(), schema.ok().map(Arc::new));
        }
        checks
    }

    /// # Errors
    /// The gateway response to answer with.
    pub fn pass(&self, exchange: &Exchange) -> Result<(), Refusal> {
        let is_missing = |source: &Source| source.value(exchange, &[]).is_none_or(|value| value.trim().is_empty());
        let missing: Vec<&str> =
            self.required.iter().filter(|(_, source)| is_missing(source)).map(|(name, _)| name.as_str()).collect();
        if !missing.is_empty() {
            let message = format!("Missing required request parameters: [{}]", missing.join(", "));
            return Err(Refusal::of("BAD_REQUEST_PARAMETERS").saying(message));
        }
        self.body(exchange)
    }

    fn body(&self, exchange: &Exchange) -> Result<(), Refusal> {
        if self.bodies.is_empty() {
            return Ok(());
        }
        // A body of another type than the models' is not looked at; the templates may refuse it.
        let Some(schema) = self.bodies.get(&exchange.media_type()).or_else(|| self.bodies.get("$default")) else {
            return Ok(());
        };
        let Some(schema) = schema else { return Err(Refusal::of("API_CONFIGURATION_ERROR")) };
        let body: &[u8] = if exchange.body.is_empty() { b"{}" } else { &exchange.body };
        let refuse = |reason: String| Refusal { validation: Some(reason), ..Refusal::of("BAD_REQUEST_BODY") };
        let body = lenient::parse(body).map_err(|error| refuse(format!("[the body is not JSON: {error}]")))?;
        if schema.is_valid(&body) {
            return Ok(());
        }
        // Masked: an answer must not repeat the body.
        let told = |error: jsonschema::ValidationError<'_>| match error.instance_path().as_str() {
            "" => error.masked().to_string(),
            at => format!("{at}: {}", error.masked()),
        };
        let errors = schema.iter_errors(&body).take(MOST_ERRORS).map(told);
        Err(refuse(format!("[{}]", errors.collect::<Vec<_>>().join(", "))))
    }
}

/// Models refer to others as `https://apigateway.amazonaws.com/restapis/ID/models/NAME`.
struct Models(Texts);

impl Retrieve for Models {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.as_str().rsplit_once("/models/").map(|(_, name)| name).unwrap_or_default();
        let schema = self.0.get(name).ok_or_else(|| format!("no model `{name}`"))?;
        Ok(serde_json::from_str(schema)?)
    }
}

fn compile(name: &str, models: &Texts) -> Result<Validator, String> {
    let schema = models.get(name).ok_or_else(|| "there is none with this name".to_owned())?;
    let schema: Value = serde_json::from_str(schema).map_err(|_| "it is not JSON".to_owned())?;
    let options = jsonschema::options().with_draft(Draft::Draft4).with_retriever(Models(models.clone()));
    // API Gateway does not look at `format`.
    options.should_validate_formats(false).build(&schema).map_err(|error| error.to_string())
}
