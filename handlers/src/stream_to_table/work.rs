//! What is to be done for one record, found before anything is done.

use super::failure::{Poison, Reason};
use super::feed::{Change, Content};
use super::image::{self, Image};
use super::item::{self, Item, Keys, TableKey, Text};

/// What is to be done with a row. The item is made for each attempt, and not before.
#[derive(Debug, Clone, Copy)]
pub enum Work<'a> {
    /// To write the item of this JSON.
    Json(Text<'a>),
    /// To write the item of this image.
    Image(Image<'a>),
    /// To delete the row with the key in this image.
    Delete(Image<'a>),
}

/// What a call does with a row.
pub enum Call {
    Put(Item),
    Delete(Item),
}

/// Looks through a record; nothing where there is nothing to do.
///
/// # Errors
/// What no attempt could change.
pub fn scan<'a>(content: &'a Content<'_>, keys: &Keys, deletes: bool) -> Result<Option<(TableKey, Work<'a>)>, Poison> {
    match content {
        Content::Json(data) => item::scan(data, keys).map(|(key, text)| Some((key, Work::Json(text)))),
        Content::Change(change) if change.removed => removal(change, keys, deletes),
        Content::Change(Change { new_image: Some(raw), .. }) => {
            image::scan(raw, keys).map(|(key, image)| Some((key, Work::Image(image))))
        }
        Content::Change(_) => Err(Poison::new(
            Reason::NoImage,
            "the change has no new image: the stream's view must be `new_image` or `new_and_old_images`",
        )),
    }
}

fn removal<'a>(change: &Change<'a>, keys: &Keys, deletes: bool) -> Result<Option<(TableKey, Work<'a>)>, Poison> {
    if !deletes {
        return Ok(None);
    }
    let no_key = || Poison::new(Reason::NoKey, "the change has neither an old image nor keys");
    // Where the sink has other keys than the changed table, only the old image has them.
    let raw = change.old_image.or(change.keys).ok_or_else(no_key)?;
    image::scan(raw, keys).map(|(key, image)| Some((key, Work::Delete(image))))
}

impl Work<'_> {
    /// Returns the bytes of memory that the call takes at most.
    pub fn memory(&self) -> usize {
        match self {
            Work::Json(text) => text.memory,
            Work::Image(image) | Work::Delete(image) => image.memory,
        }
    }

    /// Makes the call's item or key.
    ///
    /// # Errors
    /// What no attempt could change.
    pub fn call(&self, keys: &Keys) -> Result<Call, Poison> {
        match self {
            Work::Json(text) => text.item().map(Call::Put),
            Work::Image(image) => image.item().map(Call::Put),
            Work::Delete(image) => image.key(keys).map(Call::Delete),
        }
    }
}
