//! What the user agrees to, or vouches for, beforehand.

use clap::Args;

use crate::evidence::{Wanted, Why};
use crate::kinds::KINDS;
use crate::resource::{Kind, Name};

/// Consent that can be given beforehand.
#[derive(Clone, Debug, Default, Args)]
pub struct ConsentArgs {
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Agree that the data of this resource is lost, by its id, or by kind and name as in dynamodb:Table/EventTable where a plan
    /// asks for that; repeatable, `all` for every one
    #[arg(long, value_name = "ID|KIND/NAME")]
    pub allow_data_loss: Vec<String>,
    /// Agree that somebody may do more than before: a policy that gains an action, a route that loses its authorizer
    #[arg(long)]
    pub allow_widening: bool,
}

/// What the user says is the pipeline's.
#[derive(Clone, Debug, Default, Args)]
pub struct OrphanArgs {
    /// Treat a resource that carries the pipeline's tags as the pipeline's although nothing else shows it, as in
    /// lambda:Function/NAME: it is deleted, or taken as the one that its id had before; repeatable
    #[arg(long = "orphan", value_name = "KIND/NAME", value_parser = resource)]
    orphans: Vec<(&'static Kind, Name)>,
}

impl OrphanArgs {
    /// What is to be looked at.
    pub fn wanted(&self) -> Vec<Wanted> {
        let claimed =
            |(kind, name): &(&'static Kind, Name)| Wanted { kind, name: name.clone(), why: Why::Claimed, likely: true };
        self.orphans.iter().map(claimed).collect()
    }
}

/// A resource by kind and name; a name may have a `/` too.
fn resource(text: &str) -> Result<(&'static Kind, Name), String> {
    let named = text.split_once('/').filter(|(_, name)| !name.is_empty());
    let found = named.and_then(|(kind, name)| Some((KINDS.iter().find(|known| known.name == kind)?, Name::new(name))));
    found.ok_or_else(|| {
        let kinds: Vec<&str> = KINDS.iter().filter(|kind| !kind.of_account).map(|kind| kind.name).collect();
        format!("a kind and a name, as in dynamodb:Table/EventTable; the kinds are {}", kinds.join(", "))
    })
}
