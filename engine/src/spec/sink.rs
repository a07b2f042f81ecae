//! The section `sink`: one file for each thing that results go to.

mod index;
mod table;

pub use index::{Index, Indexes, Project};
pub use table::{Capacity, Key, KeyType, Keys, Table, TableEncryption, Target, Units};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the consumer writes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sink {
    /// A DynamoDB table.
    Table(Target),
}
