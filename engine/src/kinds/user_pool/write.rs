//! The pool itself: its creation, and one call that changes all that differs.

use serde_json::{Map, Value, json};

use super::{Password, UserPool, is_empty, once, read, write};
use crate::aws::Cx;
use crate::error::{Class, Error, Result};
use crate::resource::{Live, Name, Outputs};

/// All that UpdateUserPool takes, but for the id and the name
/// (<https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html>).
const SETTINGS: &[&str] = &[
    "AccountRecoverySetting",
    "AdminCreateUserConfig",
    "AutoVerifiedAttributes",
    "DeletionProtection",
    "DeviceConfiguration",
    "EmailConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "IssuerConfiguration",
    "KeyConfiguration",
    "LambdaConfig",
    "MfaConfiguration",
    "Policies",
    "SmsAuthenticationMessage",
    "SmsConfiguration",
    "SmsVerificationMessage",
    "UserAttributeUpdateSettings",
    "UserPoolAddOns",
    "UserPoolTags",
    "UserPoolTier",
    "VerificationMessageTemplate",
];

/// Texts that AWS shows twice, and where the second is in the template: it is to be sent there alone.
const SHOWN_TWICE: &[(&str, &str)] = &[
    ("EmailVerificationMessage", "EmailMessage"),
    ("EmailVerificationSubject", "EmailSubject"),
    ("SmsVerificationMessage", "SmsMessage"),
];

/// Creates the pool without client and groups, and gives its outputs.
///
/// # Errors
/// `Class::Unclear` where nobody knows whether there is one now: look again.
pub(super) async fn create(cx: &Cx, pool: &UserPool, name: &Name) -> Result<Outputs> {
    let mut input = Map::new();
    input.insert("PoolName".to_owned(), name.as_str().into());
    input.insert("UserPoolTags".to_owned(), json!(cx.tags));
    // AWS's own default is to tell `A@example.com` from `a@example.com`, for ever.
    input.insert("UsernameConfiguration".to_owned(), json!({ "CaseSensitive": pool.case_sensitive }));
    for (member, attributes) in [("UsernameAttributes", &pool.sign_in), ("AliasAttributes", &pool.aliases)] {
        if !attributes.is_empty() {
            input.insert(member.to_owned(), json!(attributes));
        }
    }
    pool.put_into(&mut input);
    let made = once(cx, "CreateUserPool", &input.into()).await?;
    read::outputs(&cx.aws.place, &made["UserPool"])
}

/// Changes name and settings where one differs.
pub(super) async fn sync(cx: &Cx, pool: &UserPool, name: &Name, live: &Live<UserPool>) -> Result<()> {
    let named = live.outputs.get("name").is_some_and(|live| live == name.as_str());
    if named && pool.settings() == live.props.settings() {
        return Ok(());
    }
    let id = live.handle.as_str();
    let gone = || Error::new(Class::Unclear, format!("user pool {id} was deleted a moment ago"));
    let described = read::describe(cx, id).await?.ok_or_else(gone)?;
    let mut input = taken_back(&described);
    input.insert("UserPoolId".to_owned(), id.into());
    input.insert("PoolName".to_owned(), name.as_str().into());
    pool.put_into(&mut input);
    attributes_that_are_verified(&mut input);
    write(cx, "UpdateUserPool", &input.into()).await.map(drop)
}

impl UserPool {
    fn settings(&self) -> impl PartialEq + '_ {
        (self.self_sign_up, &self.verifies, self.password, self.deletion_protection)
    }

    /// Puts what can change into the input of a call that creates or updates, beside what is there already.
    fn put_into(&self, input: &mut Map<String, Value>) {
        let protection = if self.deletion_protection { "ACTIVE" } else { "INACTIVE" };
        input.insert("DeletionProtection".to_owned(), protection.into());
        input.insert("AutoVerifiedAttributes".to_owned(), json!(self.verifies));
        let users = input.entry("AdminCreateUserConfig").or_insert_with(|| json!({}));
        users["AllowAdminCreateUserOnly"] = (!self.self_sign_up).into();
        let policies = input.entry("Policies").or_insert_with(|| json!({}));
        self.password.put_into(&mut policies["PasswordPolicy"]);
    }
}

impl Password {
    /// All members: one that is left out where others are given is not the default, but the weakest.
    fn put_into(self, policy: &mut Value) {
        policy["MinimumLength"] = self.min_length.into();
        policy["RequireLowercase"] = self.lowercase.into();
        policy["RequireUppercase"] = self.uppercase.into();
        policy["RequireNumbers"] = self.numbers.into();
        policy["RequireSymbols"] = self.symbols.into();
        policy["TemporaryPasswordValidityDays"] = self.temporary_days.into();
    }
}

/// All settings of a described pool in the form in which AWS takes them back (`docs/aws.md#cognito-updates`).
fn taken_back(described: &Value) -> Map<String, Value> {
    let all = SETTINGS.iter().map(|setting| ((*setting).to_owned(), described[*setting].clone()));
    let mut all: Map<String, Value> = all.filter(|(_, value)| !is_empty(value)).collect();
    for (alone, within) in SHOWN_TWICE {
        if !is_empty(&described["VerificationMessageTemplate"][*within]) {
            all.remove(*alone);
        }
    }
    let member = |all: &mut Map<String, Value>, name: &str, drop: &dyn Fn(&str) -> bool| {
        if let Some(Value::Object(members)) = all.get_mut(name) {
            members.retain(|key, _| !drop(key));
        }
    };
    // Its successor is in the password policy, and is sent there.
    member(&mut all, "AdminCreateUserConfig", &|key| key == "UnusedAccountValidityDays");
    member(&mut all, "UserPoolTags", &|key| key.starts_with("aws:"));
    all
}

/// An attribute whose new value must be verified before it counts is one that Cognito verifies at all.
fn attributes_that_are_verified(input: &mut Map<String, Value>) {
    const FIRST: &str = "AttributesRequireVerificationBeforeUpdate";
    let verified = input.get("AutoVerifiedAttributes").map(read::set).unwrap_or_default();
    if let Some(settings) = input.get_mut("UserAttributeUpdateSettings") {
        let first = read::set(&settings[FIRST]);
        settings[FIRST] = json!(first.intersection(&verified).collect::<Vec<_>>());
    }
}
