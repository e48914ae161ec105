#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stepwire::fuzzing::run("proxy_forwarded", bytes));
