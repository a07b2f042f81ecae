//! The options of `pipe openapi`.

use clap::{Args, ValueEnum};

use super::FileArgs;

#[derive(Debug, Args)]
pub struct OpenapiArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// The language of the document
    #[arg(long, value_enum, default_value_t = OpenapiFormat::Yaml)]
    pub format: OpenapiFormat,
}

/// A language that OpenAPI documents are written in.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OpenapiFormat {
    Yaml,
    Json,
}
