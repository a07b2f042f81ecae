//! Mapping templates: which one fits a content type, and what it makes of a body.

use super::super::definition::Texts;
use super::super::exchange::Exchange;
use super::super::refusal::Refusal;
use crate::template::{Overrides, Scope, Template};

/// Mapping templates by content type, parsed once.
#[derive(Debug)]
pub struct Templates(Vec<(String, Option<Template>)>);

impl Templates {
    pub fn new(texts: &Texts, problems: &mut Vec<String>) -> Self {
        let mut parse = |media: &String, text: &String| match Template::parse(text) {
            Ok(template) => (media.to_ascii_lowercase(), Some(template)),
            Err(reason) => {
                problems.push(format!("the mapping template for `{media}` cannot be parsed: {reason}"));
                (media.to_ascii_lowercase(), None)
            }
        };
        Self(texts.iter().map(|(media, text)| parse(media, text)).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The template of a content type. The inner none is one that could not be parsed.
    pub fn get(&self, media: &str) -> Option<&Option<Template>> {
        self.0.iter().find(|(known, _)| known == media).map(|(_, template)| template)
    }

    /// The template of a content type, or that of JSON, or the first one, with its content type.
    pub fn nearest(&self, media: &str) -> Option<(&str, &Option<Template>)> {
        let of = |wanted: &str| self.0.iter().find(|(known, _)| known == wanted);
        let found = of(media).or_else(|| of("application/json")).or_else(|| self.0.first())?;
        Some((found.0.as_str(), &found.1))
    }
}

/// Renders a template over a body.
pub fn render(template: &Option<Template>, body: &[u8], exchange: &Exchange) -> Result<(String, Overrides), Refusal> {
    let template = template.as_ref().ok_or_else(Refusal::misconfigured)?;
    // Bytes that are not UTF-8 are spoilt here as they are by API Gateway.
    let body = String::from_utf8_lossy(body);
    let scope = Scope {
        body: &body,
        params: &exchange.params,
        context: &exchange.context,
        stage_variables: &exchange.stage_variables,
    };
    let rendered = template.render(&scope).map_err(|_| Refusal::misconfigured())?;
    Ok((rendered.text, rendered.overrides))
}
