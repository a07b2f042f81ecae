//! The process as its user sees it: exit codes, errors, help, interruption and recovery.
#![cfg(test)]

mod bad;
mod begin;
mod chance;
mod classes;
mod complaints;
mod consent;
mod events;
mod failing;
mod feeds;
mod graph;
mod handlers;
mod help;
mod inventory;
mod json;
mod killed;
mod labels;
mod lease;
mod links;
mod network;
mod openapi;
mod secrets;
mod site;
mod sources;
mod status;
mod stopped;
mod traces;
mod unlucky;
