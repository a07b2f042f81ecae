//! Turns a spec into the graph of its resources. Pure: names, ARNs and policies follow from the spec and the place alone.

pub mod api;
mod consumer;
mod front;
mod names;
mod stores;

use crate::aws::Place;
use crate::bundle::Codes;
use crate::error::Result;
use crate::graph::Graph;
use crate::resource::Name;
use crate::spec::{Loaded, Spec};

pub use front::{Example, Mark, example_of, example_request};
pub use names::{defaults, id};

/// The inputs that every part of the lowering has.
struct Lowering<'a> {
    spec: &'a Spec,
    place: &'a Place,
    codes: &'a Codes,
    root: &'a std::path::Path,
}

/// Lowers a spec for one account and region.
///
/// # Errors
/// An `existing` ARN of another account or region; a schema file that cannot be read.
pub fn lower(loaded: &Loaded, place: &Place, codes: &Codes) -> Result<Graph> {
    let lowering = Lowering { spec: &loaded.spec, place, codes, root: &loaded.root };
    let mut nodes = lowering.front()?;
    nodes.extend(lowering.stores()?);
    nodes.extend(lowering.consumer()?);
    Graph::new(&loaded.spec.name, loaded.spec.tags.clone(), nodes)
}

impl Lowering<'_> {
    /// The name of the role for this id.
    fn role_name(&self, id: &str) -> String {
        names::role(&self.spec.name, id, self.place)
    }

    fn role_arn(&self, id: &str) -> String {
        let path = crate::kinds::role::path(&self.spec.name, &self.place.region);
        crate::kinds::role::arn(self.place, &path, &Name::new(self.role_name(id)))
    }
}
