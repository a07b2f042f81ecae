//! The changes of a DynamoDB table: the table with its stream, and what its mapping's poller may do.
//!
//! A table gets another stream, with another ARN, each time that its stream is enabled. So the mapping takes the ARN as an output of the
//! table, and the role may read whatever stream the table has: the one before stays readable for 24 hours.

use serde_json::Value;

use crate::aws::Place;
use crate::aws::policy::allow;
use crate::error::Result;
use crate::graph::Node;
use crate::kinds::table::{self, STREAM_ARN, Table};
use crate::lower::Lowering;
use crate::lower::existing::used;
use crate::lower::known::Known;
use crate::lower::sink::table::{decrypt, props};
use crate::lower::stream::Feed;
use crate::lower::stream::kinesis::STREAM;
use crate::resource::{Name, output_of};
use crate::spec::{OnDestroy, OwnOrExisting, Spec, TableChanges, View};

/// The mapping has the same default name whatever stream it reads.
pub(in crate::lower) const IDS: &[Known] = &[Known::of::<Table>(STREAM, |spec, _| spec.stream_name())];

/// What a mapping's poller calls on a stream of the table.
const READ_STREAM: &[&str] = &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];

pub(super) fn node(lowering: &Lowering<'_>, changes: &TableChanges) -> Result<Node> {
    match &changes.place {
        OwnOrExisting::Existing(existing) => used::<Table>(STREAM, existing, "dynamodb", lowering.place),
        OwnOrExisting::Own(own) => {
            let table = &own.table.0;
            let props = Table { stream_view: view(own.view).to_owned(), ..props(table, lowering.place)? };
            let node = Node::new(STREAM, lowering.spec.stream_name(), &props)?;
            Ok(node.retained(table.on_destroy == OnDestroy::Retain))
        }
    }
}

pub(super) fn feed(lowering: &Lowering<'_>) -> Feed {
    let streams = format!("{}/stream/*", arn(lowering.spec, lowering.place));
    let mut read: Vec<Value> = vec![
        allow("ReadStream", READ_STREAM, &[streams]),
        // ListStreams has no resource to be restricted to.
        allow("ListStreams", &["dynamodb:ListStreams"], &["*".into()]),
    ];
    let own = lowering.spec.table_changes().and_then(TableChanges::own);
    let keyed = own.filter(|own| own.key.is_some()).map(|_| lowering.spec.stream_name());
    read.extend(decrypt(lowering, "DecryptChanges", &keyed.into_iter().collect::<Vec<_>>()));
    Feed::Poll { id: STREAM, arn: output_of(STREAM, STREAM_ARN), read }
}

/// ARN of the table.
pub(in crate::lower) fn arn(spec: &Spec, place: &Place) -> String {
    table::arn(place, &Name::new(spec.stream_name()))
}

fn view(view: View) -> &'static str {
    match view {
        View::NewAndOldImages => "new_and_old_images",
        View::NewImage => "new_image",
        View::OldImage => "old_image",
        View::KeysOnly => "keys_only",
    }
}
