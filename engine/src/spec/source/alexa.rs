//! An Alexa skill.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A skill, which lives in Alexa's own console: it may call the function, which answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alexa {
    /// Id of the skill, as in `amzn1.ask.skill.0d8e21a5-...`: no other skill may call the function. Required.
    #[schemars(
        length(max = 256),
        regex(pattern = r"^amzn1\.ask\.skill\.[0-9a-f-]{4,64}$"),
        extend("patternErrorMessage" = "the id of a skill, as in `amzn1.ask.skill.0d8e21a5-3c4b-4f6a-9e7d-1a2b3c4d5e6f`")
    )]
    pub skill: String,
    /// Kind of the skill: `custom` or `smart_home`. Default: `custom`.
    #[serde(default)]
    pub kind: SkillKind,
}

/// A kind of skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkillKind {
    #[default]
    Custom,
    SmartHome,
}
