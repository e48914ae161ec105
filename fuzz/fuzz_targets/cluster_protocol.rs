#![no_main]

// The cluster library takes these functions from the program.
use stepwire as _;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stepwire_cluster::fuzzing::protocol(bytes));
