//! An Alexa skill: it lives in Alexa's console, so the statement that lets it call the function is all that there is of it.

use crate::lower::source::{Letters, Link, Sender};
use crate::spec::{Alexa, SkillKind};

pub(super) fn link(alexa: &Alexa) -> Link {
    let service = match alexa.kind {
        SkillKind::Custom => "alexa-appkit.amazon.com",
        SkillKind::SmartHome => "alexa-connectedhome.amazon.com",
    };
    let sender = Sender { service, arn: String::new(), token: alexa.skill.clone() };
    Link { nodes: Vec::new(), sender: Some(sender), role: None, letters: Letters::Lost }
}
