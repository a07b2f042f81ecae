//! The demo user of a local user pool, which `pipe dev` alone has: whoever tries the API needs a token.

use serde_json::{Value, json};

use crate::aws::{Cx, Repeat};
use crate::error::{Class, Error, Result};
use crate::kinds::user_pool::COGNITO;
use crate::resource::Outputs;
use crate::spec::{SignIn, Users};

/// The tokens of a user, by the names that outputs have.
pub const ID_TOKEN: &str = "token";
pub const ACCESS_TOKEN: &str = "access_token";

/// Signs the demo user in, who is in all groups, and returns its tokens. It is made where there is none.
///
/// # Errors
/// The pool is not there, or not local: its client lets nobody be signed in.
pub async fn tokens(cx: &Cx, users: &Users, pool: &Outputs) -> Result<Outputs> {
    let of = |attribute: &str| pool.get(attribute).cloned().unwrap_or_default();
    let (pool, client) = (of("id"), of("client_id"));
    let name = match users.sign_in {
        SignIn::Email => "demo@example.com",
        SignIn::PhoneNumber => "+15555550100",
        SignIn::Username => "demo",
    };
    let password = format!("Demo-{:032x}", fastrand::u128(..));
    let user = |more: Value| merged(json!({ "UserPoolId": pool, "Username": name }), more);
    let made = call(cx, "AdminCreateUser", &user(json!({ "MessageAction": "SUPPRESS" }))).await;
    if let Err(error) = made
        && error.code() != "UsernameExistsException"
    {
        return Err(error);
    }
    call(cx, "AdminSetUserPassword", &user(json!({ "Password": password, "Permanent": true }))).await?;
    for group in &users.groups {
        call(cx, "AdminAddUserToGroup", &user(json!({ "GroupName": group }))).await?;
    }
    let parameters = json!({ "USERNAME": name, "PASSWORD": password });
    let sign_in = json!({
        "UserPoolId": pool, "ClientId": client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": parameters,
    });
    let answer = call(cx, "AdminInitiateAuth", &sign_in).await?;
    let token = |member: &str| {
        let text = answer["AuthenticationResult"][member].as_str().map(str::to_owned);
        text.ok_or_else(|| Error::new(Class::Unclear, format!("Cognito's answer has no `{member}`")))
    };
    Ok(Outputs::from([(ID_TOKEN.to_owned(), token("IdToken")?), (ACCESS_TOKEN.to_owned(), token("AccessToken")?)]))
}

async fn call(cx: &Cx, operation: &'static str, input: &Value) -> Result<Value> {
    cx.aws.operations.call(&COGNITO, operation, input, Repeat::AsUsual).await
}

fn merged(mut value: Value, more: Value) -> Value {
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}
