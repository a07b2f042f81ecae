//! `pipe` as a library: the walk from one page of YAML to a live AWS event pipeline, each part in its module.

pub mod aws;
pub mod error;
mod names;
pub mod resource;
pub mod diff;
pub mod graph;
pub mod kinds;
pub mod live;
pub mod owner;
pub mod apply;
pub mod event;
pub mod plan;
