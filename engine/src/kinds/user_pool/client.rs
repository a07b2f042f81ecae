//! The app client of a pool: whoever signs in does it through one.

use futures_util::future::try_join_all;
use serde_json::{Map, Value, json};

use super::{Client, UserPool, call, is_empty, label, once, read, text, write};
use crate::aws::{Cx, nothing_if_absent};
use crate::error::{Class, Error, Result};
use crate::resource::Outputs;

/// What AWS allows where a client does not say it
/// (<https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html>).
const FLOWS: [&str; 3] = ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"];
/// Members of a described client that UpdateUserPoolClient does not take.
const SHOWN_ONLY: &[&str] = &["ClientSecret", "CreationDate", "LastModifiedDate"];
/// Tokens with the seconds that one is good for where nothing else is said.
const ACCESS: (&str, u32) = ("AccessToken", 60 * 60);
const ID: (&str, u32) = ("IdToken", 60 * 60);
const REFRESH: (&str, u32) = ("RefreshToken", 30 * 24 * 60 * 60);

/// The clients of a pool that the pipeline made, as DescribeUserPoolClient shows them, the oldest first.
pub(super) async fn all(cx: &Cx, pool: &str) -> Result<Vec<Value>> {
    let label = label(cx);
    let listed =
        read::pages(cx, "ListUserPoolClients", json!({ "UserPoolId": pool, "MaxResults": 60 }), "UserPoolClients")
            .await?;
    let ours = listed.iter().filter(|client| client["ClientName"] == label.as_str());
    let ids = ours.map(|client| text(client, "ClientId")).collect::<Result<Vec<_>>>()?;
    let described = try_join_all(ids.iter().map(|id| describe(cx, pool, id))).await?;
    let mut all: Vec<Value> = described.into_iter().flatten().collect();
    all.retain(|client| is_empty(&client["ClientSecret"]));
    all.sort_by(|one, other| {
        let age = |client: &Value| client["CreationDate"].as_f64().unwrap_or_default();
        let id = |client: &Value| client["ClientId"].as_str().unwrap_or_default().to_owned();
        age(one).total_cmp(&age(other)).then_with(|| id(one).cmp(&id(other)))
    });
    Ok(all)
}

async fn describe(cx: &Cx, pool: &str, id: &str) -> Result<Option<Value>> {
    let input = json!({ "UserPoolId": pool, "ClientId": id });
    let answer = nothing_if_absent(call(cx, "DescribeUserPoolClient", &input).await)?;
    Ok(answer.map(|mut answer| answer["UserPoolClient"].take()))
}

/// Makes, changes or deletes the client, and keeps its id in `outputs`.
pub(super) async fn sync(
    cx: &Cx,
    pool: &str,
    desired: &UserPool,
    live: Option<&UserPool>,
    outputs: &mut Outputs,
) -> Result<()> {
    let id = outputs.get("client_id").cloned();
    let had = id.zip(live.and_then(|live| live.client.as_ref()));
    match (&desired.client, had) {
        (Some(client), None) => _ = outputs.insert("client_id".to_owned(), client.create(cx, pool).await?),
        (Some(client), Some((id, live))) if client != live => client.update(cx, pool, &id).await?,
        (None, Some((id, _))) => {
            delete(cx, pool, &id).await?;
            outputs.remove("client_id");
        }
        _ => {}
    }
    for id in live.into_iter().flat_map(|live| live.spare_clients.difference(&desired.spare_clients)) {
        delete(cx, pool, id).await?;
    }
    Ok(())
}

async fn delete(cx: &Cx, pool: &str, id: &str) -> Result<()> {
    let input = json!({ "UserPoolId": pool, "ClientId": id });
    nothing_if_absent(write(cx, "DeleteUserPoolClient", &input).await).map(drop)
}

impl Client {
    /// A described client in canonical form.
    pub(super) fn shown(client: &Value) -> Self {
        let flows = read::set(&client["ExplicitAuthFlows"]);
        Self {
            flows: if flows.is_empty() { FLOWS.map(str::to_owned).into() } else { flows },
            access_token_seconds: seconds(client, ACCESS),
            id_token_seconds: seconds(client, ID),
            refresh_token_seconds: seconds(client, REFRESH),
            hides_users: client["PreventUserExistenceErrors"] == "ENABLED",
            revokes_tokens: client["EnableTokenRevocation"] != false,
        }
    }

    async fn create(&self, cx: &Cx, pool: &str) -> Result<String> {
        let mut input = Map::new();
        input.insert("UserPoolId".to_owned(), pool.into());
        input.insert("ClientName".to_owned(), label(cx).into());
        input.insert("GenerateSecret".to_owned(), false.into());
        self.put_into(&mut input);
        text(&once(cx, "CreateUserPoolClient", &input.into()).await?["UserPoolClient"], "ClientId")
    }

    /// Sends all that the client has: AWS resets some of what it is not given.
    async fn update(&self, cx: &Cx, pool: &str, id: &str) -> Result<()> {
        let gone = || Error::new(Class::Unclear, format!("app client {id} was deleted a moment ago"));
        let Value::Object(mut input) = describe(cx, pool, id).await?.ok_or_else(gone)? else { return Err(gone()) };
        input.retain(|member, value| !SHOWN_ONLY.contains(&member.as_str()) && !is_empty(value));
        self.put_into(&mut input);
        write(cx, "UpdateUserPoolClient", &input.into()).await.map(drop)
    }

    fn put_into(&self, input: &mut Map<String, Value>) {
        let hides = if self.hides_users { "ENABLED" } else { "LEGACY" };
        let tokens =
            [(ACCESS, self.access_token_seconds), (ID, self.id_token_seconds), (REFRESH, self.refresh_token_seconds)];
        // The numbers mean hours and days where no unit is with them.
        let units = tokens.map(|((token, _), _)| (token.to_owned(), Value::from("seconds")));
        input.insert("TokenValidityUnits".to_owned(), Map::from_iter(units).into());
        input.extend(tokens.map(|((token, _), seconds)| (format!("{token}Validity"), seconds.into())));
        input.insert("ExplicitAuthFlows".to_owned(), json!(self.flows));
        input.insert("PreventUserExistenceErrors".to_owned(), hides.into());
        input.insert("EnableTokenRevocation".to_owned(), self.revokes_tokens.into());
    }
}

/// How long a token is good for, whatever the unit that AWS has it in.
fn seconds(client: &Value, (token, default): (&str, u32)) -> u32 {
    let Some(amount) = read::number(&client[format!("{token}Validity")]).filter(|amount| *amount > 0) else {
        return default;
    };
    let each = match client["TokenValidityUnits"][token].as_str() {
        Some("seconds") => 1,
        Some("minutes") => 60,
        Some("hours") => 60 * 60,
        Some("days") => 24 * 60 * 60,
        _ if token == REFRESH.0 => 24 * 60 * 60,
        _ => 60 * 60,
    };
    amount.saturating_mul(each)
}
