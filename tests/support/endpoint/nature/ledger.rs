//! What lasts for a while: the states of an account's resources, and what has not reached everybody yet.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::subject::{Kind, Subject};

/// Something that lasts for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spell {
    Creating,
    Updating,
    /// Of mappings alone, as the next.
    Enabling,
    Disabling,
    Deleting,
    /// Reads do not find it yet.
    Unseen,
    /// Services cannot assume the role yet.
    Unassumable,
    /// Services do not find the role's permissions yet.
    Unpermitted,
    /// The table takes no setting of its backups yet.
    Backups,
    /// The deleted queue's name is not free yet.
    NameTaken,
}

/// The spells that are states, the strongest first.
const STATES: [Spell; 5] = [Spell::Deleting, Spell::Creating, Spell::Enabling, Spell::Disabling, Spell::Updating];

/// The spells of one account, with their ends.
#[derive(Default)]
pub struct Ledger(HashMap<(Subject, Spell), Instant>);

impl Ledger {
    /// Begins a spell; one of zero does not begin.
    pub fn begin(&mut self, subject: &Subject, spell: Spell, lasting: Duration) {
        if !lasting.is_zero() {
            self.0.insert((subject.clone(), spell), Instant::now() + lasting);
        }
    }

    pub fn is(&self, subject: &Subject, spell: Spell) -> bool {
        self.0.get(&(subject.clone(), spell)).is_some_and(|end| Instant::now() < *end)
    }

    /// The state that a resource is in, if it is not the usual one.
    pub fn state(&self, subject: &Subject) -> Option<Spell> {
        STATES.into_iter().find(|state| self.is(subject, *state))
    }

    /// Ends all spells of what is gone.
    pub fn forget(&mut self, subject: &Subject) {
        self.0.retain(|(of, _), _| of != subject);
    }

    /// How many resources of a kind and region are in one of these spells.
    pub fn count(&self, kind: Kind, region: &str, spells: &[Spell]) -> usize {
        let now = Instant::now();
        let counts = |((subject, spell), end): &(&(Subject, Spell), &Instant)| {
            subject.kind == kind && subject.region == region && spells.contains(spell) && now < **end
        };
        self.0.iter().filter(counts).count()
    }

    /// The names of a kind's resources that are in a spell.
    pub fn names(&self, kind: Kind, region: &str, spell: Spell) -> Vec<String> {
        let now = Instant::now();
        let named = |((subject, of), end): (&(Subject, Spell), &Instant)| {
            (subject.kind == kind && subject.region == region && *of == spell && now < *end)
                .then(|| subject.name.clone())
        };
        self.0.iter().filter_map(named).collect()
    }
}
