//! What the spec means where it says nothing: names, the limit of the stage, and the authorizer of a route.
//!
//! Each default name fits its kind's length and characters, because a pipeline's name has at most 31 characters
//! of `[a-z0-9-]`.

use super::auth::{ApiKeys, Auth, Authorizer, Basic, Jwt, Secret};
use super::dlq::{Dlq, Queue};
use super::function::{Consumer, Function};
use super::model::{Existing, OwnOrExisting, Spec};
use super::sink::{Sink, Table, Target};
use super::source::{Api, Limit, Route, Source, Throttle, To};
use super::stream::{Kinesis, Stream, with_suffix};

/// Records per second that one shard takes.
pub(super) const SHARD_RECORDS: u32 = 1000;

/// Requests per second, and at once, that an account takes in all its APIs unless AWS raised it
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
pub(super) const ACCOUNT: (u32, u32) = (10_000, 5_000);

impl Spec {
    /// Returns the REST API, when there is one.
    #[must_use]
    pub fn api(&self) -> Option<&Api> {
        match self.source.as_ref()? {
            Source::Api(api) => Some(api),
            _ => None,
        }
    }

    /// Returns the limit of the stage: the spec's, else what the pipeline's own shards take, so that no record is refused that
    /// the stream would take. Of more shards than the account's own limit lets through, and of a stream whose shards are not
    /// known, there is none.
    #[must_use]
    pub fn throttle(&self) -> Option<Limit> {
        match self.api()?.throttle {
            Some(Throttle::Off) => None,
            Some(Throttle::Limit(limit)) => Some(limit),
            None => {
                let stream = self.kinesis()?.own().filter(|stream| !stream.on_demand)?;
                let rate = stream.shards.saturating_mul(SHARD_RECORDS);
                let limit = || Limit { rate_per_second: rate.into(), burst: ACCOUNT.1.min(2 * rate) };
                (rate <= ACCOUNT.0).then(limit)
            }
        }
    }

    /// Returns whether a route puts its body on the stream.
    #[must_use]
    pub fn calls_stream(&self, route: &Route) -> bool {
        matches!(self.to(route), Some(To::Stream))
    }

    /// Returns the routes that the consumer's function answers.
    pub fn answered(&self) -> impl Iterator<Item = &Route> {
        let routes = self.api().into_iter().flat_map(|api| &api.routes);
        routes.filter(|route| matches!(route.to, Some(To::Function)))
    }

    /// Returns the schema files that routes name.
    pub fn schemas(&self) -> impl Iterator<Item = &std::path::Path> {
        let routes = self.api().into_iter().flat_map(|api| &api.routes);
        routes.filter_map(|route| match route.body() {
            super::Body::Schema(file) => Some(file.as_path()),
            super::Body::Object | super::Body::Any => None,
        })
    }

    /// Returns the templates that routes name.
    pub fn templates(&self) -> impl Iterator<Item = &std::path::Path> {
        let routes = self.api().into_iter().flat_map(|api| &api.routes);
        routes.filter_map(|route| route.to.as_ref()).flat_map(|to| to.templates().into_iter().map(|(_, file)| file))
    }

    /// Returns the stream, the pipeline's own or an existing one.
    #[must_use]
    pub fn kinesis(&self) -> Option<&OwnOrExisting<Kinesis>> {
        match self.stream.as_ref()? {
            Stream::Kinesis(kinesis) => Some(kinesis),
            Stream::TableChanges(_) | Stream::Queue(_) => None,
        }
    }

    /// Returns the consumer's function.
    #[must_use]
    pub fn function(&self) -> Option<&Function> {
        self.consumer.as_ref().map(|Consumer::Function(function)| function)
    }

    /// Returns the basic authentication of the API.
    #[must_use]
    pub fn basic(&self) -> Option<&Basic> {
        self.authorizers().find_map(|(_, authorizer)| match authorizer {
            Authorizer::Basic(basic) => Some(basic),
            _ => None,
        })
    }

    /// Returns how many functions of the pipeline are in its network: those that need nothing of the internet.
    #[must_use]
    pub fn placed_functions(&self) -> usize {
        let consumer = self.function().is_some_and(|function| function.existing().is_none());
        usize::from(consumer) + usize::from(self.basic().is_some())
    }

    /// Returns whether requests reach the private API by an endpoint in the VPC of the pipeline's network.
    #[must_use]
    pub fn has_door(&self) -> bool {
        self.api().and_then(|api| api.private.as_ref()).is_some_and(|private| private.endpoints.is_none())
    }

    /// Returns the authorizers with their names.
    pub fn authorizers(&self) -> impl Iterator<Item = (&str, &Authorizer)> {
        self.auth.iter().flat_map(Auth::iter)
    }

    /// Returns the authorizer that guards the route, with its name.
    #[must_use]
    pub fn authorizer(&self, route: &Route) -> Option<(&str, &Authorizer)> {
        let auth = self.auth.as_ref()?;
        match route.auth.as_deref() {
            Some("none") => None,
            Some(name) => auth.iter().find(|(known, _)| *known == name),
            None => auth.only(),
        }
    }

    /// Returns the sink's table, and how it is written to.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        self.sink.as_ref().map(|Sink::Table(target)| target)
    }

    /// Returns the sink's table, the pipeline's own or an existing one.
    #[must_use]
    pub fn table(&self) -> Option<&OwnOrExisting<Table>> {
        self.target().map(|target| &target.table)
    }

    /// Returns the queue of the dlq, the pipeline's own or an existing one.
    #[must_use]
    pub fn queue(&self) -> Option<&OwnOrExisting<Queue>> {
        self.dlq.as_ref().map(|Dlq::Queue(queue)| queue)
    }

    /// Returns the name of the REST API.
    #[must_use]
    pub fn api_name(&self) -> String {
        self.named(self.api().and_then(|api| api.name.as_deref()), "-api")
    }

    /// Returns the name of the consumer's function; of an existing one its own.
    #[must_use]
    pub fn consumer_name(&self) -> String {
        let function = self.function();
        match function.and_then(Function::existing) {
            Some(existing) => existing.name().to_owned(),
            None => self.named(function.and_then(|function| function.name.as_deref()), "-consumer"),
        }
    }

    /// Returns the name of the authorizer's function, which the spec cannot choose.
    #[must_use]
    pub fn authorizer_name(&self) -> String {
        self.named(None, "-authorizer")
    }

    /// Returns the name of the table; of an existing one its own.
    #[must_use]
    pub fn table_name(&self) -> String {
        self.held(self.table(), |table| table.name.as_deref(), "-table")
    }

    /// Returns the name of the dlq; of an existing one its own. A FIFO queue's is a FIFO queue.
    #[must_use]
    pub fn queue_name(&self) -> String {
        let name = self.held(self.queue(), |queue| queue.name.as_deref(), "-dlq");
        if self.is_fifo() && self.queue().is_none_or(|queue| queue.own().is_some()) { with_suffix(name) } else { name }
    }

    /// Returns the secret that the spec refers to, when it exists already.
    #[must_use]
    pub fn existing_secret(&self) -> Option<&Existing> {
        match self.basic()?.secret.as_ref()? {
            Secret::Name(_) => None,
            Secret::Existing(existing) => Some(existing),
        }
    }

    /// Returns the name of the secret; of an existing one its own.
    #[must_use]
    pub fn secret_name(&self) -> String {
        match self.basic().and_then(|basic| basic.secret.as_ref()) {
            Some(Secret::Name(name)) => name.clone(),
            Some(Secret::Existing(existing)) => existing.name().to_owned(),
            None => self.named(None, "/credentials"),
        }
    }

    /// Returns whether an authorizer guards the route.
    #[must_use]
    pub fn is_guarded(&self, route: &Route) -> bool {
        route.auth.as_deref().map_or(self.auth.is_some(), |named| named != "none")
    }

    /// Returns the authorizers of tokens, with their names.
    pub fn jwts(&self) -> impl Iterator<Item = (&str, &Jwt)> {
        self.authorizers().filter_map(|(name, authorizer)| match authorizer {
            Authorizer::Jwt(jwt) => Some((name, jwt)),
            _ => None,
        })
    }

    /// Returns whether requests of users count for plans: API Gateway then takes no key from a header itself.
    #[must_use]
    pub fn counts_users(&self) -> bool {
        self.jwts().any(|(_, jwt)| !jwt.plan_by_group.is_empty())
    }

    /// Returns whether anything that checks tokens or hands on keys runs.
    #[must_use]
    pub fn has_jwt_authorizer(&self) -> bool {
        self.jwts().next().is_some()
    }

    /// Returns the names of the plans that somebody uses: the holder of a key, or users.
    pub fn used_plans(&self) -> impl Iterator<Item = &str> {
        let users = |plan: &str| self.jwts().any(|(_, jwt)| jwt.plan_by_group.values().any(|one| one == plan));
        let open: Vec<&str> = self.open_plans().collect();
        self.plans.keys().map(String::as_str).filter(move |plan| open.contains(plan) || users(plan))
    }

    /// Returns the ids of the keys that exist already and are this plan's.
    pub fn existing_keys(&self, plan: &str) -> impl Iterator<Item = &str> {
        self.api_keys().and_then(|keys| keys.existing.get(plan)).into_iter().flatten().map(String::as_str)
    }

    fn api_keys(&self) -> Option<&ApiKeys> {
        self.authorizers().find_map(|(_, authorizer)| match authorizer {
            Authorizer::ApiKey(keys) => Some(keys),
            _ => None,
        })
    }

    /// Returns the names of the plans whose keys open routes.
    pub fn open_plans(&self) -> impl Iterator<Item = &str> {
        let keys = self.api_keys();
        let named = move |plan: &&str| {
            keys.is_some_and(|keys| keys.plans.as_ref().is_none_or(|plans| plans.iter().any(|one| one == plan)))
        };
        self.plans.keys().map(String::as_str).filter(named)
    }

    fn named(&self, name: Option<&str>, suffix: &str) -> String {
        name.map_or_else(|| format!("{}{suffix}", self.name), str::to_owned)
    }

    fn held<T>(&self, of: Option<&OwnOrExisting<T>>, name: fn(&T) -> Option<&str>, suffix: &str) -> String {
        held(&self.name, of, name, suffix)
    }
}

/// Returns the name of what a section holds: of an existing one its own, else the spec's, else the pipeline's with this suffix.
pub(super) fn held<T>(
    pipeline: &str,
    held: Option<&OwnOrExisting<T>>,
    name: fn(&T) -> Option<&str>,
    suffix: &str,
) -> String {
    let own = match held {
        Some(OwnOrExisting::Existing(existing)) => return existing.name().to_owned(),
        Some(OwnOrExisting::Own(own)) => name(own),
        None => None,
    };
    own.map_or_else(|| format!("{pipeline}{suffix}"), str::to_owned)
}
