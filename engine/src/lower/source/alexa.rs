//! An Alexa skill: it lives in Alexa's console, so the statement that lets it call the function is all that there is of it.

use crate::lower::source::Sender;
use crate::spec::{Alexa, SkillKind};

pub(super) fn sender(alexa: &Alexa) -> Sender {
    let service = match alexa.kind {
        SkillKind::Custom => "alexa-appkit.amazon.com",
        SkillKind::SmartHome => "alexa-connectedhome.amazon.com",
    };
    Sender { service, arn: String::new(), token: alexa.skill.clone() }
}
