//! API Gateway's own authorizer of a user pool.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::kinds::rest_api::Authorizer;
use crate::lower::Lowering;
use crate::lower::auth::{Guard, bearer};
use crate::lower::existing::is_of_here;
use crate::lower::users;
use crate::resource::output_of;
use crate::spec::Cognito;

pub(super) fn guard(lowering: &Lowering<'_>, name: &str, cognito: &Cognito) -> Result<Guard> {
    let pool = match cognito.users.starts_with("arn:") {
        true => {
            is_of_here(&cognito.users, "cognito-idp", lowering.place)?;
            cognito.users.clone()
        }
        false => output_of(users::id(&cognito.users).as_str(), "arn"),
    };
    let authorizer = Authorizer {
        kind: "COGNITO_USER_POOLS".to_owned(),
        pools: BTreeSet::from([pool]),
        identity_source: "method.request.header.Authorization".to_owned(),
        cache_seconds: cognito.cache_seconds,
        ..Authorizer::default()
    };
    Ok(Guard {
        authorization: "COGNITO_USER_POOLS",
        authorizer: Some((name.to_owned(), authorizer)),
        scopes: cognito.scopes.iter().cloned().collect(),
        challenge: Some(bearer(lowering)),
        ..Guard::default()
    })
}
