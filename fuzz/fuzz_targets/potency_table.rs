//! Fuzz target `potency_table`; what it calls stands in `src/readers.rs`.
#![no_main]

use vena_fuzz::readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::potency_table(bytes));
