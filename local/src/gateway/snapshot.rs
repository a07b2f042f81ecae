//! An API as deployed, with everything parsed and compiled once.

use std::collections::{BTreeMap, HashMap};

use super::authorizer::Authorizer;
use super::definition::{BinaryTypes, Definition, Method};
use super::integration::Integration;
use super::refusal::GatewayResponses;
use super::resource_policy::ResourcePolicy;
use super::router::Router;
use super::validate::Checks;

/// What is served until the stage's deployment is another one.
#[derive(Debug, Default)]
pub struct Snapshot {
    pub deployment: String,
    pub router: Router,
    pub resources: Vec<Resource>,
    pub authorizers: HashMap<String, Authorizer>,
    pub refusals: GatewayResponses,
    pub binary_types: BinaryTypes,
    pub key_of_authorizer: bool,
    pub policy: Option<ResourcePolicy>,
    /// What of the API cannot be served as AWS would; requests that need it are answered with 500.
    pub problems: Vec<String>,
}

/// A path with its methods.
#[derive(Debug)]
pub struct Resource {
    pub id: String,
    pub path: String,
    pub methods: BTreeMap<String, ServedMethod>,
}

/// One method of one path.
#[derive(Debug)]
pub struct ServedMethod {
    pub guard: Guard,
    /// Scopes of which an access token needs one.
    pub scopes: Vec<String>,
    /// Whether callers need an API key.
    pub api_key: bool,
    pub checks: Checks,
    pub integration: Option<Integration>,
}

/// Who may pass.
#[derive(Debug, PartialEq, Eq)]
pub enum Guard {
    Open,
    /// Who signs, and may invoke the method.
    Signed,
    /// Who the authorizer with this id lets in.
    Authorizer(String),
    /// Nobody, because this kind of authorization is not served here: the gateway response of this type.
    Shut(&'static str),
}

impl Snapshot {
    pub fn new(definition: &Definition) -> Self {
        let mut snapshot = Self {
            deployment: definition.deployment.clone(),
            refusals: GatewayResponses::new(&definition.gateway_responses),
            binary_types: definition.binary_types.clone(),
            key_of_authorizer: definition.key_of_authorizer,
            policy: ResourcePolicy::parse(&definition.policy),
            ..Self::default()
        };
        snapshot.problems.extend(snapshot.policy.as_ref().and_then(ResourcePolicy::problem).map(str::to_owned));
        for authorizer in &definition.authorizers {
            let compiled = Authorizer::new(authorizer);
            if let Some(reason) = compiled.unusable() {
                snapshot.problems.push(format!("the authorizer `{}` {reason}: nobody gets in", authorizer.name));
            }
            snapshot.authorizers.insert(authorizer.id.clone(), compiled);
        }
        for (number, resource) in definition.resources.iter().enumerate() {
            let methods = resource.methods.iter().map(|(name, method)| {
                let at = format!("{name} {}", resource.path);
                (name.clone(), route(definition, method, &at, &mut snapshot.problems))
            });
            let methods = methods.collect::<BTreeMap<_, _>>();
            snapshot.router.add(&resource.path, number);
            snapshot.resources.push(Resource { id: resource.id.clone(), path: resource.path.clone(), methods });
        }
        snapshot
    }
}

impl Snapshot {
    /// Whether a method needs an API key.
    pub fn asks_for_keys(&self) -> bool {
        self.resources.iter().flat_map(|resource| resource.methods.values()).any(|method| method.api_key)
    }
}

impl Resource {
    /// The method of this name, or the one that takes any.
    pub fn route(&self, method: &str) -> Option<&ServedMethod> {
        self.methods.get(method).or_else(|| self.methods.get("ANY"))
    }
}

fn route(definition: &Definition, method: &Method, at: &str, problems: &mut Vec<String>) -> ServedMethod {
    let guard = match method.authorization.as_str() {
        "NONE" => Guard::Open,
        "AWS_IAM" => Guard::Signed,
        "CUSTOM" | "COGNITO_USER_POOLS" => Guard::Authorizer(method.authorizer.clone()),
        _ => Guard::Shut("MISSING_AUTHENTICATION_TOKEN"),
    };
    if let Guard::Shut(kind) = guard {
        problems.push(format!("{at}: its authorization is not served here, and every request is answered with {kind}"));
    }
    let mut found = Vec::new();
    let checks = Checks::new(definition, method, &mut found);
    let integration = method.integration.as_ref().map(|integration| Integration::new(integration, &mut found));
    problems.extend(found.into_iter().map(|problem| format!("{at}: {problem}")));
    ServedMethod { guard, scopes: method.scopes.clone(), api_key: method.api_key, checks, integration }
}
