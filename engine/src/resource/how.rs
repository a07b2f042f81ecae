//! What a kind is told of the way in which its resource changes.

/// How a plan changes a resource: what its kind must know to say what that means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct How {
    /// It is deleted and made anew, not changed in place.
    pub replaced: bool,
    /// A replacement that takes the old one's name, so the old one goes first; under another name it goes last.
    pub keeps_name: bool,
    /// Top-level properties that stay as they are and hold the ARN of a need that is another one now.
    pub anew: Vec<String>,
}

impl How {
    /// Whether what this property names is another one now, under the same ARN.
    pub fn is_anew(&self, property: &str) -> bool {
        self.anew.iter().any(|anew| anew == property)
    }
}
