//! `pipe dev` as its user has it: one process, a POST that becomes a row, and whatever goes wrong in between.
#![cfg(test)]

mod answers;
mod browser;
mod changes;
mod client;
mod console;
mod console_page;
mod consumers;
mod dev;
mod doors;
mod edits;
mod elsewhere;
mod ends;
mod handlers;
mod http;
mod killed;
mod languages;
mod least;
mod loads;
mod looking;
mod outages;
mod own;

mod pages;
mod poison;
mod process;
mod puts;
mod queues;
mod redrive;
mod resharding;
mod rights;
mod routes;
mod runtime;
mod same;
mod sender;
mod sends;
mod signed;
mod sources;
mod stand_ins;
mod starts;
mod strangers;
mod tables;
mod using;
mod versions;
mod weather;
