//! The handlers, deployed: records become rows, poison goes to the DLQ, credentials are asked for. And who may deploy them.
//!
//! All on MiniStack: moto runs functions in Docker only.
#![cfg(test)]

mod authorizer;
mod bounded;
mod cloud;
mod dlq;
mod least;
mod needed;
mod records;
mod roles;
mod send;
