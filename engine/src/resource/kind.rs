//! [`Resource`] with its type erased.

use std::future::Future;
use std::pin::Pin;

use serde_json::Value;

use super::typed::{both, erase, restore, typed};
use super::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Refusal, Resource, Scope, Tags, Ties, json};
use crate::aws::Cx;
use crate::error::Result;

type Fut<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;
type Lives = Vec<Live<Value>>;
type Reconcile = for<'a> fn(&'a Cx, &'a Value, &'a Name, Option<&'a Live<Value>>) -> Fut<'a, Made>;

/// [`Resource`] with its type erased: properties travel as JSON objects.
pub struct Kind {
    pub name: &'static str,
    pub replace_on: &'static [&'static str],
    pub holds_data: bool,
    pub renames: bool,
    pub stamped: bool,
    pub labelled: bool,
    pub within: bool,
    pub of_account: bool,
    pub narrows_last: bool,
    pub lingers: &'static str,
    pub listed: bool,
    pub looks: &'static [&'static str],
    pub internal: &'static [&'static str],
    pub deleted: &'static str,
    pub sealed: fn(&Value) -> Result<Value>,
    pub moves: fn(&Value, &Value) -> Vec<&'static str>,
    pub lacking: fn(&Name, &str) -> Option<Refusal>,
    pub succeeds: fn(&Value, &Value) -> bool,
    pub advice: fn(Changed<'_, Value>) -> Advice,
    pub tells: fn(&Live<Value>) -> Option<String>,
    pub finds: for<'a> fn(&'a Cx, &'a Value, &'a Value) -> Fut<'a, Vec<String>>,
    pub keeping: fn(&Value, &Value) -> Option<Value>,
    pub meanwhile: fn(&Value, &Value) -> Option<Value>,
    pub records: fn(&Value) -> Tags,
    pub ties: fn(&Value) -> Ties,
    pub name_of: fn(&str) -> Option<Name>,
    pub grants: fn(&Scope, &Name) -> Vec<Grant>,
    pub more_grants: fn(&Scope, &Name, &Value) -> Vec<Grant>,
    pub owned: for<'a> fn(&'a Cx) -> Fut<'a, Vec<Name>>,
    pub tagged: for<'a> fn(&'a Cx) -> Fut<'a, Vec<Name>>,
    pub children: for<'a> fn(&'a Cx, &'a str, &'a Name) -> Fut<'a, Vec<Name>>,
    pub leads: for<'a> fn(&'a Cx, &'a str, &'a Name, &'a Value) -> Fut<'a, Vec<Name>>,
    pub pipelines: for<'a> fn(&'a Cx) -> Fut<'a, Vec<String>>,
    pub reveal: for<'a> fn(&'a Cx, &'a Name) -> Fut<'a, Outputs>,
    pub read: for<'a> fn(&'a Cx, &'a Name) -> Fut<'a, Lives>,
    pub reconcile: Reconcile,
    pub delete: for<'a> fn(&'a Cx, &'a Name, &'a Handle) -> Fut<'a, ()>,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Kind {
    /// Erases the type of a kind.
    pub const fn of<R: Resource>() -> Self {
        Self {
            name: R::KIND,
            replace_on: R::REPLACE_ON,
            holds_data: R::HOLDS_DATA,
            renames: R::RENAMES,
            stamped: R::STAMPED,
            labelled: R::LABELLED,
            within: R::WITHIN,
            of_account: R::OF_ACCOUNT,
            narrows_last: R::NARROWS_LAST,
            lingers: R::LINGERS,
            listed: R::LISTED,
            looks: R::LOOKS,
            internal: R::INTERNAL,
            deleted: R::DELETED,
            sealed: |desired| json(&typed::<R>(desired)?.sealed()?),
            moves: |desired, live| both::<R, _>(desired, live, |desired, live| desired.moves(live)),
            lacking: R::lacking,
            succeeds: succeeds::<R>,
            meanwhile: |desired, live| json(&typed::<R>(desired).ok()?.meanwhile(&typed::<R>(live).ok()?)?).ok(),
            tells: |live| R::tells(&restore::<R>(live).ok()?),
            finds: finds::<R>,
            keeping: |desired, live| json(&typed::<R>(desired).ok()?.keeping(&typed::<R>(live).ok()?)?).ok(),
            advice: |of| of.map(|props| typed::<R>(props).ok(), |of| R::advice(&of)).unwrap_or_default(),
            records: |desired| typed::<R>(desired).map_or_else(|_| Tags::new(), |desired| desired.records()),
            ties: |live| typed::<R>(live).map_or_else(|_| Ties::default(), |live| live.ties()),
            name_of: R::name_of,
            grants: R::grants,
            more_grants: |scope, name, it| typed::<R>(it).map(|one| one.more_grants(scope, name)).unwrap_or_default(),
            owned: |cx| Box::pin(R::owned(cx)),
            tagged: |cx| Box::pin(R::tagged(cx)),
            children: |cx, kind, parent| Box::pin(R::children(cx, kind, parent)),
            leads: |cx, kind, from, props| Box::pin(R::leads(cx, kind, from, props)),
            pipelines: |cx| Box::pin(R::pipelines(cx)),
            reveal: |cx, name| Box::pin(R::reveal(cx, name)),
            read: |cx, name| Box::pin(async move { R::read(cx, name).await?.into_iter().map(erase).collect() }),
            reconcile: reconcile::<R>,
            delete: |cx, name, handle| Box::pin(R::delete(cx, name, handle)),
        }
    }
}

fn succeeds<R: Resource>(desired: &Value, live: &Value) -> bool {
    typed::<R>(desired).is_ok_and(|desired| typed::<R>(live).is_ok_and(|live| desired.succeeds(&live)))
}

fn finds<'a, R: Resource>(cx: &'a Cx, desired: &'a Value, live: &'a Value) -> Fut<'a, Vec<String>> {
    Box::pin(async move { typed::<R>(desired)?.finds(cx, &typed::<R>(live)?).await })
}

fn reconcile<'a, R: Resource>(
    cx: &'a Cx,
    desired: &'a Value,
    name: &'a Name,
    live: Option<&'a Live<Value>>,
) -> Fut<'a, Made> {
    Box::pin(async move {
        let live = live.map(restore::<R>).transpose()?;
        typed::<R>(desired)?.reconcile(cx, name, live.as_ref()).await
    })
}
