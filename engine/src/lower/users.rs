//! Cognito user pools, each with an app client.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::user_pool::{Client, Password, UserPool, Whose};
use crate::lower::Lowering;
use crate::lower::known::Family;
use crate::resource::Id;
use crate::spec::{SignIn, Users};

const USERS: &str = "users";

pub(super) const FAMILIES: &[Family] = &[Family::of::<UserPool>(USERS)];

/// Ways to sign in: by the Secure Remote Password protocol, which sends no password, and then by a refresh token.
const FLOWS: [&str; 2] = ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"];
/// How the deployer signs in a user of its own making.
const DEMO: &str = "ALLOW_ADMIN_USER_PASSWORD_AUTH";
/// Days that a password of an administrator's making is good for: Cognito's own default.
const TEMPORARY_DAYS: u32 = 7;

/// The id of the user pool of this name.
pub fn id(name: &str) -> Id {
    Id::of_family(USERS, name)
}

pub(super) fn nodes(lowering: &Lowering<'_>) -> Result<Vec<Node>> {
    let node = |(name, users): (&String, &Users)| {
        Node::new(id(name).as_str(), format!("{}-{name}", lowering.spec.name), &pool(users))
    };
    lowering.spec.users.iter().map(node).collect()
}

fn pool(users: &Users) -> UserPool {
    let sign_in = match users.sign_in {
        SignIn::Email => Some("email"),
        SignIn::PhoneNumber => Some("phone_number"),
        SignIn::Username => None,
    };
    let sign_in: BTreeSet<String> = sign_in.map(str::to_owned).into_iter().collect();
    UserPool {
        verifies: sign_in.clone(),
        sign_in,
        aliases: BTreeSet::new(),
        case_sensitive: false,
        self_sign_up: users.self_sign_up,
        password: Password {
            min_length: users.password_length,
            lowercase: true,
            uppercase: true,
            numbers: true,
            symbols: true,
            temporary_days: TEMPORARY_DAYS,
        },
        deletion_protection: users.deletion_protection,
        groups: users.groups.iter().map(|group| (group.clone(), Whose::ThePipelines)).collect(),
        client: Some(Client {
            flows: FLOWS.into_iter().chain(users.demo.then_some(DEMO)).map(str::to_owned).collect(),
            access_token_seconds: users.token_minutes * 60,
            id_token_seconds: users.token_minutes * 60,
            refresh_token_seconds: users.refresh_days * 24 * 60 * 60,
            hides_users: true,
            revokes_tokens: true,
        }),
        spare_clients: BTreeSet::new(),
    }
}
