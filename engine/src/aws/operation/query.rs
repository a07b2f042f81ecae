//! Calls to services that speak AWS's Query protocol: a form goes out, XML comes back.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_xml::decode::{Document, ScopedDecoder, XmlDecodeError, try_data};

use super::{Operations, Refused, Repeat, Service};
use crate::aws::{attempts, call};
use crate::error::Result;

/// How deep elements may lie within one another; AWS's answers have less than ten levels.
const DEEPEST: usize = 32;

/// A service that speaks the Query protocol.
#[derive(Debug)]
pub struct Query {
    /// Its name in hosts, signatures and IAM's actions, as in `ec2`.
    pub name: &'static str,
    /// The version of its API.
    pub version: &'static str,
}

/// An element of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The first element of this name directly within it.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the element of this name; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| &child.text)
    }

    /// The entries of the list of this name.
    pub fn items(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.child(name).into_iter().flat_map(|list| &list.children).filter(|child| child.name == "item")
    }

    /// The entries of a list of texts.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.items(name).map(|item| item.text.as_str())
    }
}

impl Operations {
    /// Makes one call of the Query protocol. `input` has one pair for each member; those of lists are numbered, as in `SubnetId.1`.
    ///
    /// # Errors
    /// As [`Operations::call`].
    pub async fn query(
        &self,
        of: &Query,
        operation: &'static str,
        input: &[(String, String)],
        repeat: Repeat,
    ) -> Result<Element> {
        let sent = form(of, operation, input);
        let call = self
            .common(&Service { name: of.name, target: "" }, operation, repeat)
            .endpoint_url(&self.endpoint(of.name))
            .serializer(move |(): ()| {
                let mut request = HttpRequest::new(SdkBody::from(sent.as_str()));
                request.set_method("POST")?;
                request.set_uri("/")?;
                request.headers_mut().insert("content-type", "application/x-www-form-urlencoded");
                Ok(request)
            })
            .deserializer(read);
        call.build().invoke(()).await.map_err(|error| call::failed(call::named(of.name, operation), error))
    }
}

fn form(of: &Query, operation: &str, input: &[(String, String)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", operation).append_pair("Version", of.version).extend_pairs(input);
    form.finish()
}

/// The root of an answer, or its refusal.
fn read(answer: &HttpResponse) -> std::result::Result<Element, OrchestratorError<Refused>> {
    if !answer.status().is_success() {
        return Err(OrchestratorError::operation(Refused(attempts::metadata(answer))));
    }
    parse(answer.body().bytes().unwrap_or_default()).map_err(OrchestratorError::other)
}

fn parse(body: &[u8]) -> std::result::Result<Element, XmlDecodeError> {
    // The decoder cannot look ahead: the first pass finds out which elements hold others, the second one reads.
    let mut leaves = Vec::new();
    shape(&mut Document::try_from(body)?.root_element()?, 0, &mut leaves);
    let mut leaves = leaves.into_iter();
    element(&mut Document::try_from(body)?.root_element()?, 0, &mut leaves)
}

/// Says of each element, in the order in which they begin, whether it holds no others.
fn shape(tag: &mut ScopedDecoder<'_, '_>, depth: usize, leaves: &mut Vec<bool>) {
    let at = leaves.len();
    leaves.push(true);
    while depth < DEEPEST
        && let Some(mut child) = tag.next_tag()
    {
        leaves[at] = false;
        shape(&mut child, depth + 1, leaves);
    }
}

fn element(
    tag: &mut ScopedDecoder<'_, '_>,
    depth: usize,
    leaves: &mut impl Iterator<Item = bool>,
) -> std::result::Result<Element, XmlDecodeError> {
    let mut element = Element { name: tag.start_el().local().to_owned(), ..Element::default() };
    if leaves.next().unwrap_or(true) {
        // Nothing is read of what lies deeper.
        if depth < DEEPEST {
            element.text = try_data(tag)?.into_owned();
        }
        return Ok(element);
    }
    while let Some(mut child) = tag.next_tag() {
        element.children.push(self::element(&mut child, depth + 1, leaves)?);
    }
    Ok(element)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::mocked::{cx_answered, xml, xml_refusal};
    use crate::error::Class;

    const EC2: Query = Query { name: "ec2", version: "2016-11-15" };

    #[test]
    fn lists_texts_and_empty_elements_are_read() {
        let body = b"<?xml version=\"1.0\"?>\n<R xmlns=\"x\"><requestId>1</requestId><set>\n <item><id>a &amp; b</id><none/><list/></item>\
                     <item><id>c</id><list><item>x</item><item>y</item></list></item></set></R>";
        let root = parse(body).unwrap();
        let ids: Vec<_> = root.items("set").map(|item| item.text("id")).collect();
        assert_eq!((root.text("requestId"), ids), ("1", vec!["a & b", "c"]));
        let lists: Vec<Vec<_>> = root.items("set").map(|item| item.texts("list").collect()).collect();
        assert_eq!(lists, [vec![], vec!["x", "y"]]);
        assert_eq!(root.items("absent").count(), 0);
    }

    #[test]
    fn what_is_no_xml_is_an_error_and_depth_has_an_end() {
        assert!(parse(b"").is_err() && parse(b"{}").is_err() && parse(b"\xff").is_err());
        let deep = "<a>".repeat(50_000);
        parse(deep.as_bytes()).unwrap();
    }

    #[tokio::test]
    async fn a_call_is_a_form_and_a_refusal_has_its_code() {
        let cx = cx_answered(|operation, input| match operation {
            "DescribeSubnets" if input["SubnetId.1"] == "subnet-1" && input["Version"] == "2016-11-15" => {
                xml("<subnetSet><item><vpcId>vpc-1</vpcId></item></subnetSet>")
            }
            _ => xml_refusal("InvalidSubnetID.NotFound", "The subnet ID 'subnet-2' does not exist"),
        });
        let ask = async |id: &str| {
            let input = [("SubnetId.1".to_owned(), id.to_owned())];
            cx.aws.operations.query(&EC2, "DescribeSubnets", &input, Repeat::AsUsual).await
        };
        assert_eq!(ask("subnet-1").await.unwrap().items("subnetSet").next().unwrap().text("vpcId"), "vpc-1");
        let error = ask("subnet-2").await.unwrap_err();
        assert_eq!((error.class(), error.code()), (Class::NotFound, "InvalidSubnetID.NotFound"));
    }
}
