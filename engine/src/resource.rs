//! What a resource kind is, and what the engine knows of one.
//!
//! A kind's struct holds the properties that `pipe` manages; desired and live are both of that type, so the diff is written
//! once, field by field, over their JSON form. [`Kind`] is [`Resource`] with its type erased: the engine names no kind.

use std::collections::BTreeMap;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::aws::Cx;
use crate::error::{Error, Result};
pub use crate::names::{Handle, Id, Name, Tags};
pub use advice::{Advice, Changed, How, Refusal};
pub use grant::{Condition, Grant, Scope};
pub use kind::Kind;
pub use output::{KMS_KEY, Output, UNKNOWN, is_open, optional_output_of, output_of, resolve, unknown};
pub(crate) use output::{OUTPUT, outputs_in, show, shown};
pub use ties::Ties;

mod advice;
mod grant;
mod kind;
mod output;
mod ties;
mod typed;

/// Attributes that AWS assigned or that users ask for, by name: `arn`, `endpoint`, `url`.
pub type Outputs = BTreeMap<String, String>;

/// Whether a resource that AWS still shows is there to stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It exists, or is on its way to.
    #[default]
    Live,
    /// It is being deleted, or is a secret in its recovery window: its name is taken, but it is as good as absent.
    Leaving,
    /// Another one of its name is in its place, and it handles what is left for it.
    Draining,
    /// The same, and nothing is left for it.
    Drained,
    /// It is not there. Its properties say what others have where it is to be: its kind's advice may refuse to make it beside them.
    Absent,
}

/// One physical resource as AWS has it. With `R = Value` the type is erased.
#[derive(Clone, Debug, PartialEq)]
pub struct Live<R> {
    pub handle: Handle,
    pub props: R,
    pub outputs: Outputs,
    pub tags: Tags,
    /// What AWS assigned to this very one and to no later one of its name (a RoleId, a stream's creation time), for those
    /// that follow it; empty where nothing can follow.
    pub identity: String,
    pub state: State,
}

/// What a reconcile leaves behind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Made {
    pub outputs: Outputs,
    /// As [`Live::identity`].
    pub identity: String,
}

/// A kind of AWS resource. One file implements it; `kinds.rs` lists it.
///
/// Every function may be called again after any failure, and concurrently for different names.
pub trait Resource: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Name in plans, events and tags, e.g. `kinesis:Stream`.
    const KIND: &'static str;
    /// Top-level properties that AWS cannot change in place: a difference in one replaces the resource.
    const REPLACE_ON: &'static [&'static str] = &[];
    /// Deleting or replacing it loses records: table, stream, queue, secret.
    const HOLDS_DATA: bool = false;
    /// AWS changes the name in place, so another name in the spec is an update (a REST API's).
    const RENAMES: bool = false;
    /// Carries the tag `pipe:applied`, which tells drift from edit. Not where the hash is kept elsewhere.
    const STAMPED: bool = true;
    /// AWS gives it no tags: a label in its name or id tells whose it is ([`crate::owner::label`]), and which id it has. It cannot be released.
    const LABELLED: bool = false;
    /// It is kept within what it needs, and goes with that: where that is deleted and made again under its name, it is made again too.
    const WITHIN: bool = false;
    /// Belongs to the account, not to a pipeline: made where the account has none, then never changed, compared or deleted.
    const OF_ACCOUNT: bool = false;
    /// What a delete leaves behind for a while, e.g. "in its recovery window for 30 days"; empty where nothing.
    const LINGERS: &'static str = "";
    /// What became of it when its delete has succeeded; the deletes of some kinds end later, and nothing waits for that.
    const DELETED: &'static str = "deleted";
    /// What others need of it may only become less when they have changed: [`Resource::meanwhile`] then is what to be until all else is done,
    /// also where nothing is deleted. A queue that hides messages less long than a function still works on them.
    const NARROWS_LAST: bool = false;
    /// Whether [`Resource::owned`] lists every one that a pipeline may own: then no default name has to be looked at.
    const LISTED: bool = false;
    /// Actions that every look needs on any resource, whether the spec has one of the kind or not: those of [`Resource::owned`], and of the reads
    /// that follow from it.
    const LOOKS: &'static [&'static str] = &[];
    /// Top-level properties that say nothing to those who read the plan of a new one: hashes, what every one of the kind has.
    const INTERNAL: &'static [&'static str] = &[];

    /// Fills in what follows from the rest, as a hash does, once outputs are in the place of marks; [`unknown`] where one is left.
    ///
    /// # Errors
    /// Only where the properties cannot be JSON, which is a defect.
    fn sealed(self) -> Result<Self> {
        Ok(self)
    }

    /// Returns the outputs that an update in place to `self` changes; all others stay as they are.
    fn moves(&self, _live: &Self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Says why the one of this name does not have an output that another needs, and what to do; nothing where that is a defect.
    fn lacking(_name: &Name, _output: &str) -> Option<Refusal> {
        None
    }

    /// Whether a difference from the live one is met without ending it: `reconcile` makes a new one beside it, and the live one goes on until
    /// it has handled what it holds ([`State::Draining`]). Then no property forces a replacement.
    fn succeeds(&self, _live: &Self) -> bool {
        false
    }

    /// Says what a change loses, widens and means, and what forbids it. It only tells: what shapes the desired form is asked by itself
    /// ([`Resource::meanwhile`], [`Resource::keeping`]).
    fn advice(_of: &Changed<'_, Self>) -> Advice {
        Advice::default()
    }

    /// Says what a plan should say of the live one, whether it changes or not: something outside of AWS is still to be done.
    fn tells(_live: &Live<Self>) -> Option<String> {
        None
    }

    /// Looks up what an update in place means that only AWS can tell; as [`Advice::means`], which a plan shows.
    fn finds(&self, _cx: &Cx, _live: &Self) -> impl Future<Output = Result<Vec<String>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// What to be until the plan's deletes are done, if that is more than `self`: a policy that still names what is about to be
    /// deleted, so that the next run finds it there should this one be stopped. Tags may not tell for minutes.
    fn meanwhile(&self, _live: &Self) -> Option<Self> {
        None
    }

    /// `self` with what others added to the live one and it keeps, if there is some: it is not a difference. A table's indexes.
    fn keeping(&self, _live: &Self) -> Option<Self> {
        None
    }

    /// Tags with what AWS keeps nowhere and `self` is to be known by: which parts of it are the pipeline's, where others may add some.
    fn records(&self) -> Tags {
        Tags::new()
    }

    /// What in its properties tells that it is the pipeline's, or that something else is.
    fn ties(&self) -> Ties {
        Ties::default()
    }

    /// The name within an ARN of this kind; nothing for any other ARN.
    fn name_of(_arn: &str) -> Option<Name> {
        None
    }

    /// What the deployer must be allowed to do for the resource of this name, least by construction.
    fn grants(scope: &Scope, name: &Name) -> Vec<Grant>;

    /// What the deployer must be allowed beside that, because of what this one has.
    fn more_grants(&self, _scope: &Scope, _name: &Name) -> Vec<Grant> {
        Vec::new()
    }

    /// Names of what is this pipeline's by more than its tags: roles by their path. Errors as AWS gives them.
    fn owned(_cx: &Cx) -> impl Future<Output = Result<Vec<Name>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Names of what carries this pipeline's tags, where this kind can list it sooner than the tagging API: REST APIs.
    fn tagged(_cx: &Cx) -> impl Future<Output = Result<Vec<Name>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Names of resources of this kind that hang on `parent`, which is of kind `kind`: a function's mappings.
    fn children(_cx: &Cx, _kind: &str, _parent: &Name) -> impl Future<Output = Result<Vec<Name>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Names of resources of this kind that `from`, which carries the pipeline's tags, is of kind `kind` and has these properties, leads to,
    /// whosever they are: that a mapping reads a stream proves nothing.
    fn leads(_cx: &Cx, _kind: &str, _from: &Name, _props: &Value) -> impl Future<Output = Result<Vec<Name>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Names of pipelines that this kind can list by itself, for `pipe list`: the tagging API is late.
    fn pipelines(_cx: &Cx) -> impl Future<Output = Result<Vec<String>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Outputs that are secret: read only when a user asks to see them.
    fn reveal(_cx: &Cx, _name: &Name) -> impl Future<Output = Result<Outputs>> + Send {
        async { Ok(Outputs::new()) }
    }

    /// Reads what AWS has under this name: nothing, one, or after a crash several. Absent is an empty list, not an error.
    /// Properties come back in the canonical form that the desired ones have.
    fn read(cx: &Cx, name: &Name) -> impl Future<Output = Result<Vec<Live<Self>>>> + Send;

    /// Makes AWS match `self` and `cx.tags`.
    ///
    /// Expected flow: where `live` is `None`, create it, with `cx.tags` in the creating call. Otherwise compare each property with `live`,
    /// which the engine read just now, and make the call of each that differs; then the tags. `kinds/queue.rs` is a short example.
    ///
    /// Guarantees to its callers: it writes nothing where nothing differs; it returns when what needs this resource can be made; called
    /// again after any failure, or after a kill between any two of its calls, it converges on the same resource.
    ///
    /// May assume: no property of `REPLACE_ON` differs, `self` has no unknown output, nobody else runs it for this name.
    ///
    /// # Errors
    /// `Exists` or `Unclear` where nobody knows whether a creation took effect: the engine reads again and calls again, so a creation
    /// whose names are not unique is never repeated here. Any other class ends the step, with code, message and request id of the call.
    fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> impl Future<Output = Result<Made>> + Send;

    /// Deletes the resource. Absent is success. Waits for the end only where something follows.
    fn delete(cx: &Cx, name: &Name, handle: &Handle) -> impl Future<Output = Result<()>> + Send;
}

/// The JSON form of a kind's properties.
///
/// # Errors
/// Only where a kind's struct cannot be JSON, which is a defect of that kind.
pub fn json(props: &impl Serialize) -> Result<Value> {
    serde_json::to_value(props).map_err(|e| Error::defect(format!("properties are not JSON: {e}")))
}
