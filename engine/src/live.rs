//! What AWS has: the only state there is.
//!
//! What is the pipeline's is found in four places: the names that the spec gives, the default name of every id, the children of
//! what is owned, and tags; and in the ARNs that owned resources hold, for the tagging API lags. Each is read by its kind.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tokio::task::JoinSet;

use crate::aws::Cx;
use crate::error::{Class, Error, Result};
use crate::owner::Owner;
use crate::resource::{Kind, Live, Name, State};

/// A kind and a name: what a read is asked for.
pub type Key = (&'static str, Name);

/// Everything that was looked for, by kind and name; absent things have no entry.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub lives: BTreeMap<Key, Vec<Live<Value>>>,
    /// What a user should know about how the search went.
    pub notes: Vec<String>,
}

impl Found {
    /// What AWS has under this name and is not on its way out.
    pub fn live(&self, kind: &Kind, name: &Name) -> Vec<&Live<Value>> {
        let lives = self.lives.get(&(kind.name, name.clone())).into_iter().flatten();
        lives.filter(|live| live.state == State::Live).collect()
    }
}

/// What one task of the search brings back.
struct Catch {
    key: Option<(&'static Kind, Name)>,
    lives: Vec<Live<Value>>,
    names: Vec<(&'static Kind, Name)>,
}

/// Reads the wanted names and all else that the pipeline owns.
///
/// `tagged` is the tagging API's answer: ARNs that carry the pipeline's tag. Reads run concurrently; what one finds is read in
/// a further round, until nothing new turns up.
///
/// # Errors
/// The first read that fails: a plan made of half a picture would lie.
pub async fn read(
    cx: &Cx,
    kinds: &'static [Kind],
    wanted: Vec<(&'static Kind, Name)>,
    tagged: impl Future<Output = Result<Vec<String>>> + Send + 'static,
) -> Result<Found> {
    let mut found = Found::default();
    let mut seen: BTreeSet<Key> = BTreeSet::new();
    let mut tasks: JoinSet<Result<Catch>> = JoinSet::new();
    for kind in kinds {
        let cx = cx.clone();
        tasks.spawn(async move { Ok(names(kind, (kind.owned)(&cx).await?)) });
    }
    let arns = tokio::spawn(tagged);
    let mut next = wanted;
    loop {
        for (kind, name) in next.drain(..) {
            if seen.insert((kind.name, name.clone())) {
                tasks.spawn(look(cx.clone(), kinds, kind, name));
            }
        }
        while let Some(catch) = tasks.join_next().await {
            let Catch { key, lives, names } = catch.map_err(|e| Error::defect(e.to_string()))??;
            let ours = |live: &&Live<Value>| matches!(Owner::of(&live.tags, &cx.pipeline), Owner::Ours(_));
            let owned: Vec<&Live<Value>> = lives.iter().filter(ours).collect();
            // A parent that is not ours has children that are none of our business.
            if key.is_none() || !owned.is_empty() {
                next.extend(names);
            }
            next.extend(owned.iter().flat_map(|live| arns_in(&live.props)).flat_map(|arn| named(kinds, &arn)));
            if let Some((kind, name)) = key
                && !lives.is_empty()
            {
                found.lives.insert((kind.name, name), lives);
            }
        }
        next.retain(|(kind, name)| !seen.contains(&(kind.name, name.clone())));
        if next.is_empty() {
            break;
        }
    }
    let late = tagged_names(arns, kinds, &mut found).await?;
    let late: Vec<_> = late.into_iter().filter(|(kind, name)| !seen.contains(&(kind.name, name.clone()))).collect();
    if !late.is_empty() {
        let more = Box::pin(read(cx, kinds, late, async { Ok(Vec::new()) })).await?;
        found.lives.extend(more.lives);
    }
    Ok(found)
}

/// Reads one name, and beside it the names of its children.
async fn look(cx: Cx, kinds: &'static [Kind], kind: &'static Kind, name: Name) -> Result<Catch> {
    let mut children = Vec::new();
    let mut asked = JoinSet::new();
    for child in kinds {
        let (cx, name) = (cx.clone(), name.clone());
        asked.spawn(async move { Ok::<_, Error>(names(child, (child.children)(&cx, kind.name, &name).await?).names) });
    }
    let lives = (kind.read)(&cx, &name).await?;
    while let Some(names) = asked.join_next().await {
        children.extend(names.map_err(|e| Error::defect(e.to_string()))??);
    }
    Ok(Catch { key: Some((kind, name)), lives, names: children })
}

fn names(kind: &'static Kind, names: Vec<Name>) -> Catch {
    Catch { key: None, lives: Vec::new(), names: names.into_iter().map(|name| (kind, name)).collect() }
}

/// The names that the tagging API knows. Without permission for it the search goes on, and says what it may miss.
async fn tagged_names(
    arns: tokio::task::JoinHandle<Result<Vec<String>>>,
    kinds: &'static [Kind],
    found: &mut Found,
) -> Result<Vec<(&'static Kind, Name)>> {
    match arns.await.map_err(|e| Error::defect(e.to_string()))? {
        Ok(arns) => Ok(arns.iter().flat_map(|arn| named(kinds, arn)).collect()),
        Err(error) if error.class() == Class::Fatal => {
            found.notes.push(format!("resources under a name that left the spec may be missed: {error}"));
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

fn named(kinds: &'static [Kind], arn: &str) -> Vec<(&'static Kind, Name)> {
    kinds.iter().filter_map(|kind| Some((kind, (kind.name_of)(arn)?))).collect()
}

/// Every ARN in a resource's properties.
fn arns_in(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.starts_with("arn:") => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(arns_in).collect(),
        Value::Object(all) => all.values().flat_map(arns_in).collect(),
        _ => Vec::new(),
    }
}
