//! Examples of bodies.

use serde_json::{Map, Value};

use super::shape::{Member, Scalar, Shape};

/// A body with what its schema requires, by type; the texts in it have this end. One that asks for more may refuse it.
#[must_use]
pub fn sample(members: Option<&[Member]>, end: &str) -> Map<String, Value> {
    match members {
        Some(members) => of(members, end),
        None => Map::from_iter([("hello".to_owned(), "world".into())]),
    }
}

/// What these members require; of an object that requires nothing, the first one.
fn of(members: &[Member], end: &str) -> Map<String, Value> {
    let required = members.iter().filter(|member| member.required).count().max(1);
    let value = |member: &Member| (member.name.clone(), one(&member.shape, &format!("{}-{end}", member.name), end));
    members.iter().take(required).map(value).collect()
}

fn one(shape: &Shape, text: &str, end: &str) -> Value {
    match shape {
        Shape::Scalar(scalars) => match scalars.first() {
            Some(Scalar::Number) => 1.into(),
            Some(Scalar::Flag) => true.into(),
            Some(Scalar::Text) => text.into(),
            Some(Scalar::Null) | None => Value::Null,
        },
        Shape::List(items) => vec![one(items, text, end)].into(),
        Shape::Object(members) => of(members, end).into(),
    }
}
