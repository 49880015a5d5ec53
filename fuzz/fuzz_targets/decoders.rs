//! The decoders under a coverage-guided fuzzer: the first byte chooses which one.

#![no_main]

use duramen_fuzz::decoders::DECODERS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some((choice, rest)) = bytes.split_first() {
        (DECODERS[usize::from(*choice) % DECODERS.len()].run)(rest);
    }
});
