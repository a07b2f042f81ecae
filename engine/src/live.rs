//! What AWS has: the only state there is.
//!
//! Resources that may be the pipeline's are found in four places: the names that the spec gives, the default name of every id
//! (but of kinds that can list what is the pipeline's),
//! the children of what is owned, and tags; and in what owned resources lead to and the ARNs that they hold, because the tagging
//! API lags. Each is read by its kind, and evidence beside its tags is kept.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use futures_util::future::try_join_all;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::aws::{Cx, out_of_reach};
use crate::error::{Class, Error, Result};
use crate::evidence::{Evidence, Wanted};
use crate::owner::Owner;
use crate::resource::{Kind, Live, Name, State};

/// A kind and a name: what a read is asked for.
pub type Key = (&'static str, Name);

/// Everything that was looked for, by kind and name; absent things have no entry.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub lives: BTreeMap<Key, Vec<Live<Value>>>,
    /// What beside tags tells whose they are.
    pub evidence: Evidence,
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
    names: Names,
    /// Names that it leads to and that are not evidence.
    leads: Names,
    /// The names are of what is owned by more than its tags.
    owned: bool,
    /// It was only mentioned, and could not be looked at.
    missed: bool,
    note: Option<String>,
}

/// Names of resources, of whatever kinds.
pub type Names = Vec<(&'static Kind, Name)>;

/// Why something is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// Its name is known to be the pipeline's.
    Name,
    /// It may have been made under this name.
    Chance,
    /// Something of the pipeline's names it.
    Mention,
}

/// Reads the wanted names and all else that the pipeline owns.
///
/// `tagged` is the tagging API's answer: ARNs that carry the pipeline's tag. Reads run concurrently; what one leads to is read as
/// soon as it is known, until nothing new turns up.
///
/// # Errors
/// The first read that fails: a plan made of half a picture would lie.
pub async fn read(
    cx: &Cx,
    kinds: &'static [Kind],
    wanted: Vec<Wanted>,
    tagged: impl Future<Output = Result<Vec<String>>> + Send + 'static,
) -> Result<Found> {
    let mut search = Search { cx, kinds, found: Found::default(), seen: BTreeMap::new(), tasks: JoinSet::new() };
    for kind in kinds {
        let (cx, same) = (cx.clone(), cx.clone());
        search.tasks.spawn(async move { Ok(names(kind, (kind.owned)(&cx).await?, true)) });
        search.tasks.spawn(async move { Ok(names(kind, (kind.tagged)(&same).await?, false)) });
    }
    wanted.iter().for_each(|wanted| search.found.evidence.tell(wanted));
    search.tasks.spawn(async move { tagged_names(tagged.await, kinds) });
    let (likely, others): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|wanted| wanted.likely);
    let names = |wanted: Vec<Wanted>| wanted.into_iter().map(|wanted| (wanted.kind, wanted.name)).collect();
    search.look_for(names(likely), By::Name);
    search.look_for(names(others.into_iter().filter(|other| !other.kind.listed).collect()), By::Chance);
    search.end().await?;
    Ok(search.found)
}

struct Search<'a> {
    cx: &'a Cx,
    kinds: &'static [Kind],
    found: Found,
    /// What was asked for already, and why.
    seen: BTreeMap<Key, By>,
    tasks: JoinSet<Result<Catch>>,
}

impl Search<'_> {
    /// Begins to read those of these names that nobody has asked for yet.
    fn look_for(&mut self, names: Names, by: By) {
        for (kind, name) in names {
            match self.seen.entry((kind.name, name.clone())) {
                Entry::Vacant(new) => {
                    new.insert(by);
                    self.tasks.spawn(look(self.cx.clone(), self.kinds, (kind, name), by));
                }
                // It turns out to be more than mentioned, while it is looked at.
                Entry::Occupied(mut seen) if *seen.get() == By::Mention => _ = seen.insert(by),
                Entry::Occupied(_) => {}
            }
        }
    }

    /// Reads what was asked for, and whatever it leads to.
    async fn end(&mut self) -> Result<()> {
        while let Some(catch) = self.tasks.join_next().await {
            let catch = catch.map_err(|e| Error::defect(e.to_string()))??;
            if let Some((kind, name)) = catch.key.clone().filter(|_| catch.missed) {
                // For another reason it is looked at again, and then it must be seen.
                match self.seen.remove(&(kind.name, name.clone())) {
                    Some(By::Mention) | None => {}
                    Some(by) => self.look_for(vec![(kind, name)], by),
                }
            }
            let (next, mentioned) = self.take(catch);
            self.look_for(next, By::Name);
            self.look_for(mentioned, By::Mention);
        }
        Ok(())
    }

    /// Keeps what was found, and gives the names that it leads to, and those that are only mentioned.
    fn take(&mut self, catch: Catch) -> (Names, Names) {
        let Catch { key, lives, names, leads, owned: by_more_than_tags, note, .. } = catch;
        self.found.notes.extend(note);
        let owned: Vec<&Live<Value>> = lives.iter().filter(|live| ours(self.cx, live)).collect();
        let arns: Vec<String> = owned.iter().flat_map(|live| arns_in(&live.props)).collect();
        // A parent that is not ours has children that are none of our business.
        let mut next = if key.is_none() || !owned.is_empty() { names } else { Vec::new() };
        let keys = next.iter().map(|(kind, name)| (kind.name, name.clone()));
        match &key {
            Some((kind, name)) => {
                let parent = (kind.name, name.clone());
                self.found.evidence.children.extend(keys.map(|child| (parent.clone(), child)));
            }
            None if by_more_than_tags => self.found.evidence.names.extend(keys),
            None => {}
        }
        next.extend(leads);
        let mentioned = arns.iter().flat_map(|arn| named(self.kinds, arn)).collect();
        if let Some((kind, name)) = key
            && !lives.is_empty()
        {
            self.found.lives.insert((kind.name, name), lives);
        }
        (next, mentioned)
    }
}

/// As [`read_all`]. What a policy mentions may be anyone's, and anywhere: where nobody may look, or not from here, nothing of ours is known
/// to be there.
async fn look(cx: Cx, kinds: &'static [Kind], (kind, name): (&'static Kind, Name), by: By) -> Result<Catch> {
    match read_all(cx, kinds, (kind, name.clone()), by != By::Chance).await {
        Err(error) if by == By::Mention && out_of_reach(&error) => {
            tracing::debug!(%error, "what is mentioned cannot be looked at");
            Ok(Catch { key: Some((kind, name)), missed: true, ..names_of(Vec::new()) })
        }
        ended => ended,
    }
}

/// Reads one name, and the names of its children: beside it where it is likely to be there, else after it; where it is ours, what else it
/// leads to.
async fn read_all(cx: Cx, kinds: &'static [Kind], (kind, name): (&'static Kind, Name), likely: bool) -> Result<Catch> {
    let (cx, name) = (&cx, &name);
    let children = try_join_all(kinds.iter().map(async |child| {
        let names = (child.children)(cx, kind.name, name).await?;
        Ok::<_, Error>(names.into_iter().map(|name| (child, name)).collect::<Vec<_>>())
    }));
    let read = (kind.read)(cx, name);
    let (lives, names) = match likely {
        true => tokio::try_join!(read, children)?,
        false => match read.await? {
            none if none.is_empty() => (none, Vec::new()),
            lives => (lives, children.await?),
        },
    };
    let names = names.concat();
    let mut leads = Vec::new();
    for live in lives.iter().filter(|live| ours(cx, live)) {
        let all = kinds.iter().map(async |other| {
            let names = (other.leads)(cx, kind.name, name, &live.props).await?;
            Ok::<_, Error>(names.into_iter().map(|name| (other, name)).collect::<Vec<_>>())
        });
        leads.extend(try_join_all(all).await?.concat());
    }
    let note = lives.iter().filter(|live| ours(cx, live)).find_map(|live| (kind.tells)(live));
    Ok(Catch { key: Some((kind, name.clone())), lives, names, leads, owned: false, missed: false, note })
}

fn ours(cx: &Cx, live: &Live<Value>) -> bool {
    matches!(Owner::of(&live.tags, &cx.pipeline), Owner::Ours(_))
}

fn names(kind: &'static Kind, names: Vec<Name>, owned: bool) -> Catch {
    let names = names.into_iter().map(|name| (kind, name)).collect();
    Catch { key: None, lives: Vec::new(), names, leads: Vec::new(), owned, missed: false, note: None }
}

/// Names that are no evidence.
fn names_of(names: Names) -> Catch {
    Catch { key: None, lives: Vec::new(), names, leads: Vec::new(), owned: false, missed: false, note: None }
}

/// The names that the tagging API knows. Without permission for it the search goes on, and says what it may miss.
fn tagged_names(arns: Result<Vec<String>>, kinds: &'static [Kind]) -> Result<Catch> {
    match arns {
        Ok(arns) => Ok(names_of(arns.iter().flat_map(|arn| named(kinds, arn)).collect())),
        Err(error) if error.class() == Class::Fatal => {
            let note = format!("resources under a name that left the spec may be missed: {error}");
            Ok(Catch { note: Some(note), ..names_of(Vec::new()) })
        }
        Err(error) => Err(error),
    }
}

/// What an ARN names: one resource, or nothing that `pipe` knows.
pub fn named(kinds: &'static [Kind], arn: &str) -> Names {
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
