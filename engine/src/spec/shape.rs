//! From a JSON schema to the shape of the values that it describes: a mapping template is unrolled along it, for API Gateway's templates
//! have no functions and no safe recursion.

use serde_json::{Map, Value};

/// Levels of lists and objects below the body that are mapped, and read back.
pub const DEPTH: usize = 5;

/// What a value may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One of these types without parts.
    Scalar(Vec<Scalar>),
    List(Box<Shape>),
    Object(Vec<Member>),
}

/// A type without parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    Text,
    Number,
    Flag,
    Null,
}

/// A property of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: String,
    pub required: bool,
    pub shape: Shape,
    /// Whether it may be null as well, where its shape has parts.
    pub nullable: bool,
}

/// Why a schema cannot be mapped, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// A JSON pointer into the schema.
    pub at: String,
    pub why: String,
}

/// The members of the body that this schema describes.
///
/// # Errors
/// A schema whose values cannot be typed beforehand: without properties or types, recursive, with alternatives that differ in their parts.
pub fn members(schema: &Value) -> Result<Vec<Member>, Unmapped> {
    match (Reader { root: schema }).shape(schema, "", 0)?.0 {
        Shape::Object(members) => Ok(members),
        _ => Err(unmapped("", "the body must be an object with properties")),
    }
}

struct Reader<'a> {
    root: &'a Value,
}

/// Alternatives, and parts that apply together: the types of both cannot be told from one text.
const COMBINED: [&str; 4] = ["allOf", "anyOf", "oneOf", "not"];

impl Reader<'_> {
    /// The shape, and whether null is allowed beside it.
    fn shape(&self, schema: &Value, at: &str, depth: usize) -> Result<(Shape, bool), Unmapped> {
        if depth > DEPTH {
            return Err(unmapped(at, &format!("it is nested deeper than {DEPTH} levels, or recursive")));
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            let target = target.ok_or_else(|| unmapped(&format!("{at}/$ref"), "it refers to nothing in this file"))?;
            return self.shape(target, reference.trim_start_matches('#'), depth + 1);
        }
        let combined = COMBINED.iter().find(|keyword| schema.get(**keyword).is_some_and(has_parts));
        if let Some(keyword) = combined {
            return Err(unmapped(
                &format!("{at}/{keyword}"),
                "alternatives with parts of their own have no common type",
            ));
        }
        let mut types = types(schema, at)?;
        let nullable = types.contains(&"null");
        if types.len() > 1 && types.iter().any(|kind| ["object", "array"].contains(kind)) {
            types.retain(|kind| *kind != "null");
        }
        match types.as_slice() {
            ["object"] => Ok((Shape::Object(self.object(schema, at, depth)?), nullable)),
            ["array"] => Ok((Shape::List(Box::new(self.items(schema, at, depth)?)), nullable)),
            all if all.iter().any(|kind| ["object", "array"].contains(kind)) => {
                Err(unmapped(&format!("{at}/type"), "a value with parts has one type, and perhaps null"))
            }
            all => Ok((Shape::Scalar(scalars(all)), false)),
        }
    }

    fn object(&self, schema: &Value, at: &str, depth: usize) -> Result<Vec<Member>, Unmapped> {
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        if properties.is_empty() {
            return Err(unmapped(at, "an object needs `properties`"));
        }
        for keyword in ["patternProperties", "additionalProperties"] {
            if schema.get(keyword).is_some_and(Value::is_object) {
                return Err(unmapped(
                    &format!("{at}/{keyword}"),
                    "properties whose names are not known cannot be mapped",
                ));
            }
        }
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let member = |(name, schema): (&String, &Value)| {
            let at = format!("{at}/properties/{}", name.replace('~', "~0").replace('/', "~1"));
            if !is_plain(name) {
                return Err(unmapped(&at, "a property that is mapped has a name of letters, digits and `_-.:@`"));
            }
            let (shape, nullable) = self.shape(schema, &at, depth + 1)?;
            Ok(Member { name: name.clone(), required: required.contains(&name.as_str()), shape, nullable })
        };
        let mut members = properties.iter().map(member).collect::<Result<Vec<_>, _>>()?;
        // The first one carries no comma.
        members.sort_by_key(|member| !member.required);
        Ok(members)
    }

    fn items(&self, schema: &Value, at: &str, depth: usize) -> Result<Shape, Unmapped> {
        let at = format!("{at}/items");
        let items = schema.get("items").filter(|items| items.is_object());
        let items = items.ok_or_else(|| unmapped(&at, "a list needs `items` with one schema for all of them"))?;
        match self.shape(items, &at, depth + 1)? {
            (_, true) => Err(unmapped(&at, "a list of objects or lists cannot hold null")),
            (shape, false) => Ok(shape),
        }
    }
}

/// Whether an attribute's name means itself wherever a template has it.
pub fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:@ ".contains(c))
}

/// The types that a schema allows, from `type`, or from the values of `enum`.
fn types<'a>(schema: &'a Value, at: &str) -> Result<Vec<&'a str>, Unmapped> {
    let kind = |value: &Value| match value {
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "boolean",
        Value::Null => "null",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let mut types: Vec<&str> = match (schema.get("type"), schema.get("enum")) {
        (Some(Value::String(one)), _) => vec![one],
        (Some(Value::Array(several)), _) => several.iter().filter_map(Value::as_str).collect(),
        (None, Some(Value::Array(values))) => values.iter().map(kind).collect(),
        _ => Vec::new(),
    };
    types.iter_mut().filter(|kind| **kind == "integer").for_each(|kind| *kind = "number");
    types.sort_unstable();
    types.dedup();
    if types.is_empty() { Err(unmapped(at, "it has no `type`")) } else { Ok(types) }
}

fn scalars(types: &[&str]) -> Vec<Scalar> {
    let scalar = |kind: &&str| match *kind {
        "string" => Scalar::Text,
        "boolean" => Scalar::Flag,
        "null" => Scalar::Null,
        _ => Scalar::Number,
    };
    types.iter().map(scalar).collect()
}

/// Whether the schemas of a combination say more than bounds of a value whose type is known.
fn has_parts(combined: &Value) -> bool {
    let says =
        |schema: &Value| ["properties", "items", "$ref", "type"].iter().any(|keyword| schema.get(keyword).is_some());
    match combined {
        Value::Array(all) => all.iter().any(says),
        one => says(one),
    }
}

fn unmapped(at: &str, why: &str) -> Unmapped {
    Unmapped { at: at.to_owned(), why: why.to_owned() }
}

/// The attribute in which `extra: keep` keeps the text of a body.
pub const KEPT: &str = "_json";

/// The most items that a list may have: `#foreach` ends there
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
pub const ITEMS: u64 = 1000;

/// Keywords of schemas by name, and of one schema or several.
const BY_NAME: [&str; 3] = ["properties", "definitions", "patternProperties"];
const WITHIN: [&str; 7] = ["items", "additionalItems", "additionalProperties", "allOf", "anyOf", "oneOf", "not"];

/// The schema that API Gateway checks bodies by: the same, whose lists are as long as can be mapped, and, where it is `closed`, whose objects
/// refuse properties that it does not name.
pub fn model(schema: &Value, closed: bool) -> Value {
    let Value::Object(keywords) = schema else { return schema.clone() };
    let within = |(keyword, value): (&String, &Value)| {
        let made = match (keyword.as_str(), value) {
            (name, Value::Object(all)) if BY_NAME.contains(&name) => {
                all.iter().map(|(name, schema)| (name.clone(), model(schema, closed))).collect::<Map<_, _>>().into()
            }
            (name, Value::Array(all)) if WITHIN.contains(&name) => all.iter().map(|one| model(one, closed)).collect(),
            (name, one) if WITHIN.contains(&name) => model(one, closed),
            (_, other) => other.clone(),
        };
        (keyword.clone(), made)
    };
    let mut made: Map<String, Value> = keywords.iter().map(within).collect();
    if closed && keywords.get("properties").is_some_and(Value::is_object) {
        made.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    if keywords.contains_key("items") {
        let most = keywords.get("maxItems").and_then(Value::as_u64).unwrap_or(ITEMS).min(ITEMS);
        made.insert("maxItems".to_owned(), most.into());
    }
    Value::Object(made)
}
