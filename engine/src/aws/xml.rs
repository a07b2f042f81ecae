//! XML documents as trees: what is not understood is written again as it was read.

use aws_smithy_xml::decode::{Document, ScopedDecoder, XmlDecodeError, try_data};
use aws_smithy_xml::encode::{ElWriter, XmlWriter};

use crate::error::{Class, Error, Result};

/// Deeper than any document of a service that is read here.
const DEEPEST: usize = 16;

/// An element: its name without a prefix, its text where it has no children, and its children. Attributes are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// An element without text and children.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The same with a child that has this text.
    #[must_use]
    pub fn with(mut self, name: &str, text: &str) -> Self {
        self.children.push(Self { text: text.to_owned(), ..Self::new(name) });
        self
    }

    /// The same with these children as well.
    #[must_use]
    pub fn and(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// Reads a document.
    ///
    /// # Errors
    /// `Unclear`: the text is no XML, or not all of it.
    pub fn read(text: &str) -> Result<Self> {
        let unclear = |error: XmlDecodeError| Error::new(Class::Unclear, format!("an answer is not XML: {error}"));
        whole(text).map_err(unclear)?;
        // The decoder gives the text of an element only where it does not look for children. So the first walk finds these.
        let mut document = Document::new(text);
        let mut root = Self::default();
        shape(&mut document.root_element().map_err(unclear)?, &mut root, 0).map_err(unclear)?;
        let mut document = Document::new(text);
        fill(&mut document.root_element().map_err(unclear)?, &mut root).map_err(unclear)?;
        Ok(root)
    }

    /// The document with this element as its root, in a namespace.
    pub fn document(&self, namespace: &str) -> String {
        let mut text = String::new();
        self.write(XmlWriter::new(&mut text).start_el(&self.name).write_ns(namespace, None));
        text
    }

    fn write(&self, start: ElWriter<'_, '_>) {
        let mut scope = start.finish();
        if self.children.is_empty() {
            scope.data(&self.text);
        }
        self.children.iter().for_each(|child| child.write(scope.start_el(&child.name)));
        scope.finish();
    }

    /// The children of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of this name; empty where there is none.
    pub fn text_of(&self, name: &str) -> &str {
        self.children.iter().find(|child| child.name == name).map_or("", |child| &child.text)
    }
}

/// Whether each element has its end: the decoder does not tell.
fn whole(text: &str) -> std::result::Result<(), XmlDecodeError> {
    let mut open = 0;
    for token in Document::new(text) {
        open = token?.1;
    }
    if open == 0 { Ok(()) } else { Err(XmlDecodeError::custom("it ends too early")) }
}

fn shape(
    decoder: &mut ScopedDecoder<'_, '_>,
    into: &mut Element,
    depth: usize,
) -> std::result::Result<(), XmlDecodeError> {
    if depth > DEEPEST {
        return Err(XmlDecodeError::custom("its elements are too deep"));
    }
    decoder.start_el().local().clone_into(&mut into.name);
    while let Some(mut tag) = decoder.next_tag() {
        let mut child = Element::default();
        shape(&mut tag, &mut child, depth + 1)?;
        into.children.push(child);
    }
    Ok(())
}

fn fill(decoder: &mut ScopedDecoder<'_, '_>, into: &mut Element) -> std::result::Result<(), XmlDecodeError> {
    if into.children.is_empty() {
        into.text = try_data(decoder)?.into_owned();
        return Ok(());
    }
    for child in &mut into.children {
        let mut tag = decoder.next_tag().ok_or_else(|| XmlDecodeError::custom("it ends too early"))?;
        fill(&mut tag, child)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A xmlns=\"urn:x\">\n  <B><Id>a &amp; b</Id><Empty/></B>\n  <C/>\n \
                    <B><Id> x </Id></B></A>";
        let read = Element::read(text).unwrap();
        let ids: Vec<_> = read.all("B").map(|one| one.text_of("Id")).collect();
        assert_eq!((read.name.as_str(), ids), ("A", vec!["a & b", " x "]));
        let written = read.document("urn:x");
        assert_eq!(
            written,
            "<A xmlns=\"urn:x\"><B><Id>a &amp; b</Id><Empty></Empty></B><C></C><B><Id> x </Id></B></A>"
        );
        assert_eq!(Element::read(&written).unwrap(), read);
    }

    #[test]
    fn half_a_document_is_none() {
        for text in ["", "<A>", "<A><B></A>", "<A><B>", "no", "<A><B></B", "</A>"] {
            let error = Element::read(text).unwrap_err();
            assert_eq!(error.class(), Class::Unclear, "{text}");
        }
        assert!(Element::read(&("<a>".repeat(99) + &"</a>".repeat(99))).is_err());
    }
}
