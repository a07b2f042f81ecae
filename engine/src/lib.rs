//! `pipe` as a library: the walk from one page of YAML to a live AWS event pipeline, each part in its module.

pub mod apply;
pub mod aws;
pub mod bundle;
pub mod cli;
pub mod commands;
mod console;
pub mod diff;
pub mod error;
pub mod event;
pub mod evidence;
pub mod graph;
pub mod kinds;
pub mod lease;
pub mod live;
pub mod lower;
mod names;
mod network;
pub mod owner;
pub mod plan;
pub mod resource;
pub mod session;
pub mod spec;
mod tame;
pub mod term;
