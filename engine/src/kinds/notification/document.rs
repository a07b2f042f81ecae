//! The one document of a bucket that holds everybody's notifications, and how several may change it at once.
//!
//! S3 replaces the document as a whole and knows no condition for that. So a change is put on what was read just before, and looked for a
//! while later: somebody who had read the document earlier may have written it later, without the change. Of a bucket that this run has
//! made nobody has. What others have there is always written as it was read just before, also after a refusal; what became of it later is
//! theirs.

use std::time::Duration;

use super::entry::Entry;
use crate::aws::s3::{self, Call};
use crate::aws::xml::Element;
use crate::aws::{Cx, nothing_if_absent, patiently, poll_for};
use crate::error::{Class, Error, Result};
use crate::kinds::bucket::Bucket;
use crate::resource::Resource as _;

/// The element that turns EventBridge on.
const SWITCH: &str = "EventBridgeConfiguration";

/// How long others may take from their look to their write. Then the change is looked for.
const OTHERS_TAKE: Duration = Duration::from_secs(3);

/// How often a change is written that others write over.
const TRIES: u32 = 5;

/// How long S3 may take to learn that it may call a target.
const LET_IN_WITHIN: Duration = Duration::from_secs(60);

/// The notifications of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document(Element);

impl Document {
    /// Reads that of a bucket; nothing where there is no such bucket.
    ///
    /// # Errors
    /// As S3 gives them.
    pub async fn of(cx: &Cx, bucket: &str) -> Result<Option<Self>> {
        let call = Call::new("GetBucketNotification", "GET", bucket, "notification");
        let Some(body) = nothing_if_absent(call.make(&cx.aws).await)? else { return Ok(None) };
        let mut root = s3::document(&body)?;
        "NotificationConfiguration".clone_into(&mut root.name);
        Ok(Some(Self(root)))
    }

    /// All entries.
    pub fn entries(&self) -> Vec<Entry> {
        self.0.children.iter().filter_map(Entry::read).collect()
    }

    /// Whether EventBridge is on.
    pub fn event_bridge(&self) -> bool {
        self.0.all(SWITCH).next().is_some()
    }

    /// The same with EventBridge on or off.
    #[must_use]
    pub fn with_event_bridge(&self, on: bool) -> Self {
        let mut root = self.0.clone();
        if self.event_bridge() != on {
            root.children.retain(|child| child.name != SWITCH);
            root.children.extend(on.then(|| Element::new(SWITCH)));
        }
        Self(root)
    }

    /// The same with this entry, or with none, in the place of the one with this id.
    #[must_use]
    pub fn with(&self, id: &str, entry: Option<&Entry>) -> Self {
        let with_id = |child: &Element| Entry::read(child).filter(|read| read.id == id);
        let (has, wanted): (Vec<Entry>, Vec<&Entry>) =
            (self.0.children.iter().filter_map(with_id).collect(), entry.into_iter().collect());
        let mut root = self.0.clone();
        if has.iter().collect::<Vec<_>>() != wanted {
            root.children.retain(|child| with_id(child).is_none());
            root.children.extend(entry.map(Entry::element));
        }
        Self(root)
    }
}

/// Changes the document of a bucket until the change stays. `edit` gives the document with the change, and the same one where it has it.
/// `target` is the ARN that the change brings; empty where it brings none.
///
/// Guarantees: an entry that was there just before is written as it was. Where there is nothing to change nothing is written.
///
/// # Errors
/// S3's own; that there is no such bucket; that others have written over the change each time.
pub async fn change(cx: &Cx, bucket: &str, target: &str, edit: impl Fn(&Document) -> Document) -> Result<()> {
    let shown = format!("S3 to show the bucket `{bucket}`");
    if patiently(cx, &shown, || missing(cx, bucket, &edit)).await?.is_none() {
        return Ok(());
    }
    for _ in 0..TRIES {
        let busy = format!("another change of bucket `{bucket}` to end");
        patiently(cx, &busy, || write(cx, bucket, target, &edit)).await?;
        if cx.has_made(Bucket::KIND, bucket) {
            return Ok(());
        }
        cx.pause(OTHERS_TAKE).await?;
        if missing(cx, bucket, &edit).await?.is_none() {
            return Ok(());
        }
        // Else two that disturb each other would go on in step.
        cx.pause(Duration::from_millis(fastrand::u64(0..2_000))).await?;
    }
    Err(Error::fatal(format!("others write over the notifications of bucket `{bucket}` again and again"))
        .hint("run the command again when nobody else changes them: it goes on where this one stopped"))
}

/// The document as it is to be; nothing where it is.
async fn missing(cx: &Cx, bucket: &str, edit: &impl Fn(&Document) -> Document) -> Result<Option<Document>> {
    let Some(live) = Document::of(cx, bucket).await? else {
        if cx.has_made(Bucket::KIND, bucket) {
            return Err(Error::new(Class::Busy, format!("S3 does not show the new bucket `{bucket}` yet")));
        }
        return Err(Error::fatal(format!("there is no bucket `{bucket}`"))
            .hint("it was deleted meanwhile: run the command again to see a plan for what is there now"));
    };
    let wanted = edit(&live);
    Ok((wanted != live).then_some(wanted))
}

/// Whether a refusal names this very target, and not one whose name begins like it.
fn names(message: &str, target: &str) -> bool {
    let ends = |rest: &str| rest.chars().next().is_none_or(|next| matches!(next, ',' | ']' | ' ' | '"'));
    message.match_indices(target).any(|(at, found)| ends(&message[at + found.len()..]))
}

/// Writes the document. S3 then calls every target in it, and refuses all where it may not call one
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html>). The change's own may have been let in
/// just now, and is waited for. Where only others' are out of order the same is written without these calls.
async fn write(cx: &Cx, bucket: &str, target: &str, edit: &impl Fn(&Document) -> Document) -> Result<()> {
    let ask = || async {
        let Some(wanted) = missing(cx, bucket, edit).await? else { return Ok(Ok(())) };
        match send(cx, bucket, &wanted, false).await {
            Err(error) if !is_about_targets(&error) => Err(error),
            Err(error) if !target.is_empty() && names(error.message(), target) => {
                Ok(Err(format!("S3 to be allowed to call `{target}`: {}", error.message())))
            }
            Err(error) => {
                let told = error.message().split_once(": ").map_or("", |(_, culprits)| culprits);
                let what = "targets of others in the bucket's notifications are out of order, and stay";
                cx.waiting(format!("nothing more: {what}: {told}"));
                send(cx, bucket, &wanted, true).await.map(Ok)
            }
            Ok(()) => Ok(Ok(())),
        }
    };
    poll_for(cx, LET_IN_WITHIN, ask).await
}

async fn send(cx: &Cx, bucket: &str, document: &Document, unchecked: bool) -> Result<()> {
    let mut call = Call::new("PutBucketNotification", "PUT", bucket, "notification").document(&document.0);
    if unchecked {
        call.headers.push(("x-amz-skip-destination-validation", "true".to_owned()));
    }
    call.make(&cx.aws).await.map(drop)
}

/// Whether S3 could not call one of the targets.
fn is_about_targets(error: &Error) -> bool {
    error.code() == "InvalidArgument" && error.message().starts_with("Unable to validate the following destination")
}
