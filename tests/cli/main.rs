//! The process as its user sees it: exit codes, errors, help.
#![cfg(test)]
