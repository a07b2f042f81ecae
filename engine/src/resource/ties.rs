//! What a resource's properties show about whose it is.

/// ARNs in a resource's properties that nobody can have put there who may only tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ties {
    /// Roles that it acts under: to set one takes `iam:PassRole` on it. If the role is the pipeline's, so is this.
    pub acts_as: Vec<String>,
    /// What is the pipeline's if this is: what a role may use, where an API logs. To name it takes the right to change this.
    pub holds: Vec<String>,
    /// Whether something in it has the pipeline's label that takes the right to change it to make: a user pool's client.
    pub labelled: bool,
}
