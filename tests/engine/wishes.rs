//! Random specs of fake kinds: a closed list of ids, each there or not.

use std::collections::BTreeMap;

use pipe::error::Result;
use pipe::graph::{Graph, Node};
use pipe::resource::{Name, Resource, Tags, output_of};
use proptest::prelude::*;

use super::PIPELINE;
use super::world::{Fake, KINDS, arn};

/// Ids of the closed list; the kind of each is fixed, and what needs has a later kind than what is needed.
pub const IDS: [(&str, usize); 8] = [("a", 0), ("b", 0), ("c", 1), ("d", 1), ("e", 2), ("f", 2), ("g", 3), ("h", 3)];

/// One node of a random spec.
#[derive(Clone, Debug)]
pub struct Wish {
    pub value: u32,
    pub fixed: u32,
    /// 0: the default name.
    pub name: u8,
    pub needs: Vec<(usize, bool)>,
    pub retain: bool,
    /// Whose outputs it holds, of those that it may need: `id` or else `label`, and where a change replaces it.
    pub marks: Vec<(usize, bool, bool)>,
}

/// A random spec: nodes by their place in the list.
pub type Wishes = BTreeMap<usize, Wish>;

/// Any spec of up to 8 nodes.
pub fn wishes() -> impl Strategy<Value = Wishes> {
    let needs = prop::collection::vec((0..8usize, any::<bool>()), 0..3);
    let marks = prop::collection::vec((0..8usize, any::<bool>(), any::<bool>()), 0..3);
    let wish = (0..3u32, 0..2u32, 0..3u8, needs, prop::bool::weighted(0.1), marks);
    let wish =
        wish.prop_map(|(value, fixed, name, needs, retain, marks)| Wish { value, fixed, name, needs, retain, marks });
    prop::collection::btree_map(0..8usize, wish, 0..8)
}

/// The name of a node: the default one, or one of its own.
pub fn name(at: usize, variant: u8) -> String {
    match variant {
        0 => format!("{PIPELINE}-{}", IDS[at].0),
        n => format!("{}-own-{n}", IDS[at].0),
    }
}

/// Id and name of the role that a spec has where a node has a name of its own.
pub const ROLE: (&str, &str) = ("role", "demo-role");

/// Its policy names what has a name of its own.
fn role(wishes: &Wishes) -> Option<Node> {
    let own = wishes.iter().filter(|(_, wish)| wish.name > 0);
    let refs: Vec<String> =
        own.map(|(&at, wish)| arn(KINDS[IDS[at].1 + 1].name, &Name::new(name(at, wish.name)))).collect();
    (!refs.is_empty()).then(|| Node::new(ROLE.0, ROLE.1, &Fake::<4> { refs, ..Fake::default() }).unwrap())
}

/// What the spec lowers to.
pub fn graph(wishes: &Wishes) -> Graph {
    let node = |(&at, wish): (&usize, &Wish)| {
        let (id, kind) = IDS[at];
        let name = name(at, wish.name);
        let node = match kind {
            0 => made::<0>(at, wish, wishes).and_then(|fake| Node::new(id, name, &fake)),
            1 => made::<1>(at, wish, wishes).and_then(|fake| Node::new(id, name, &fake)),
            2 => made::<2>(at, wish, wishes).and_then(|fake| Node::new(id, name, &fake)),
            _ => made::<3>(at, wish, wishes).and_then(|fake| Node::new(id, name, &fake)),
        };
        let mut needs = wish.needs.clone();
        needs.sort();
        needs.dedup_by_key(|(of, _)| *of);
        let earlier = needs.into_iter().filter(|(of, _)| IDS[*of].1 < kind);
        earlier.fold(node.unwrap().retained(wish.retain), |node, (of, follow)| match follow {
            true => node.follows(IDS[of].0),
            false => node.needs([IDS[of].0]),
        })
    };
    Graph::new(
        PIPELINE,
        Tags::from([("team".to_owned(), "x".to_owned())]),
        role(wishes).into_iter().chain(wishes.iter().map(node)).collect(),
    )
    .unwrap()
}

/// The properties of a node. Marks stand within a longer text, and several in one.
fn made<const K: usize>(at: usize, wish: &Wish, wishes: &Wishes) -> Result<Fake<K>> {
    let earlier = |of: &usize| IDS[*of].1 < IDS[at].1 && wishes.contains_key(of);
    let marks = |tied: bool| {
        let of = wish.marks.iter().filter(|(of, _, ties)| earlier(of) && *ties == tied);
        let mark = |(of, id, _): &(usize, bool, bool)| output_of(IDS[*of].0, if *id { "id" } else { "label" });
        of.map(|one| format!("{}/*", mark(one))).collect::<String>()
    };
    Fake { value: wish.value, fixed: wish.fixed, from: marks(false), tied: marks(true), ..Fake::default() }.sealed()
}

/// A spec of one node.
pub fn one(at: usize, wish: Wish) -> Wishes {
    Wishes::from([(at, wish)])
}

/// A node with nothing special.
pub fn plain() -> Wish {
    Wish { value: 1, fixed: 0, name: 0, needs: Vec::new(), retain: false, marks: Vec::new() }
}
