//! What the Resource Groups Tagging API knows: resources of most kinds by their tags, minutes late.

use aws_sdk_resourcegroupstagging::types::TagFilter;

use crate::aws::{Aws, Cx};
use crate::error::Result;
use crate::names::Tags;

/// ARNs with their tags.
pub type Carriers = Vec<(String, Tags)>;

/// What carries the tag `key` with the pipeline's name. Within one look at all that there is it is asked for once.
///
/// # Errors
/// As AWS gives them.
pub async fn carriers(cx: &Cx, key: &str) -> Result<Carriers> {
    cx.asked_once("GetResources", key, || tagged(&cx.aws, key, Some(&cx.pipeline))).await
}

/// The ARNs and tags of what carries the tag `key`, with this value where one is given. IAM actions: `tag:GetResources`.
///
/// # Errors
/// As AWS gives them.
pub async fn tagged(aws: &Aws, key: &str, value: Option<&str>) -> Result<Carriers> {
    let filter = TagFilter::builder().key(key).set_values(value.map(|value| vec![value.to_owned()])).build();
    let mut pages = aws.tagging.get_resources().tag_filters(filter).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        for resource in page?.resource_tag_mapping_list.unwrap_or_default() {
            let tags = resource.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect();
            all.push((resource.resource_arn.unwrap_or_default(), tags));
        }
    }
    Ok(all)
}
