//! EC2 without its SDK crate, which alone takes longer to build than all others: security groups, VPC endpoints, and what lies around them.

pub use crate::aws::operation::query::Element as Answered;
use crate::aws::operation::query::{Element, Query};
use crate::aws::{Aws, Place, Repeat, TagCall, TagDiff};
use crate::error::Result;
use crate::names::Tags;

const EC2: Query = Query { name: "ec2", version: "2016-11-15" };

/// Pages of one answer that are asked for at most.
const MOST_PAGES: usize = 100;

/// The members of a request.
#[derive(Clone, Debug, Default)]
pub struct Input(Vec<(String, String)>);

impl Input {
    /// Adds a member.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// Adds the members of a list, which EC2 numbers: `SubnetId.1`.
    #[must_use]
    pub fn with_all<T: AsRef<str>>(mut self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        let numbered = (1..).zip(values);
        self.0.extend(numbered.map(|(number, value)| (format!("{name}.{number}"), value.as_ref().to_owned())));
        self
    }

    /// Adds the only filter of a request.
    #[must_use]
    pub fn filter(self, name: &str, value: &str) -> Self {
        self.with("Filter.1.Name", name).with("Filter.1.Value.1", value)
    }

    /// Adds the tags that what is made by this request has from the beginning.
    #[must_use]
    pub fn tagged(self, kind: &str, tags: &Tags) -> Self {
        if tags.is_empty() {
            return self;
        }
        self.with("TagSpecification.1.ResourceType", kind).tags("TagSpecification.1.Tag", tags)
    }

    fn tags(mut self, name: &str, tags: &Tags) -> Self {
        for (number, (key, value)) in (1..).zip(tags) {
            self = self.with(format!("{name}.{number}.Key"), key).with(format!("{name}.{number}.Value"), value);
        }
        self
    }
}

/// Makes one call.
///
/// # Errors
/// As the SDK's clients give them.
pub async fn call(aws: &Aws, operation: &'static str, input: &Input, repeat: Repeat) -> Result<Element> {
    aws.operations.query(&EC2, operation, &input.0, repeat).await
}

/// Reads all entries of the list of this name, page by page.
///
/// # Errors
/// As [`call`].
pub async fn list(aws: &Aws, operation: &'static str, list: &str, input: &Input) -> Result<Vec<Element>> {
    let (mut all, mut next) = (Vec::new(), String::new());
    for _ in 0..MOST_PAGES {
        let page = if next.is_empty() { input.clone() } else { input.clone().with("NextToken", &next) };
        let answer = call(aws, operation, &page, Repeat::AsUsual).await?;
        all.extend(answer.items(list).cloned());
        answer.text("nextToken").clone_into(&mut next);
        if next.is_empty() {
            break;
        }
    }
    Ok(all)
}

/// The tags of a resource in an answer.
pub fn tags(of: &Element) -> Tags {
    of.items("tagSet").map(|tag| (tag.text("key").to_owned(), tag.text("value").to_owned())).collect()
}

/// Sets and removes the tags that differ.
///
/// # Errors
/// As [`call`].
pub async fn sync_tags(aws: &Aws, id: &str, desired: &Tags, live: &Tags) -> Result<()> {
    for change in TagDiff::of(desired, live).calls() {
        let of = Input::default().with("ResourceId.1", id);
        match change {
            TagCall::Set(tags) => call(aws, "CreateTags", &of.tags("Tag", &tags), Repeat::AsUsual).await?,
            TagCall::Remove(keys) => {
                let keyed = (1..).zip(&keys).fold(of, |of, (number, key)| of.with(format!("Tag.{number}.Key"), key));
                call(aws, "DeleteTags", &keyed, Repeat::AsUsual).await?
            }
        };
    }
    Ok(())
}

/// The ARN of a security group or an endpoint.
pub fn arn(place: &Place, kind: &str, id: &str) -> String {
    place.arn("ec2", &format!("{kind}/{id}"))
}
