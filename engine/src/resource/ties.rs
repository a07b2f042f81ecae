//! What a resource's properties tell of whose it is.

/// ARNs in a resource's properties that only who may do more than tag can have put there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ties {
    /// Roles that it acts under: to set one takes `iam:PassRole` on it. Where the role is the pipeline's, this is as well.
    pub acts_as: Vec<String>,
    /// What is the pipeline's if this is: what a role may use, where an API logs. To name it takes the right to change this.
    pub holds: Vec<String>,
    /// Whether something in it has the pipeline's label that takes the right to change it to make: a user pool's client.
    pub labelled: bool,
}
