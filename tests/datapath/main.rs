//! The handlers, deployed: records become rows, poison goes to the DLQ, credentials are asked for.
#![cfg(test)]
