//! What a request shows of who sends it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::signer::Signer;
use crate::commands::running::Running;
use crate::error::{Error, Result};
use crate::spec::{Authorizer, Route, Token};

/// Where a token is taken from for a route that wants one of a user who is not `pipe dev`'s.
const TOKEN: &str = "PIPE_TOKEN";

/// What shows who sends a request.
#[derive(Clone)]
pub enum Pass {
    /// A header by its name, whose value is a secret.
    Header(&'static str, String),
    /// A signature of each request.
    Signature(Signer),
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
            Authorizer::ApiKey(_) => Self::Header("x-api-key", running.api_key().await?),
            Authorizer::Iam(_) => Self::Signature(Signer::new(running.caller().await?, &running.cx.aws.place.region)),
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
        Ok(Self::Header("authorization", value))
    }

    /// The header of `username:password`.
    pub fn basic(credentials: &str) -> Self {
        Self::Header("authorization", format!("Basic {}", STANDARD.encode(credentials)))
    }
}

fn unsigned() -> Error {
    let error = Error::fatal("the route wants a token of a user");
    error
        .hint(format!("sign in with your app or AWS's tools, and set {TOKEN} to the token; `pipe dev` has a demo user"))
}
