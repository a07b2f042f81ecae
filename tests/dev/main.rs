//! `pipe dev` as its user has it: one process, a POST that becomes a row, and whatever goes wrong in between.
#![cfg(test)]

mod dev;
mod edits;
mod ends;
mod http;
mod least;
mod poison;
mod consumers;
mod using;
