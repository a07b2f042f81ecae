//! What a request shows of who sends it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::commands::running::Running;
use crate::error::{Error, Result};
use crate::spec::{Authorizer, Route, Token};

/// Where a token is taken from for a route that wants one of a user who is not `pipe dev`'s.
const TOKEN: &str = "PIPE_TOKEN";

/// A header, whose value is a secret.
#[derive(Clone)]
pub struct Pass {
    pub name: &'static str,
    pub value: String,
}

impl Pass {
    /// What the route wants to see; nothing where it is open.
    ///
    /// # Errors
    /// The pipeline does not have it, or the user has to bring it.
    pub async fn of(running: &Running, route: &Route) -> Result<Option<Self>> {
        let Some((_, authorizer)) = running.spec.authorizer(route) else { return Ok(None) };
        Ok(Some(match authorizer {
            Authorizer::Basic(_) => Self::basic(&running.credentials().await?),
            Authorizer::ApiKey(_) => Self { name: "x-api-key", value: running.api_key().await? },
            Authorizer::Cognito(cognito) => Self::token(running, &cognito.users, !cognito.scopes.is_empty()).await?,
            Authorizer::Jwt(jwt) => {
                Self::token(running, jwt.users.as_deref().unwrap_or_default(), jwt.token == Token::Access).await?
            }
        }))
    }

    /// The token that the user brings, or the demo user's.
    async fn token(running: &Running, users: &str, access: bool) -> Result<Self> {
        let value = match std::env::var(TOKEN) {
            Ok(token) => token,
            Err(_) => running.token(users, access).await?.ok_or_else(unsigned)?,
        };
        Ok(Self { name: "authorization", value })
    }

    /// The header of `username:password`.
    pub fn basic(credentials: &str) -> Self {
        Self { name: "authorization", value: format!("Basic {}", STANDARD.encode(credentials)) }
    }
}

fn unsigned() -> Error {
    let error = Error::fatal("the route wants a token of a user");
    error
        .hint(format!("sign in with your app or AWS's tools, and set {TOKEN} to the token; `pipe dev` has a demo user"))
}
