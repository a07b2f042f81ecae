//! What others added to a table, and the pipeline leaves as it is.

use super::{Index, Table};

impl Table {
    /// It with what others added to the live one; nothing where there is nothing of theirs.
    pub(super) fn kept(&self, live: &Self) -> Option<Self> {
        let mut kept = Self { known: live.known.clone(), ..self.clone() };
        let others = live.indexes.iter().filter(|(name, one)| one.of_others && !self.indexes.contains_key(*name));
        kept.indexes.extend(others.map(|(name, one)| (name.clone(), self.billing_as(live, one))));
        kept.ttl = kept.ttl.or_else(|| live.ttl.clone().filter(|ttl| ttl.of_others));
        if kept.stream_view.is_empty() {
            kept.stream_view.clone_from(&live.stream_view);
        }
        (kept != *self).then_some(kept)
    }

    /// It without the indexes and the TTL that others added, and that it keeps.
    pub(super) fn own_parts(&self) -> Self {
        let mut own = self.clone();
        own.indexes.retain(|_, index| !index.of_others);
        own.ttl = own.ttl.filter(|ttl| !ttl.of_others);
        own
    }

    /// An index with the capacity that it gets where the table changes how it is billed: on demand none, and otherwise the table's.
    pub(super) fn billing_as(&self, live: &Self, index: &Index) -> Index {
        let (read_capacity, write_capacity) = match (self.on_demand, live.on_demand) {
            (true, _) => (0, 0),
            (false, true) => (self.read_capacity, self.write_capacity),
            (false, false) => (index.read_capacity, index.write_capacity),
        };
        Index { read_capacity, write_capacity, ..index.clone() }
    }
}
