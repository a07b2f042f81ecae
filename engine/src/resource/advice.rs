//! What a kind says of a change of its resource, beside what differs.

/// A change, as its kind is asked about it. The plan is complete then: what a change means depends on the others.
#[derive(Clone, Copy, Debug)]
pub enum Changed<'a, R> {
    /// It is made where none was.
    New(&'a R),
    /// The live one becomes the desired one.
    Edit { desired: &'a R, live: &'a R, how: &'a How },
    /// It is deleted, and no other takes its place. `gone` are its properties that hold the ARN of what goes with it.
    End { live: &'a R, gone: &'a [String] },
}

/// How a plan changes a resource: the part of it that a kind must know to say what that means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct How {
    /// It is deleted and made again, not changed in place.
    pub replaced: bool,
    /// A replacement that takes the old one's name, so the old one goes first; under another name it goes last.
    pub keeps_name: bool,
    /// It is nobody's, and becomes the pipeline's.
    pub adopted: bool,
    /// Top-level properties that stay as they are and hold the ARN of a need that is another resource now.
    pub anew: Vec<String>,
}

/// The answer. A field that is left out has nothing to report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// Why an edit loses records, or the way back to them (a shorter retention, PITR off): it needs consent. That a replacement loses
    /// what a kind holds goes without saying.
    pub loses: Option<String>,
    /// Who may do more than before: it needs consent.
    pub widens: Vec<String>,
    /// What happens to the records on their way (read again, skipped, out of order) and to clients, worst first.
    pub means: Vec<String>,
    /// The property that, set on the live resource, forbids to delete and to replace it.
    pub protected: Option<&'static str>,
    /// Why the change must not be made, whatever the user consents to: something of somebody else's would be taken or lost.
    pub refuses: Option<Refusal>,
    /// Whether a new one begins with what its source has already (a mapping that starts with the oldest record).
    pub catches_up: bool,
}

/// Why a change must not be made, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// A fragment whose subject is the resource: `leads elsewhere`.
    pub why: String,
    pub hint: String,
}

impl How {
    /// Whether what this property names is another resource now, under the same ARN.
    pub fn is_anew(&self, property: &str) -> bool {
        self.anew.iter().any(|anew| anew == property)
    }
}

impl<'a, R> Changed<'a, R> {
    /// The same in another form of the properties; nothing where one of them has no such form.
    pub(super) fn map<T>(
        self,
        form: impl Fn(&R) -> Option<T>,
        then: impl Fn(Changed<'_, T>) -> Advice,
    ) -> Option<Advice> {
        Some(match self {
            Self::New(desired) => then(Changed::New(&form(desired)?)),
            Self::Edit { desired, live, how } => {
                then(Changed::Edit { desired: &form(desired)?, live: &form(live)?, how })
            }
            Self::End { live, gone } => then(Changed::End { live: &form(live)?, gone }),
        })
    }

    /// Desired and live, where it is an edit.
    pub fn edit(&self) -> Option<(&'a R, &'a R)> {
        match *self {
            Self::Edit { desired, live, .. } => Some((desired, live)),
            _ => None,
        }
    }
}
