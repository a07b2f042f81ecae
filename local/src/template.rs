//! API Gateway's mapping templates: Velocity as REST APIs render it, with JSONPath into the body.
//!
//! The judge is what AWS was recorded to answer, then Velocity 1.7, whose grammar and whitespace rules these are. API Gateway adds
//! one rule of its own: a reference without a value is an empty text, also in conditions (`#if($unknown)` holds, `$unknown == ""` too).
//! Rendering is pure and bounded: no template and no body makes it panic, hang, or hold more than some hundred megabytes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

mod ast;
mod builtin;
mod call;
mod collection;
mod directive;
mod evaluate;
mod expression;
mod heap;
mod json;
mod number;
mod parser;
mod path;
mod pattern;
mod print;
mod reference;
mod render;
mod text;
mod walk;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_fuzz;
#[cfg(test)]
mod tests_recorded;
#[cfg(test)]
mod tests_velocity;

/// The longest template in bytes (quota of API Gateway: 300 KB).
pub const MAX_TEMPLATE_BYTES: usize = 300 * 1024;
/// The longest rendered text in bytes, and the longest text on the way there. AWS publishes none: here it is the longest payload
/// (10 MB) in base64, with room for what is around it, so that the service called has the say and not this bound.
pub const MAX_OUTPUT_BYTES: usize = 16 * 1024 * 1024;

/// A mapping template, parsed once. Cloning it is cheap, and any number of threads may render it at the same time.
#[derive(Debug, Clone)]
pub struct Template(Arc<ast::Block>);

impl Template {
    /// Parses a template.
    ///
    /// Fails where Velocity 1.7 cannot parse it; API Gateway then answers every request with 500. Fails also beyond
    /// [`MAX_TEMPLATE_BYTES`], and when directives, texts and operators nest deeper than 100.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > MAX_TEMPLATE_BYTES {
            let message = format!("the template has {} bytes, and API Gateway takes {MAX_TEMPLATE_BYTES}", text.len());
            return Err(TemplateError { line: 1, column: 1, message });
        }
        Ok(Self(Arc::new(parser::parse(text)?)))
    }

    /// Renders the template for one request or one answer.
    ///
    /// Fails where a Java method would throw (an index out of bounds, a bad pattern), and when a bound is reached: the output
    /// beyond [`MAX_OUTPUT_BYTES`], the work, or the depth. A `#foreach` ends after 1,000 rounds without an error, as on AWS.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Rendered, TemplateError> {
        render::render(&self.0, scope)
    }
}

/// What a template can see.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The body of the request, or of the integration's answer. An empty one is `{}` in `$input.body` (recorded).
    pub body: &'a str,
    /// What `$input.params()` says.
    pub params: &'a Params,
    /// `$context`. Members `requestOverride` and `responseOverride` in it are the overrides of an earlier template.
    pub context: &'a Json,
    /// `$stageVariables`.
    pub stage_variables: &'a BTreeMap<String, String>,
}

/// The parameters of a request in their order, names as they came. Of a name that comes twice, the last value counts.
#[derive(Debug, Clone, Default)]
pub struct Params {
    pub path: Vec<(String, String)>,
    pub querystring: Vec<(String, String)>,
    pub header: Vec<(String, String)>,
}

/// What a template made.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    pub text: String,
    pub overrides: Overrides,
}

/// What a template set in `$context.requestOverride` and `$context.responseOverride`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `$context.responseOverride.status`: 100 to 599.
    pub response_status: Option<u16>,
    /// `$context.responseOverride.header`.
    pub response_headers: BTreeMap<String, String>,
    /// `$context.requestOverride.path`.
    pub request_path: BTreeMap<String, String>,
    /// `$context.requestOverride.querystring`.
    pub request_querystring: BTreeMap<String, String>,
    /// `$context.requestOverride.header`.
    pub request_headers: BTreeMap<String, String>,
}

/// Why a template cannot be parsed or rendered, and where in it.
///
/// It names parts of the template and types, never a value of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// A fragment that fits "failed to ...".
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for TemplateError {}
