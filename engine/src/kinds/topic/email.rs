//! The mail address that gets a topic's messages: a subscription, to which SNS gives no tags, so the topic's tag [`PARTS`] knows it. Others may
//! subscribe as well, and stay.
//!
//! Until the link in SNS's mail is opened (<https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>) a subscription has no ARN to end it
//! by, and SNS forgets it by itself after some days. So an address that leaves the spec before that can still be confirmed, and a topic that goes takes it along.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::aws::{Cx, PARTS, nothing_if_absent};
use crate::error::Result;
use crate::resource::Tags;

const PROTOCOL: &str = "email";
/// Stands in place of the ARN of one that has ended, which SNS lists for some days more.
const ENDED: &str = "Deleted";

/// Letters that stand for an address: not all that an address may hold may stand in a tag.
const LETTERS: usize = 12;

/// A subscription of the pipeline's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subscribed {
    pub address: String,
    /// Nothing until it is confirmed.
    pub arn: Option<String>,
}

/// The tag of a topic that sends to this address.
pub(super) fn records(address: &str) -> Tags {
    let is = !address.is_empty();
    is.then(|| (PARTS.to_owned(), letters(address))).into_iter().collect()
}

/// The subscription that the tags of a topic know.
pub(super) async fn read(cx: &Cx, topic: &str, tags: &Tags) -> Result<Option<Subscribed>> {
    let Some(record) = tags.get(PARTS) else { return Ok(None) };
    let mut pages = cx.aws.sns.list_subscriptions_by_topic().topic_arn(topic).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = nothing_if_absent(page)? else { break };
        let all = page.subscriptions.unwrap_or_default().into_iter();
        let mut mails = all.filter(|one| one.protocol() == Some(PROTOCOL) && one.subscription_arn() != Some(ENDED));
        if let Some(one) = mails.find(|one| one.endpoint().is_some_and(|address| letters(address) == *record)) {
            // One that is not confirmed has a word in place of its ARN.
            let arn = one.subscription_arn.filter(|arn| arn.starts_with("arn:"));
            return Ok(Some(Subscribed { address: one.endpoint.unwrap_or_default(), arn }));
        }
    }
    Ok(None)
}

/// Has SNS send its link to an address, if there is one; where it is subscribed already nothing changes.
pub(super) async fn subscribe(cx: &Cx, topic: &str, address: &str) -> Result<()> {
    if address.is_empty() {
        return Ok(());
    }
    cx.aws.sns.subscribe().topic_arn(topic).protocol(PROTOCOL).endpoint(address).send().await?;
    Ok(())
}

/// Ends the subscription that the tags of a topic know, if it was confirmed.
pub(super) async fn unsubscribe(cx: &Cx, topic: &str, tags: &Tags) -> Result<()> {
    let Some(arn) = read(cx, topic, tags).await?.and_then(|one| one.arn) else { return Ok(()) };
    nothing_if_absent(cx.aws.sns.unsubscribe().subscription_arn(arn).send().await).map(drop)
}

/// Says what a new address means.
pub(super) fn link_is_sent(address: &str) -> Option<String> {
    let told = || format!("SNS sends a link to `{address}`, who gets nothing else until it was opened");
    (!address.is_empty()).then(told)
}

/// Says what remains of an address that leaves.
pub(super) fn may_confirm(address: &str) -> Option<String> {
    let told = || {
        format!("a link that `{address}` has not opened yet cannot be taken back: it ends by itself after some days")
    };
    (!address.is_empty()).then(told)
}

/// Says that an address is not confirmed.
pub(super) fn waits(address: &str) -> String {
    format!(
        "`{address}` has not opened the link in SNS's mail, and gets nothing until then; SNS forgets it after some days, and the next \
         `pipe apply` sends the mail again"
    )
}

fn letters(address: &str) -> String {
    let mut letters = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(address.as_bytes()));
    letters.truncate(LETTERS);
    letters
}
