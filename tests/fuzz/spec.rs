//! Any bytes as a spec: parse, check, lower, plan, render, with what must hold on the way.
#![no_main]

#[path = "../hostile/walk.rs"]
#[allow(dead_code)]
mod walk;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(walk::walk(bytes)));
