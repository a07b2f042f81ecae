//! An account in memory and fake kinds that live in it, so that the engine is tested without AWS.
//!
//! Every test has an account id of its own; the worlds are kept by it, because kinds get nothing but their context.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use aws_config::{BehaviorVersion, SdkConfig};
use pipe::aws::{Aws, Cx, Place, TagCall, TagDiff};
use pipe::error::{Call, Class, Error, Result};
use pipe::resource::{
    Advice, Changed, Grant, Handle, Kind, Live, Made, Name, Resource, Scope, State, Tags, Ties, is_open, unknown,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use super::thing::{Thing, essence};

/// What a fake kind manages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fake<const K: usize> {
    pub value: u32,
    /// A change replaces the resource.
    pub fixed: u32,
    /// ARNs that it names: in a policy in kind 4, elsewhere of what it acts under.
    pub refs: Vec<String>,
    /// May hold outputs of others.
    pub from: String,
    /// The same; a change replaces the resource.
    pub tied: String,
    /// In kind 1 a hash of these two.
    pub seal: String,
}

/// What happens to a call that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never arrives.
    Before,
    /// It takes effect, and its answer is lost.
    After,
}

#[derive(Default)]
pub struct World {
    pub things: Vec<Thing>,
    /// Every call that wrote: verb, kind, name, handle.
    pub writes: Vec<(&'static str, &'static str, Name, Handle)>,
    /// By the number of the call that writes, counted from 0.
    pub faults: BTreeMap<usize, Fault>,
    /// From this write on nothing arrives: the process was killed.
    pub killed_at: Option<usize>,
    calls: usize,
    made: u64,
}

static WORLDS: LazyLock<Mutex<BTreeMap<String, Arc<Mutex<World>>>>> = LazyLock::new(Mutex::default);
static ACCOUNTS: AtomicU64 = AtomicU64::new(100_000_000_000);

/// Kinds in creation order; the last number is the role's, which is made first.
pub static KINDS: &[Kind] = &[
    Kind::of::<Fake<4>>(),
    Kind::of::<Fake<0>>(),
    Kind::of::<Fake<1>>(),
    Kind::of::<Fake<2>>(),
    Kind::of::<Fake<3>>(),
];

/// A context in a new account.
pub fn account(pipeline: &str) -> Cx {
    let account = ACCOUNTS.fetch_add(1, Ordering::Relaxed).to_string();
    let place = Place { partition: "aws".into(), account, region: "eu-central-1".into() };
    let sdk = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
    Cx::new(Arc::new(Aws::new(&sdk, place)), pipeline)
}

/// The world of a context's account.
pub fn world(cx: &Cx) -> Arc<Mutex<World>> {
    WORLDS.lock().unwrap().entry(cx.aws.place.account.clone()).or_default().clone()
}

impl World {
    /// Puts a resource there behind the engine's back.
    pub fn put(&mut self, kind: &'static str, name: &str, value: u32, tags: &[(&str, &str)]) {
        let handle = self.handle();
        let tags = tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        self.things.push(Thing {
            kind,
            name: Name::new(name),
            identity: handle.to_string(),
            handle,
            value,
            fixed: 0,
            refs: Vec::new(),
            from: String::new(),
            tied: String::new(),
            seal: String::new(),
            tags,
            leaving: false,
        });
    }

    fn handle(&mut self) -> Handle {
        self.made += 1;
        Handle::new(format!("h{:05}", self.made))
    }

    /// Forgets faults and counts.
    pub fn calm(&mut self) {
        self.faults.clear();
        self.killed_at = None;
        self.calls = 0;
        self.writes.clear();
    }

    /// ARNs of everything that carries the pipeline's tag, as the tagging API gives them.
    pub fn tagged(&self, pipeline: &str) -> Vec<String> {
        let ours =
            self.things.iter().filter(|thing| thing.tags.get("pipe:pipeline").is_some_and(|name| name == pipeline));
        ours.map(|thing| arn(thing.kind, &thing.name)).collect()
    }

    /// A call that writes: perhaps it fails, before or after its effect.
    fn write<T>(
        &mut self,
        verb: &'static str,
        thing: (&'static str, &Name, &Handle),
        effect: impl FnOnce(&mut Self) -> T,
    ) -> Result<T> {
        let call = self.calls;
        self.calls += 1;
        if self.killed_at.is_some_and(|at| call >= at) {
            return Err(Error::fatal("killed"));
        }
        let unclear = || {
            Error::new(Class::Unclear, "no answer").call(Call { operation: format!("fake:{verb}"), ..Call::default() })
        };
        match self.faults.get(&call) {
            Some(Fault::Before) => Err(unclear()),
            fault => {
                let lost = fault.is_some();
                self.writes.push((verb, thing.0, thing.1.clone(), thing.2.clone()));
                let done = effect(self);
                if lost { Err(unclear()) } else { Ok(done) }
            }
        }
    }
}

pub fn arn(kind: &str, name: &Name) -> String {
    format!("arn:{kind}/{name}")
}

fn guard(world: &Arc<Mutex<World>>) -> MutexGuard<'_, World> {
    world.lock().unwrap()
}

impl<const K: usize> Resource for Fake<K> {
    const KIND: &'static str = ["fake:Plain", "fake:Data", "fake:Unnamed", "fake:Renamed", "fake:Role"][K];
    const REPLACE_ON: &'static [&'static str] = &["fixed", "tied"];
    const HOLDS_DATA: bool = K == 1;
    const RENAMES: bool = K == 3;
    const LISTED: bool = K == 4;

    fn sealed(self) -> Result<Self> {
        let open = is_open(&json!([self.from, self.tied]));
        let seal = match K {
            1 if open => unknown(),
            1 => format!("seal of {} and {}", self.from, self.tied),
            _ => String::new(),
        };
        Ok(Self { seal, ..self })
    }

    fn moves(&self, live: &Self) -> Vec<&'static str> {
        (self.value != live.value).then_some("label").into_iter().collect()
    }

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let fewer = of.edit().is_some_and(|(desired, live)| K == 1 && desired.value < live.value);
        Advice { loses: fewer.then(|| "some records are lost".to_owned()), ..Advice::default() }
    }

    fn meanwhile(&self, live: &Self) -> Option<Self> {
        let more: Vec<String> = live.refs.iter().filter(|arn| !self.refs.contains(arn)).cloned().collect();
        (!more.is_empty()).then(|| Self { refs: [self.refs.clone(), more].concat(), ..self.clone() })
    }

    fn ties(&self) -> Ties {
        let refs = self.refs.clone();
        if K == 4 { Ties { holds: refs, ..Ties::default() } } else { Ties { acts_as: refs, ..Ties::default() } }
    }

    fn name_of(arn: &str) -> Option<Name> {
        arn.strip_prefix(&format!("arn:{}/", Self::KIND)).map(Name::new)
    }

    fn grants(_: &Scope, _: &Name) -> Vec<Grant> {
        Vec::new()
    }

    async fn owned(cx: &Cx) -> Result<Vec<Name>> {
        let world = world(cx);
        let world = guard(&world);
        // By the name, as AWS's are by their path: tags prove nothing.
        let is_ours = |thing: &&Thing| thing.name.as_str() == format!("{}-role", cx.pipeline);
        let listed = world.things.iter().filter(|thing| K == 4 && thing.kind == Self::KIND).filter(is_ours);
        Ok(listed.map(|thing| thing.name.clone()).collect())
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let world = world(cx);
        let world = guard(&world);
        let here = world.things.iter().filter(|thing| thing.kind == Self::KIND && thing.name == *name);
        let live = |thing: &Thing| Live {
            handle: thing.handle.clone(),
            props: Self {
                value: thing.value,
                fixed: thing.fixed,
                refs: thing.refs.clone(),
                from: thing.from.clone(),
                tied: thing.tied.clone(),
                seal: thing.seal.clone(),
            },
            outputs: thing.outputs(),
            tags: thing.tags.clone(),
            identity: thing.identity.clone(),
            state: if thing.leaving { State::Leaving } else { State::Live },
        };
        Ok(here.map(live).collect())
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let world = world(cx);
        tokio::task::yield_now().await;
        let mut world = guard(&world);
        let Some(live) = live else {
            let thing = self.thing(name, world.handle(), &cx.tags);
            let (handle, outputs) = (thing.handle.clone(), thing.outputs());
            // Kind 2 has no unique names: a second create makes a second one.
            if K != 2 && world.things.iter().any(|other| other.kind == Self::KIND && other.name == *name) {
                return Err(Error::new(Class::Exists, "it exists"));
            }
            world.write("create", (Self::KIND, name, &handle), |world| world.things.push(thing))?;
            if K == 1 {
                // Its followers begin before this step has ended.
                cx.there(outputs.clone(), handle.to_string());
            }
            return Ok(Made { outputs, identity: handle.to_string() });
        };
        let immutable = |props: &Self| (props.fixed, props.tied.clone());
        assert_eq!(immutable(self), immutable(&live.props), "what cannot change in place must be replaced");
        let at = world.things.iter().position(|thing| thing.handle == live.handle).expect("observed just now");
        // Two writes, so that a kill may come between them.
        if *self != live.props || world.things[at].name != *name {
            world.write("update", (Self::KIND, name, &live.handle), |world| {
                world.things[at].value = self.value;
                world.things[at].refs.clone_from(&self.refs);
                world.things[at].from.clone_from(&self.from);
                world.things[at].seal.clone_from(&self.seal);
                world.things[at].name = name.clone();
            })?;
        }
        for call in TagDiff::of(&cx.tags, &live.tags).calls() {
            world.write("tag", (Self::KIND, name, &live.handle), |world| match call {
                TagCall::Set(tags) => world.things[at].tags.extend(tags),
                TagCall::Remove(keys) => world.things[at].tags.retain(|key, _| !keys.contains(key)),
            })?;
        }
        Ok(Made { outputs: world.things[at].outputs(), identity: live.identity.clone() })
    }

    async fn delete(cx: &Cx, name: &Name, handle: &Handle) -> Result<()> {
        let world = world(cx);
        tokio::task::yield_now().await;
        let mut world = guard(&world);
        if !world.things.iter().any(|thing| thing.handle == *handle) {
            return Ok(());
        }
        world.write("delete", (Self::KIND, name, handle), |world| world.things.retain(|thing| thing.handle != *handle))
    }
}

impl<const K: usize> Fake<K> {
    /// What AWS makes of it.
    fn thing(&self, name: &Name, handle: Handle, tags: &Tags) -> Thing {
        Thing {
            kind: Self::KIND,
            name: name.clone(),
            identity: handle.to_string(),
            handle,
            value: self.value,
            fixed: self.fixed,
            refs: self.refs.clone(),
            from: self.from.clone(),
            tied: self.tied.clone(),
            seal: self.seal.clone(),
            tags: tags.clone(),
            leaving: false,
        }
    }
}
