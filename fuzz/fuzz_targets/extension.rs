#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stepwire_fuzz::extension::play(bytes));
