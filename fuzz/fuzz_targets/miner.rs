#![no_main]

#[path = "../../shape-telemetry/tests/fuzz/bodies.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::miner(data));
