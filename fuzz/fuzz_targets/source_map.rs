#![no_main]

#[allow(dead_code, reason = "each target runs one of the bodies")]
#[path = "../../shape-lineage/tests/fuzz/bodies.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::source_map(data));
