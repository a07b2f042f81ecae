//! Another tool's message: shown as it is.

use super::Form;
use crate::event::using::Shape;

#[derive(Debug)]
pub(super) struct Unknown;

impl Form for Unknown {
    fn shape(&self) -> Shape {
        Shape::Unknown
    }

    fn reason(&self) -> &'static str {
        "another tool's message"
    }
}
